"""A whole training run on two dozen tiny pictures, from the command line to the model folder."""

from __future__ import annotations

import csv
import dataclasses
import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from cnn_core import architectures
from cnn_core.__main__ import main
from cnn_core.datasets.folders import LabelledFiles, labelled_files
from cnn_core.errors import DataError
from cnn_core.model_store import ModelStore
from cnn_core.training import config as config_module
from cnn_core.training.config import Augmentation, TrainingConfig
from cnn_core.training.finish import finish
from cnn_core.training.run import TrainingRun

SMALL: dict[str, Any] = {
    "epochs": 2,
    "batch_size": 6,
    "sizes_px": (32, 40),
    "stage_shares": (0.5, 0.5),
    "input_size_px": 32,
    "learning_rate": 0.01,
    "warmup_epochs": 0.5,
    "average_decay": 0.5,
    "dropout": 0.0,
    "precision": "float32",
    "augmentation": Augmentation(flip=True),
}
STEPS = 24 // 6


@pytest.fixture(scope="module", autouse=True)
def small_network() -> Iterator[None]:
    """The same stack with few filters, and no policy left behind."""
    policy = keras.config.dtype_policy()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(architectures, "PHOTO_CNN_BLOCKS", ((4,), (4,), (4, 4), (6,), (6,)))
        yield
    keras.config.set_dtype_policy(policy)


def draw_pictures(folder: Path, count: int) -> Path:
    """Dark cats and bright dogs, in noise."""
    rng = np.random.default_rng(count)
    for name, brightness in (("cats", 60), ("dogs", 190)):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = np.clip(rng.normal(brightness, 30, (36, 40, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A training and a validation folder."""
    folder = tmp_path_factory.mktemp("pictures")
    return draw_pictures(folder / "train", 12), draw_pictures(folder / "validation", 5)


@pytest.fixture(scope="module")
def trained(pictures: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Run folder and models folder of one run through the command line."""
    folder = tmp_path_factory.mktemp("trained")
    run, models = folder / "runs" / "first", folder / "models"
    with pytest.MonkeyPatch.context() as patch:
        settings = {key: value for key, value in SMALL.items() if key not in ("epochs", "precision")}
        patch.setattr(config_module, "TrainingConfig", functools.partial(TrainingConfig, **settings))
        arguments = [
            "--data",
            pictures[0],
            "--validation",
            pictures[1],
            "--run",
            run,
            "--output",
            models / "tiny",
        ]
        options = ["--epochs", 2, "--seed", 7, "--precision", "float32"]
        assert main(["train", *map(str, arguments), *map(str, options)]) == 0
    return run, models


def status(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "status.json").read_text())


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def files(pictures: tuple[Path, Path]) -> tuple[LabelledFiles, LabelledFiles]:
    return labelled_files([pictures[0]]), labelled_files([pictures[1]])


def resized(pictures: LabelledFiles) -> np.ndarray:
    """The pictures as the model takes them, ``(n, 32, 32, 3)``."""
    sized = (Image.open(path).resize((32, 32), Image.Resampling.BILINEAR) for path in pictures.paths)
    return np.stack([np.asarray(picture) for picture in sized])


# ---- The model folder ----


def test_a_run_leaves_a_model_folder_that_the_store_opens(trained: tuple[Path, Path]) -> None:
    assert sorted(path.name for path in (trained[1] / "tiny").iterdir()) == [
        "card.json",
        "history.csv",
        "model.keras",
        "statistics.npz",
    ]
    assert [path.name for path in trained[1].iterdir()] == ["tiny"]
    opened = ModelStore(trained[1]).open("tiny")
    assert opened.card.classes == ("cats", "dogs")
    assert opened.card.input_px == (32, 32)
    assert opened.card.preprocessing == architectures.PHOTO_CNN_PREPROCESSING
    assert opened.card.parameters == opened.probe.model.count_params()
    assert opened.probe.heads[0].kind == "binary"
    assert sorted(opened.statistics) == [layer.name for layer in opened.probe.layers if layer.convolution]


def test_the_card_says_all_that_was_promised(trained: tuple[Path, Path], pictures: tuple[Path, Path]) -> None:
    card = json.loads((trained[1] / "tiny" / "card.json").read_text())
    training, validation = files(pictures)
    assert card["classes"] == ["cats", "dogs"]
    assert card["input"] == {"height_px": 32, "width_px": 32, "channels": 3}
    assert set(card["preprocessing"]) == {"resize", "scale", "offset", "channel_order"}
    assert card["data"]["training"] == {
        "pictures": {"cats": 12, "dogs": 12},
        "file_list_sha256": training.fingerprint(),
    }
    assert card["data"]["validation"] == {
        "pictures": {"cats": 5, "dogs": 5},
        "file_list_sha256": validation.fingerprint(),
    }
    assert set(card["validation"]) == {
        "pictures",
        "loss",
        "accuracy",
        "auc",
        "confusion",
        "calibration_error",
    }
    assert card["training"]["seed"] == 7
    assert card["training"]["seconds"] >= 0
    assert card["training"]["augmentation"]["flip"] is True
    assert {"python", "keras", "numpy", "backend"} <= set(card["versions"])
    assert card["channels"]["convolution"] == 4 * 4 + 2 * 6
    assert 0 <= card["channels"]["dead_on_validation"] <= 28


def test_the_figures_of_the_card_are_those_of_the_saved_model(
    trained: tuple[Path, Path], pictures: tuple[Path, Path]
) -> None:
    opened = ModelStore(trained[1]).open("tiny")
    validation = files(pictures)[1]
    pixels = resized(validation)
    (scores,) = opened.probe.scores(opened.card.preprocessing.apply(pixels))
    answered = scores.argmax(axis=1)
    assert opened.card.accuracy == pytest.approx(np.mean(answered == validation.labels))
    confusion = np.zeros((2, 2), int)
    np.add.at(confusion, (np.array(validation.labels), answered), 1)
    assert opened.card.facts["validation"]["confusion"] == confusion.tolist()
    for name, figures in opened.statistics.items():
        mean, peak = opened.probe.unit_summary(opened.card.preprocessing.apply(pixels), [name])[name]
        np.testing.assert_allclose(figures.mean, mean.mean(axis=0), atol=1e-4)
        np.testing.assert_allclose(figures.fires, (peak > 0).mean(axis=0), atol=1e-6)


def test_the_history_has_a_row_per_epoch_at_the_size_of_its_stage(trained: tuple[Path, Path]) -> None:
    history = rows(trained[0])
    assert history == rows(trained[1] / "tiny")
    assert [row["epoch"] for row in history] == ["1", "2"]
    assert [row["size_px"] for row in history] == ["32", "40"]
    for row in history:
        assert all(np.isfinite(float(value)) for value in row.values())
        assert 0 <= float(row["val_accuracy"]) <= 1


@pytest.fixture(scope="module")
def one_epoch(pictures: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> TrainingRun:
    """A run that has trained its only epoch."""
    folder = tmp_path_factory.mktemp("one_epoch")
    run = TrainingRun(TrainingConfig(**(SMALL | {"epochs": 1})), *files(pictures), folder / "run")
    run.run()
    return run


def test_a_new_run_replaces_the_model_of_the_old_one(one_epoch: TrainingRun, tmp_path: Path) -> None:
    for name in ("model", ".model.new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "old").write_text("")
    scores = finish(one_epoch, tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert not (tmp_path / "model" / "old").exists()
    assert ModelStore(tmp_path).open("model").card.accuracy == scores.accuracy


def test_the_finished_model_answers_like_the_network_that_was_trained(
    one_epoch: TrainingRun, tmp_path: Path
) -> None:
    expected = one_epoch.validation_probabilities()
    finish(one_epoch, tmp_path / "model")
    opened = ModelStore(tmp_path).open("model")
    inputs = opened.card.preprocessing.apply(resized(one_epoch.validation))
    np.testing.assert_allclose(opened.probe.model.predict_on_batch(inputs)[:, 0], expected, atol=1e-4)


# ---- Interruption ----


class PowerCut(Exception):
    """Stands for anything that ends a process."""


class InterruptedRun(TrainingRun):
    """Ends in the middle of its second epoch."""

    def _batches(self, epoch: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for number, batch in enumerate(super()._batches(epoch)):
            if (epoch, number) == (1, 2):
                raise PowerCut
            yield batch


def test_a_run_started_again_ends_where_an_uninterrupted_one_does(
    pictures: tuple[Path, Path], tmp_path: Path
) -> None:
    config = TrainingConfig(**(SMALL | {"epochs": 3}))
    whole = TrainingRun(config, *files(pictures), tmp_path / "whole")
    whole.run()
    cut = InterruptedRun(config, *files(pictures), tmp_path / "cut")
    with pytest.raises(PowerCut):
        cut.run()
    before = rows(tmp_path / "cut")
    assert len(before) == 1
    assert status(tmp_path / "cut")["state"] == "failed"
    assert "PowerCut" in status(tmp_path / "cut")["reason"]

    again = TrainingRun(config, *files(pictures), tmp_path / "cut")
    assert len(again.history) == 1
    again.run()
    after = rows(tmp_path / "cut")
    assert after[:1] == before
    assert [row["epoch"] for row in after] == ["1", "2", "3"]
    assert int(again.model.optimizer.iterations) == 3 * STEPS
    assert again.average.step == 3 * STEPS
    for resumed, straight in zip(again.average.values, whole.average.values, strict=True):
        np.testing.assert_allclose(resumed, straight, atol=1e-4)
    for row, expected in zip(after, rows(tmp_path / "whole"), strict=True):
        assert float(row["val_loss"]) == pytest.approx(float(expected["val_loss"]), abs=1e-3)
        assert row["learning_rate"] == expected["learning_rate"]


def test_a_finished_run_started_again_trains_no_more(
    one_epoch: TrainingRun, pictures: tuple[Path, Path]
) -> None:
    again = TrainingRun(one_epoch.config, *files(pictures), one_epoch.folder.path)
    again.run()
    assert int(again.model.optimizer.iterations) == STEPS
    for one, other in zip(one_epoch.averaged.get_weights(), again.averaged.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_crash_between_checkpoint_and_history_repeats_nothing(
    one_epoch: TrainingRun, pictures: tuple[Path, Path]
) -> None:
    (one_epoch.folder.path / "history.csv").unlink()
    again = TrainingRun(one_epoch.config, *files(pictures), one_epoch.folder.path)
    assert again.history == one_epoch.history


def test_a_finished_run_says_so(one_epoch: TrainingRun) -> None:
    assert status(one_epoch.folder.path)["state"] == "finished"


# ---- What cannot be trained ----


def test_a_folder_with_a_run_of_other_settings_is_left_alone(
    one_epoch: TrainingRun, pictures: tuple[Path, Path]
) -> None:
    other = TrainingConfig(**(SMALL | {"epochs": 1, "seed": 9}))
    with pytest.raises(DataError, match="--run"):
        TrainingRun(other, *files(pictures), one_epoch.folder.path)


def test_classes_that_differ_between_training_and_validation_are_refused(
    pictures: tuple[Path, Path], tmp_path: Path
) -> None:
    training, validation = files(pictures)
    renamed = dataclasses.replace(validation, classes=("cats", "wolves"))
    with pytest.raises(DataError, match="same classes"):
        TrainingRun(TrainingConfig(**SMALL), training, renamed, tmp_path / "run")


def test_three_classes_are_refused_for_one_sigmoid_unit(pictures: tuple[Path, Path], tmp_path: Path) -> None:
    training, validation = (
        dataclasses.replace(part, classes=(*part.classes, "owls")) for part in files(pictures)
    )
    with pytest.raises(DataError, match="two classes"):
        TrainingRun(TrainingConfig(**SMALL), training, validation, tmp_path / "run")


def test_fewer_pictures_than_a_batch_are_refused(pictures: tuple[Path, Path], tmp_path: Path) -> None:
    config = TrainingConfig(**(SMALL | {"batch_size": 64}))
    with pytest.raises(DataError, match="one batch of 64"):
        TrainingRun(config, *files(pictures), tmp_path / "run")
    assert not (tmp_path / "run").exists()
