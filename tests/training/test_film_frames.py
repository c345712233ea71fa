"""The film of a run: which epochs there are, and the same question to each of them."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import pytest
from tiny_model import write_tiny_model

from cnn_core.cache.store import ResultStore
from cnn_core.errors import Cancelled, InvalidRequestError, ModelError
from cnn_core.explorer import Explorer
from cnn_core.feature_visualization import PatternParams
from cnn_core.images.decode import RgbImage, rgb_image
from cnn_core.training.film import (
    FilmFrame,
    FilmProjector,
    FilmQuestion,
    film_epochs,
    film_explorer,
    film_fingerprint,
    film_frames,
    frame_key,
)

EPOCHS = (1, 3)


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that has kept its epochs 1 and 3, with different weights."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "film").mkdir()
    for number, epoch in enumerate(EPOCHS):
        write_tiny_model(folder)
        model = keras.models.load_model(folder / "tiny" / "model.keras")
        model.set_weights([weights * (1 + number) for weights in model.get_weights()])
        model.save(folder / "tiny" / "model.keras")
        (folder / "tiny").rename(folder / "film" / frame_key(epoch))
    return folder


@pytest.fixture(scope="module")
def photo() -> RgbImage:
    return rgb_image(np.random.default_rng(2).integers(0, 256, (40, 40, 3)).astype(np.uint8))


@pytest.fixture
def explorer(run_folder: Path, tmp_path: Path) -> Explorer:
    return film_explorer(run_folder, ResultStore(tmp_path / "cache"))


def question(photo: RgbImage, **changes: object) -> FilmQuestion:
    settings = {"layer_name": "block1_conv", "channel": 2, "class_index": 0} | changes
    return FilmQuestion(image=photo, params=PatternParams(steps=8), **settings)


@pytest.fixture
def projector(run_folder: Path, tmp_path: Path) -> FilmProjector:
    return FilmProjector(run_folder, ResultStore(tmp_path / "cache"))


def film(projector: FilmProjector, asked: FilmQuestion, epochs: Sequence[int] = EPOCHS) -> list[FilmFrame]:
    return list(film_frames(projector, epochs, asked))


def test_only_complete_epochs_are_in_the_film_in_their_order(run_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(run_folder / "film", tmp_path / "film")
    shutil.copytree(tmp_path / "film" / "epoch_0003", tmp_path / "film" / "epoch_0012")
    shutil.copytree(tmp_path / "film" / "epoch_0003", tmp_path / "film" / ".epoch_0007.new")
    shutil.copytree(tmp_path / "film" / "epoch_0003", tmp_path / "film" / "epoch_0008")
    (tmp_path / "film" / "epoch_0008" / "model.keras").unlink()
    assert film_epochs(tmp_path) == (1, 3, 12)
    assert film_epochs(tmp_path / "nothing") == ()


def test_each_epoch_answers_with_its_own_weights(projector: FilmProjector, photo: RgbImage) -> None:
    first, last = film(projector, question(photo))
    assert (first.epoch, last.epoch) == EPOCHS
    # Twice the weights and biases of the first layer are twice its maps.
    np.testing.assert_allclose(last.layer.maps, 2 * first.layer.maps, rtol=1e-5, atol=1e-5)
    assert first.layer.maps.max() > 0
    assert not np.array_equal(first.answer.scores, last.answer.scores)


def test_a_frame_holds_what_was_asked_for(
    projector: FilmProjector, explorer: Explorer, photo: RgbImage
) -> None:
    frame = film(projector, question(photo))[0]
    key = frame_key(1)
    expected = explorer.attribution(key, photo, "grad_cam", class_index=0)
    assert list(frame.pattern.channels) == [2]
    assert frame.pattern.patterns.any()
    assert frame.evidence.class_index == 0
    np.testing.assert_array_equal(frame.evidence.values, expected.values)
    np.testing.assert_array_equal(frame.layer.maps, explorer.activations(key, photo)["block1_conv"].maps)


def test_the_film_tells_its_progress_from_nothing_to_all(projector: FilmProjector, photo: RgbImage) -> None:
    told: list[float] = []
    list(film_frames(projector, EPOCHS, question(photo), progress=told.append))
    assert told[0] == 0
    assert told[-1] == 1
    assert told == sorted(told)
    assert 0.5 in told


def test_a_film_that_is_cancelled_stops_before_the_next_epoch(
    projector: FilmProjector, photo: RgbImage
) -> None:
    stop = threading.Event()
    frames = film_frames(projector, EPOCHS, question(photo), cancelled=stop.is_set)
    assert next(frames).epoch == 1
    stop.set()
    with pytest.raises(Cancelled):
        next(frames)


def test_the_patterns_of_a_film_are_not_climbed_to_again(
    run_folder: Path, tmp_path: Path, photo: RgbImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = film(FilmProjector(run_folder, ResultStore(tmp_path / "cache")), question(photo))

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("climbed again")

    monkeypatch.setattr("cnn_core.explorer.filter_patterns", refuse)
    after = film(FilmProjector(run_folder, ResultStore(tmp_path / "cache")), question(photo))
    np.testing.assert_array_equal(after[1].pattern.patterns, before[1].pattern.patterns)
    with pytest.raises(RuntimeError):
        film(FilmProjector(run_folder, ResultStore(tmp_path / "cache")), question(photo, channel=3))


def test_the_fingerprint_of_a_film_changes_with_a_file_and_with_the_epochs(
    run_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(run_folder / "film", tmp_path / "film")
    whole = film_fingerprint(tmp_path, EPOCHS)
    assert whole == film_fingerprint(run_folder, EPOCHS)
    assert whole != film_fingerprint(tmp_path, EPOCHS[:1])
    (tmp_path / "film" / "epoch_0001" / "card.json").write_text("{}", encoding="utf-8")
    assert whole != film_fingerprint(tmp_path, EPOCHS)


@pytest.mark.parametrize("wrong", [{"layer_name": "block9_conv"}, {"channel": 99}, {"class_index": 2}])
def test_a_question_that_the_network_does_not_have_is_refused(
    projector: FilmProjector, photo: RgbImage, wrong: dict[str, object]
) -> None:
    with pytest.raises(InvalidRequestError):
        film(projector, question(photo, **wrong))


def test_an_epoch_whose_model_is_gone_is_told(projector: FilmProjector, photo: RgbImage) -> None:
    with pytest.raises(ModelError, match="epoch_0009"):
        film(projector, question(photo), (1, 9))
