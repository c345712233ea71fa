"""Kept epochs as models: the same answers as from each opened on its own, though they share a network."""

from __future__ import annotations

import shutil
import threading
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kept_epochs import (
    Change,
    adapted,
    as_training_writes_it,
    longer,
    nameless,
    with_nameless_maps,
    write_checkpoint,
)
from tiny_model import write_tiny_model

from cnn_core.activations import ACTIVATIONS
from cnn_core.analysis import Request
from cnn_core.attribution import GRAD_CAM
from cnn_core.cache.store import ResultStore
from cnn_core.errors import ModelError
from cnn_core.explorer import Explorer
from cnn_core.feature_visualization import FILTER_PATTERNS, FilterPatternSettings
from cnn_core.images.decode import rgb_image
from cnn_core.models.card import CHECKPOINTS_FOLDER, MODEL_FILE, checkpoint_folder, checkpoint_key
from cnn_core.models.store import ModelStore

EPOCHS = (0, 1, 4)
PHOTO = rgb_image(np.random.default_rng(2).integers(0, 256, (40, 40, 3)).astype(np.uint8))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that has kept three epochs."""
    run = tmp_path_factory.mktemp("runs") / "run"
    for epoch in EPOCHS:
        write_checkpoint(run, epoch)
    return run


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    """A copy to be damaged."""
    return Path(shutil.copytree(made, tmp_path / "runs" / "run"))


def store_of(run: Path) -> ModelStore:
    return ModelStore(run.parent / "models", run.parent)


def explorer_of(run: Path) -> Explorer:
    return Explorer(store_of(run), ResultStore(None))


def answers(explorer: Explorer, key: str) -> dict[str, Any]:
    """What a model answers to a photo, and its kernels."""
    request = Request(model_key=key, image=PHOTO, layer_name="block2_conv")
    return {
        "scores": explorer.predict(key, PHOTO).heads[0].scores,
        "maps": explorer.run(ACTIVATIONS, request).maps,
        "evidence": explorer.run(GRAD_CAM, Request(model_key=key, image=PHOTO, class_index=1)).values,
        "kernels": explorer.first_layer_kernels(key),
    }


def pattern(explorer: Explorer, key: str) -> np.ndarray:
    settings = FilterPatternSettings(steps=24)
    request = Request(model_key=key, layer_name="block2_conv", channels=(3,))
    return explorer.run(FILTER_PATTERNS, request, settings).patterns


def alone(run: Path) -> Explorer:
    """Opens each epoch as any model's folder."""
    return Explorer(ModelStore(run / CHECKPOINTS_FOLDER), ResultStore(None))


def check(found: dict[str, Any], run: Path, epoch: int) -> None:
    """These are the answers of the epoch when it is opened on its own."""
    expected = answers(alone(run), checkpoint_folder(run, epoch).name)
    for name, values in found.items():
        np.testing.assert_allclose(values, expected[name], rtol=1e-4, atol=1e-5)


def check_pattern(found: np.ndarray, run: Path, epoch: int) -> None:
    expected = pattern(alone(run), checkpoint_folder(run, epoch).name)
    assert np.abs(found.astype(int) - expected).max() <= 1


def networks(run: Path, epochs: Sequence[int] = EPOCHS) -> int:
    """How many networks the epochs take."""
    store = store_of(run)
    opened = [store.open(checkpoint_key("run", epoch)) for epoch in epochs]
    return len({id(model.probe.model) for model in opened})


def test_every_epoch_answers_as_it_does_on_its_own_though_one_network_is_opened(made: Path) -> None:
    explorer, keys = explorer_of(made), [checkpoint_key("run", epoch) for epoch in (*EPOCHS, EPOCHS[0])]
    assert networks(made) == 1
    patterns = [pattern(explorer, key) for key in keys]
    np.testing.assert_array_equal(patterns[0], patterns[3])
    assert not np.array_equal(patterns[0], patterns[1])
    for epoch, key, found in zip(EPOCHS, keys, patterns, strict=False):
        check(answers(explorer, key), made, epoch)
        check_pattern(found, made, epoch)


def test_answers_are_kept_under_the_files_of_their_epoch(made: Path) -> None:
    store, each = store_of(made), ModelStore(made / CHECKPOINTS_FOLDER)
    shared = [store.open(checkpoint_key("run", epoch)).fingerprint for epoch in EPOCHS]
    assert shared == [each.open(card.key).fingerprint for card in each.cards()]
    assert len(set(shared)) == len(EPOCHS)


def test_a_file_that_was_replaced_answers_with_its_new_weights(run: Path) -> None:
    explorer = explorer_of(run)
    before = explorer.predict("run@0", PHOTO).heads[0].scores
    shutil.copyfile(checkpoint_folder(run, 4) / MODEL_FILE, checkpoint_folder(run, 0) / MODEL_FILE)
    after = answers(explorer, "run@0")
    assert not np.allclose(before, after["scores"])
    check(after, run, 0)


def test_an_epoch_that_was_opened_before_its_file_was_replaced_gives_no_answer_of_the_new_one(
    run: Path,
) -> None:
    store = store_of(run)
    store_keeps_the_network, opened = store.open("run@0"), store.open("run@1")
    shutil.copyfile(checkpoint_folder(run, 4) / MODEL_FILE, checkpoint_folder(run, 1) / MODEL_FILE)
    with pytest.raises(ModelError, match="another file in its place"):
        opened.probe.scores(np.zeros((1, 32, 32, 3), np.float32))
    assert store_keeps_the_network.probe.scores(np.zeros((1, 32, 32, 3), np.float32))


@pytest.mark.parametrize("change", [longer, nameless], ids=lambda change: change.__name__)
def test_an_epoch_of_another_architecture_is_opened_on_its_own(run: Path, change: Change) -> None:
    shutil.rmtree(checkpoint_folder(run, 1))
    write_checkpoint(run, 1, change)
    assert networks(run) == 2
    explorer = explorer_of(run)
    answers(explorer, "run@0")
    check(answers(explorer, "run@1"), run, 1)


@pytest.mark.parametrize(
    ("change", "count"),
    [(as_training_writes_it, 1), (with_nameless_maps, 2), (adapted, 2)],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_epochs_share_a_network_unless_more_than_weights_or_the_name_of_a_layer_differs(
    tmp_path: Path, change: Change, count: int
) -> None:
    run = tmp_path / "run"
    for epoch in EPOCHS[:2]:
        write_checkpoint(run, epoch, change)
    assert networks(run, EPOCHS[:2]) == count
    explorer = explorer_of(run)
    answers(explorer, "run@0")
    check(answers(explorer, "run@1"), run, 1)
    opened, expected = explorer.model("run@1"), alone(run).model("epoch_0001")
    assert opened.probe.default_cam_layer() == expected.probe.default_cam_layer()


def test_packed_weights_are_opened_as_any_model(run: Path) -> None:
    rewrite(checkpoint_folder(run, 1) / MODEL_FILE, zipfile.ZIP_DEFLATED)
    assert networks(run) == 2
    check(answers(explorer_of(run), "run@1"), run, 1)


def rewrite(path: Path, compression: int = zipfile.ZIP_STORED, weights: bytes | None = None) -> None:
    """Write a model file anew, its weights packed or replaced."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    if weights is not None:
        parts["model.weights.h5"] = weights
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2000])


def without_a_weight(path: Path) -> None:
    rewrite(path, weights=b"no weights at all")


@pytest.mark.parametrize("damage", [cut_short, without_a_weight, Path.unlink], ids=lambda one: one.__name__)
def test_a_damaged_epoch_is_told_and_the_others_stay_right(run: Path, damage: Callable[[Path], None]) -> None:
    damage(checkpoint_folder(run, 1) / MODEL_FILE)
    explorer = explorer_of(run)
    explorer.predict("run@0", PHOTO)
    with pytest.raises(ModelError, match=r"epoch_0001/model\.keras"):
        explorer.predict("run@1", PHOTO)
    check(answers(explorer, "run@4"), run, 4)


def test_sessions_that_ask_different_epochs_at_once_get_their_own(made: Path) -> None:
    explorer = explorer_of(made)
    found: list[tuple[int, dict[str, Any]]] = []
    patterns: dict[int, np.ndarray] = {}

    def ask(epochs: Sequence[int]) -> None:
        for epoch in epochs:
            key = checkpoint_key("run", epoch)
            probe, inputs = explorer.model(key).probe, explorer.model_input(key, PHOTO)
            maps = probe.activations(inputs, ["block2_conv"])["block2_conv"]
            slope = probe.layer_gradient(inputs, "block1_conv", head=0, class_index=1).gradients
            found.append((epoch, {"maps": maps, "scores": probe.scores(inputs)[0], "slope": slope}))

    def climb(epoch: int) -> None:
        patterns[epoch] = pattern(explorer, checkpoint_key("run", epoch))

    work = [(ask, EPOCHS * 5), (ask, EPOCHS[::-1] * 5), (climb, 0), (climb, 1)]
    threads = [threading.Thread(target=function, args=(about,)) for function, about in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 10 * len(EPOCHS)
    ask(EPOCHS)
    expected = dict(found[-len(EPOCHS) :])
    for epoch, one in found:
        for name, values in one.items():
            np.testing.assert_allclose(values, expected[epoch][name], rtol=1e-5, atol=1e-6)
    for epoch, one in patterns.items():
        check_pattern(one, made, epoch)


def test_only_complete_epochs_are_offered_in_their_order(run: Path) -> None:
    folder = run / CHECKPOINTS_FOLDER
    for name in ("epoch_0012", ".epoch_0007.new", "epoch_0008", "epoch_x"):
        shutil.copytree(folder / "epoch_0004", folder / name)
    (folder / "epoch_0008" / MODEL_FILE).unlink()
    store = store_of(run)
    assert store.checkpoints("run") == store.checkpoints("run@1") == (0, 1, 4, 12)
    assert store.checkpoints("nothing") == store.checkpoints("..") == ()
    assert ModelStore(run.parent).checkpoints("run") == ()


def test_a_run_is_listed_by_its_last_epoch_until_it_has_a_finished_model(run: Path) -> None:
    store = store_of(run)
    (card,) = store.cards()
    assert (card.key, card.epoch) == ("run@4", 4)
    assert store.open("run@4").card == card
    write_tiny_model(run)
    (run / "tiny").rename(run / "model")
    (card,) = store.cards()
    assert (card.key, card.epoch) == ("run", None)


def test_a_model_of_the_models_folder_has_no_epochs_of_a_run_of_its_name(run: Path) -> None:
    write_tiny_model(run.parent)
    (run.parent / "models").mkdir()
    (run.parent / "tiny").rename(run.parent / "models" / "run")
    assert store_of(run).checkpoints("run") == ()


@pytest.mark.parametrize("key", ["run@", "run@x", "run@-1", "run@1@2", "../runs/run@1", "@1"])
def test_a_key_that_names_no_epoch_is_refused(made: Path, key: str) -> None:
    with pytest.raises(ModelError, match="Expected the name of a model"):
        store_of(made).open(key)


def test_an_epoch_that_was_not_kept_is_told(made: Path) -> None:
    with pytest.raises(ModelError, match=r"Expected one of the models run@.*'run@9'"):
        store_of(made).open("run@9")
