"""Models in folders: what opens, and the one sentence for everything that does not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from model_matrix import entry_named
from tiny_model import write_tiny_model

from cnn_core.errors import ModelError
from cnn_core.images.preprocessing import Preprocessing
from cnn_core.models.card import CARD_FILE, read_card
from cnn_core.models.loading import load_model
from cnn_core.models.store import MODEL_FILE, STATISTICS_FILE, ModelStore
from cnn_core.neurons.statistics import channel_statistics, save_statistics
from cnn_core.probe.probe import Probe

ENTRY = entry_named("functional")
CARD = {
    "title": "Tiny",
    "classes": ["cats", "dogs"],
    "input": {"height_px": 12, "width_px": 10, "channels": 3},
    "preprocessing": {"scale": [0.5], "offset": [-1], "channel_order": "bgr"},
    "parameters": 123,
    "validation": {"accuracy": 0.75},
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good models folder with one model, to be copied."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "tiny").mkdir()
    model = ENTRY.model()
    model.save(folder / "tiny" / MODEL_FILE)
    (folder / "tiny" / CARD_FILE).write_text(json.dumps(CARD))
    save_statistics(folder / "tiny" / STATISTICS_FILE, channel_statistics(Probe(model), [ENTRY.inputs()]))
    return folder


@pytest.fixture
def store(template: Path, tmp_path: Path) -> ModelStore:
    shutil.copytree(template, tmp_path / "models")
    return ModelStore(tmp_path / "models")


def write_card(store: ModelStore, key: str, **changes: Any) -> None:
    folder = store.folder / key
    folder.mkdir(exist_ok=True)
    (folder / CARD_FILE).write_text(json.dumps({**CARD, **changes}))


def test_an_opened_model_has_its_card_its_weights_and_its_statistics(store: ModelStore) -> None:
    opened = store.open("tiny")
    assert opened.card == store.cards()[0]
    assert opened.card.preprocessing == Preprocessing(scale=(0.5,), offset=(-1.0,), channel_order="bgr")
    assert opened.card.input_px == (12, 10)
    assert opened.card.accuracy == 0.75
    assert opened.probe.heads[0].class_names == ("cats", "dogs")
    assert opened.probe.preprocessing == opened.card.preprocessing
    assert sorted(opened.statistics) == ["conv1", "conv2"]
    expected = Probe(ENTRY.model()).scores(ENTRY.inputs())[0]
    np.testing.assert_allclose(opened.probe.scores(ENTRY.inputs())[0], expected, atol=1e-6)


def test_the_fingerprint_changes_with_every_file_that_decides_an_answer(store: ModelStore) -> None:
    first = store.open("tiny").fingerprint
    assert store.open("tiny").fingerprint == first
    write_card(store, "tiny", classes=["dogs", "cats"])
    second = store.open("tiny").fingerprint
    (store.folder / "tiny" / STATISTICS_FILE).unlink()
    assert len({first, second, store.open("tiny").fingerprint}) == 3


def test_a_model_without_statistics_opens(store: ModelStore) -> None:
    (store.folder / "tiny" / STATISTICS_FILE).unlink()
    assert store.open("tiny").statistics == {}


def test_cards_come_by_title(store: ModelStore) -> None:
    write_card(store, "a", title="Zebra")
    write_card(store, "z", title="Ant")
    assert [card.key for card in store.cards()] == ["z", "tiny", "a"]


def test_no_models_folder_means_no_models(tmp_path: Path) -> None:
    assert ModelStore(tmp_path / "nowhere").cards() == ()


def test_folders_that_are_damaged_or_being_written_do_not_hide_the_others(store: ModelStore) -> None:
    for key, text in {
        "empty": "",
        "text": "hello",
        "list": "[1, 2]",
        "binary": "\x00\x01",
        "no_fields": "{}",
    }.items():
        (store.folder / key).mkdir()
        (store.folder / key / CARD_FILE).write_text(text)
    (store.folder / "latin").mkdir()
    (store.folder / "latin" / CARD_FILE).write_bytes(b'{"title": "\xe9"}')
    (store.folder / "card_is_a_folder" / CARD_FILE).mkdir(parents=True)
    (store.folder / "no_card").mkdir()
    (store.folder / "a_file").write_text("")
    write_card(store, ".tiny.new")
    assert [card.key for card in store.cards()] == ["tiny"]


@pytest.mark.parametrize(
    "changes",
    [
        {"classes": None},
        {"classes": 3},
        {"classes": {"cats": 0, "dogs": 2}},
        {"classes": {"0": "cats", "one": "dogs"}},
        {"input": {"height_px": 12}},
        {"input": {"height_px": "tall", "width_px": 10}},
        {"input": {"height_px": 0, "width_px": 10}},
        {"input": {"height_px": float("inf"), "width_px": 10}},
        {"preprocessing": {"scale": [0], "offset": [0]}},
        {"preprocessing": {"scale": [], "offset": [0]}},
        {"preprocessing": {"scale": [float("nan")], "offset": [0]}},
        {"preprocessing": {"scale": [1], "offset": [0], "channel_order": "gbr"}},
        {"preprocessing": "none"},
        {"parameters": "many"},
        {"validation": {"accuracy": "good"}},
        {"validation": [1]},
    ],
    ids=str,
)
def test_a_card_with_a_wrong_field_is_refused(store: ModelStore, changes: dict[str, Any]) -> None:
    write_card(store, "tiny", **changes)
    with pytest.raises(
        ModelError,
        match=r"Expected a model card at tiny/card\.json\. Received: a (wrong value|value of)|one without",
    ):
        store.open("tiny")
    assert store.cards() == ()
    assert list(store.unreadable()) == ["tiny"]


@pytest.mark.parametrize(
    "classes", [{"cats": 0, "dogs": 1}, {"dogs": 1, "cats": 0}, {"0": "cats", "1": "dogs"}], ids=str
)
def test_class_indices_name_the_classes_either_way_round(store: ModelStore, classes: dict[str, Any]) -> None:
    write_card(store, "tiny", classes=classes)
    assert store.open("tiny").probe.heads[0].class_names == ("cats", "dogs")


def test_a_card_may_leave_out_its_title_and_parameters_and_write_one_figure_for_all_channels(
    store: ModelStore,
) -> None:
    preprocessing = {"scale": 0.5, "offset": -1, "channel_order": "BGR"}
    write_card(store, "tiny", title=None, parameters=None, preprocessing=preprocessing)
    card = store.card("tiny")
    assert (card.title, card.parameters) == ("tiny", None)
    assert card.preprocessing == Preprocessing(scale=(0.5,), offset=(-1.0,), channel_order="bgr")


def test_a_card_nested_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / CARD_FILE).write_text("[" * 100_000)
    with pytest.raises(ModelError, match="Expected a model card"):
        read_card(tmp_path / CARD_FILE)


def test_a_card_without_a_validation_has_no_accuracy(store: ModelStore) -> None:
    write_card(store, "tiny", validation=None)
    assert store.cards()[0].accuracy is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"classes": ["a", "b", "c"]}, r"Expected a card with 2 class names in 'tiny'\. Received: 3"),
        (
            {"input": {"height_px": 24, "width_px": 10}},
            r"Expected a card for pictures of 12 x 10 in 'tiny'\. Received: 24 x 10",
        ),
    ],
)
def test_a_card_of_another_model_is_refused(
    store: ModelStore, changes: dict[str, Any], sentence: str
) -> None:
    write_card(store, "tiny", **changes)
    with pytest.raises(ModelError, match=sentence):
        store.open("tiny")


@pytest.mark.parametrize(
    "key", ["", ".", "..", "../models/tiny", "../x", "/etc", "tiny/", "a/b", ".tiny", "ti\0ny"]
)
def test_a_key_that_is_no_plain_name_is_refused(store: ModelStore, key: str) -> None:
    with pytest.raises(ModelError, match="Expected the name of a model"):
        store.open(key)


def test_a_model_that_does_not_exist_is_refused(store: ModelStore) -> None:
    with pytest.raises(ModelError, match=r"Expected one of the models .*'horses'"):
        store.open("horses")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip_bytes(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for place in range(200, len(content), 50):
        content[place] ^= 0xFF
    path.write_bytes(content)


DAMAGES: list[Callable[[Path], Any]] = [
    cut,
    flip_bytes,
    lambda path: path.write_bytes(b""),
    lambda path: path.write_text("<html>not found</html>"),
]


@pytest.mark.parametrize("damage", DAMAGES, ids=["cut", "bytes flipped", "empty", "a web page"])
def test_a_damaged_model_file_is_told_in_one_sentence(
    store: ModelStore, damage: Callable[[Path], Any]
) -> None:
    damage(store.folder / "tiny" / MODEL_FILE)
    with pytest.raises(
        ModelError, match=r"Expected a Keras model in tiny/model\.keras\. Received an? .*damaged"
    ):
        store.open("tiny")
    assert [card.key for card in store.cards()] == ["tiny"]


@pytest.mark.parametrize("damage", DAMAGES, ids=["cut", "bytes flipped", "empty", "a web page"])
def test_damaged_statistics_are_told_in_one_sentence(
    store: ModelStore, damage: Callable[[Path], Any]
) -> None:
    damage(store.folder / "tiny" / STATISTICS_FILE)
    with pytest.raises(ModelError, match=r"Expected channel statistics in tiny/statistics\.npz"):
        store.open("tiny")


def test_a_folder_without_its_model_file_is_told_in_one_sentence(store: ModelStore) -> None:
    (store.folder / "tiny" / MODEL_FILE).unlink()
    with pytest.raises(
        ModelError, match=r"Expected a model file at tiny/model\.keras\. Received: nothing there"
    ):
        store.open("tiny")


def test_python_code_in_a_model_file_is_refused(tmp_path: Path) -> None:
    inputs = keras.Input((8, 8, 3))
    keras.Model(inputs, keras.layers.Lambda(lambda x: x * 2)(inputs)).save(tmp_path / MODEL_FILE)
    with pytest.raises(ModelError, match="Expected a Keras model"):
        load_model(tmp_path / MODEL_FILE)


# ---- Models of finished runs ----


@pytest.fixture
def with_runs(tmp_path: Path) -> ModelStore:
    """A store with a model of its own called ``own`` and the model of a run called ``first``."""
    for folder in (tmp_path / "models", tmp_path / "runs" / "first"):
        folder.mkdir(parents=True)
        write_tiny_model(folder)
    (tmp_path / "models" / "tiny").rename(tmp_path / "models" / "own")
    (tmp_path / "runs" / "first" / "tiny").rename(tmp_path / "runs" / "first" / "model")
    return ModelStore(tmp_path / "models", tmp_path / "runs")


def test_the_model_of_a_finished_run_is_listed_and_opened_under_the_name_of_the_run(
    with_runs: ModelStore,
) -> None:
    assert [card.key for card in with_runs.cards()] == ["own", "first"]
    assert with_runs.open("first").card.key == "first"
    assert with_runs.stamp("first")[0] is not None


def test_a_finished_run_never_takes_the_first_place_of_a_bundled_model(
    with_runs: ModelStore, tmp_path: Path
) -> None:
    card_file = tmp_path / "runs" / "first" / "model" / CARD_FILE
    card_file.write_text(card_file.read_text().replace('"Tiny"', '"Aardvarks"'))
    assert [card.title for card in with_runs.cards()] == ["Tiny", "Aardvarks"]


def test_a_run_without_a_model_is_not_listed(with_runs: ModelStore, tmp_path: Path) -> None:
    (tmp_path / "runs" / "second").mkdir()
    assert [card.key for card in with_runs.cards()] == ["own", "first"]
    with pytest.raises(ModelError):
        with_runs.open("second")


def test_a_folder_that_would_be_taken_for_an_epoch_of_another_is_left_out(
    with_runs: ModelStore, tmp_path: Path
) -> None:
    shutil.copytree(tmp_path / "models" / "own", tmp_path / "models" / "own@1")
    shutil.copytree(tmp_path / "runs" / "first", tmp_path / "runs" / "first@2")
    assert [card.key for card in with_runs.cards()] == ["own", "first"]


def test_no_name_leads_out_of_the_folders(with_runs: ModelStore) -> None:
    for name in ("..", "../runs/first", "first/model", ""):
        with pytest.raises(ModelError):
            with_runs.open(name)
