"""The end of a run: its model folder, whose figures are those of the model that was saved."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_training import SIDE_PX, TRAINING, VALIDATION, draw_splits, new_run, resized, small, tiny_base

from cnn_core import architectures
from cnn_core.architectures import transfer
from cnn_core.datasets.folders import LabelledFiles
from cnn_core.datasets.splits import Splits
from cnn_core.errors import TrainingError
from cnn_core.evaluation.predictions import Predictions, read_predictions
from cnn_core.files import write_json
from cnn_core.models.card import CHECKPOINTS_FOLDER
from cnn_core.models.store import ModelStore, OpenModel
from cnn_core.training.loop.finish import finish
from cnn_core.training.loop.run import TrainingRun
from cnn_core.training.settings.config import Augmentation, TrainingConfig

pytestmark = pytest.mark.usefixtures("small_networks")

CLASSES = ("cats", "dogs")
# Averaged weights, half precision, dropout and wild pictures: all that a finished model must not show.
WILD: dict[str, Any] = {
    "preset": "photo_cnn",
    "input_size_px": 32,
    "batch_size": 4,  # 12 steps: the average stands at the eighth
    "dropout": 0.5,
    "average_decay": 0.5,
    "precision": "mixed_bfloat16",
    "label_smoothing": 0.1,
    "augmentation": Augmentation(rotation_degrees=180.0, brightness=0.8, zoom=1.0, erase_probability=1.0),
}


@pytest.fixture(scope="module")
def finished(splits: Splits, tmp_path_factory: pytest.TempPathFactory, small_networks: None) -> TrainingRun:
    """A run with its model."""
    folder = tmp_path_factory.mktemp("finished") / "runs" / "first"
    folder.mkdir(parents=True)
    write_json(folder / "config.json", {"title": "Cats in noise"})
    run = new_run(small(**WILD, seed=7), splits, folder)
    run.run()
    assert finish(run) == folder / "model"
    return run


def trained_and_finished(config: TrainingConfig, splits: Splits, folder: Path) -> TrainingRun:
    run = new_run(config, splits, folder)
    run.run()
    finish(run)
    return run


def opened(run: TrainingRun) -> OpenModel:
    """The model as the model picker of the dashboard opens it: by the key of its run."""
    folder = run.folder.path
    return ModelStore(folder / "none", folder.parent).open(folder.name)


def card_of(run: TrainingRun) -> dict[str, Any]:
    return json.loads((run.folder.path / "model" / "card.json").read_text(encoding="utf-8"))


def answers(model: OpenModel, files: LabelledFiles) -> np.ndarray:
    """What Keras answers to the pictures as they are on disk, resized by Pillow, ``(n, units)``."""
    pixels = resized(files, model.card.input_px[0])
    return model.probe.model.predict_on_batch(model.card.preprocessing.apply(pixels)).astype(np.float64)


def predictions(run: TrainingRun, name: str) -> Predictions:
    return read_predictions(run.folder.path / f"predictions_{name}.npz", run.splits.classes)


# ---- The model folder ----


def test_a_run_leaves_a_model_that_opens_under_the_key_of_the_run(finished: TrainingRun) -> None:
    folder = finished.folder.path
    names = ["card.json", "history.csv", "model.keras", "statistics.npz"]
    assert sorted(path.name for path in (folder / "model").iterdir()) == names
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".")]
    model = opened(finished)
    assert model.card.key == "first"
    assert model.card.title == "Cats in noise"
    assert model.card.classes == CLASSES
    assert model.card.input_px == (32, 32)
    assert model.card.preprocessing == architectures.PHOTO.preprocessing
    assert model.card.parameters == model.probe.model.count_params()
    assert model.probe.heads[0].kind == "binary"
    assert sorted(model.statistics) == [layer.name for layer in model.probe.layers if layer.convolution]
    assert (folder / "model" / "history.csv").read_text() == (folder / "history.csv").read_text()


def test_the_card_says_all_that_was_promised(finished: TrainingRun, splits: Splits) -> None:
    card = card_of(finished)
    assert card["preset"] == "photo_cnn"
    assert card["input"] == {"height_px": 32, "width_px": 32, "channels": 3}
    assert set(card["preprocessing"]) == {"resize", "scale", "offset", "channel_order"}
    for name, files, count in (
        ("training", splits.training, TRAINING),
        ("validation", splits.validation, VALIDATION),
        ("test", splits.test, VALIDATION),
    ):
        pictures = {"cats": count, "dogs": count}
        assert card["data"][name] == {"pictures": pictures, "file_list_sha256": files.fingerprint()}
    training = card["training"]
    assert (training["seed"], training["epochs"], training["epochs_trained"]) == (7, 2, 2)
    assert training["kept_epoch"] == 2
    assert training["precision_used"] == "mixed_bfloat16"
    assert training["device_used"] == finished.devices.name
    assert training["augmentation"]["rotation_degrees"] == 180
    assert training["seconds"] >= 0
    assert {"python", "keras", "numpy", "backend"} <= set(card["versions"])


def test_the_saved_model_is_plain_float32_without_dropout_or_batch_normalisation(
    finished: TrainingRun,
) -> None:
    model = opened(finished).probe.model
    kinds = {type(layer).__name__ for layer in model.layers}
    assert not {"Dropout", "BatchNormalization", "FusedBatchNormalization"} & kinds
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}
    assert {str(weight.dtype) for weight in model.weights} == {"float32"}


@pytest.mark.parametrize("name", ["validation", "test"])
def test_the_figures_of_the_card_and_the_predictions_are_those_of_the_saved_model(
    finished: TrainingRun, splits: Splits, name: str
) -> None:
    """Worked out here from the file alone, on pictures that nobody has changed."""
    files = dict(splits.items())[name]
    p, truth = answers(opened(finished), files)[:, 0], np.asarray(files.labels)
    figures = card_of(finished)[name]
    predicted = (p >= 0.5).astype(int)
    confusion = [[int(np.sum((truth == i) & (predicted == j))) for j in (0, 1)] for i in (0, 1)]
    assert figures["pictures"] == 2 * VALIDATION
    assert figures["confusion"] == confusion
    assert figures["accuracy"] == pytest.approx(np.mean(predicted == truth))
    assert figures["loss"] == pytest.approx(-np.log(np.where(truth == 1, p, 1 - p)).mean(), abs=1e-5)
    assert set(figures) == {"pictures", "loss", "accuracy", "auc", "confusion", "calibration_error"}
    found = predictions(finished, name)
    np.testing.assert_allclose(found.probabilities[:, 1], p, atol=1e-6)
    assert found.labels.tolist() == list(files.labels)
    assert found.paths == tuple(map(str, files.paths))


def test_the_saved_model_has_the_averaged_weights_that_the_last_epoch_was_validated_by(
    finished: TrainingRun, splits: Splits
) -> None:
    """In half precision the answers of a run are not exact; those of other weights are further away."""
    validated = finished.probabilities(splits.validation)[:, 1]
    saved = answers(opened(finished), splits.validation)[:, 0]
    np.testing.assert_allclose(saved, validated, atol=0.01)
    last = finished.network.finished(finished.network.model.get_weights())
    inputs = finished.network.preprocessing.apply(resized(splits.validation, 32))
    assert np.abs(last.predict_on_batch(inputs)[:, 0] - saved).max() > 0.01


def test_the_statistics_are_those_of_the_saved_model(finished: TrainingRun, splits: Splits) -> None:
    model = opened(finished)
    inputs = model.card.preprocessing.apply(resized(splits.validation, 32))
    dead = 0
    for name, figures in model.statistics.items():
        mean, peak = model.probe.unit_summary(inputs, [name])[name]
        np.testing.assert_allclose(figures.mean, mean.mean(axis=0), atol=1e-4)
        np.testing.assert_allclose(figures.fires, (peak > 0).mean(axis=0), atol=1e-6)
        dead += int((peak <= 0).all(axis=0).sum())
    assert card_of(finished)["channels"] == {"convolution": 4 + 4 + 6, "dead_on_validation": dead}


def test_finishing_again_replaces_the_model_whatever_was_left_behind(splits: Splits, tmp_path: Path) -> None:
    run = new_run(small(epochs=1), splits, tmp_path)
    run.run()
    for name in ("model", ".model.new", ".model.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "leftover").write_text("")
    finish(run)
    assert not (tmp_path / "model" / "leftover").exists()
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]
    card = opened(run).card
    assert card.accuracy == card_of(run)["validation"]["accuracy"]
    assert card.title == "Cats and dogs"  # without another one the run is called after its classes


def test_without_a_finished_epoch_there_is_no_model(splits: Splits, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="at least one finished epoch"):
        finish(new_run(small(), splits, tmp_path))
    assert not (tmp_path / "model").exists()


# ---- Which epoch ----


def test_the_epoch_asked_for_becomes_the_model(
    splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([0.4, 0.3, 0.5])
    monkeypatch.setattr("cnn_core.training.loop.run.loss_and_accuracy", lambda *_: (next(losses), 0.5))
    config = small(epochs=3, keep="best", average_decay=0.5, checkpoint_count=16)
    run = trained_and_finished(config, splits, tmp_path / "run")
    kept = ModelStore(run.folder.path / CHECKPOINTS_FOLDER)
    by_epoch = [kept.open(f"epoch_{epoch:04d}").probe.model.get_weights() for epoch in (1, 2, 3)]
    for keep, epoch in (("best", 2), ("last", 3)):
        run.config = replace(config, keep=keep)
        finish(run)
        assert card_of(run)["training"]["kept_epoch"] == epoch
        found = opened(run).probe.model.get_weights()
        same = [all(map(np.array_equal, found, weights)) for weights in by_epoch]
        assert same == [number == epoch for number in (1, 2, 3)]


# ---- Other networks and more classes ----


def test_three_classes_have_a_softmax_unit_each(tmp_path: Path) -> None:
    splits = draw_splits(tmp_path / "data", ("cats", "dogs", "owls"))
    run = trained_and_finished(small(epochs=20, class_weights="balanced", seed=1), splits, tmp_path / "run")
    model = opened(run)
    assert (model.probe.heads[0].kind, model.card.classes) == ("softmax", ("cats", "dogs", "owls"))
    p, truth = answers(model, splits.validation), np.asarray(splits.validation.labels)
    assert p.shape == (3 * VALIDATION, 3)
    figures = card_of(run)["validation"]
    assert figures["accuracy"] == pytest.approx(np.mean(p.argmax(axis=1) == truth))
    assert figures["loss"] == pytest.approx(-np.log(p[np.arange(len(p)), truth]).mean(), abs=1e-5)
    assert figures["accuracy"] > 0.5  # three shades of grey can be told apart better than by chance
    np.testing.assert_allclose(predictions(run, "validation").probabilities, p, atol=1e-6)
    assert run.history[-1]["val_accuracy"] == pytest.approx(figures["accuracy"], abs=1e-5)


def test_a_fine_tuned_base_is_saved_with_its_new_head(
    splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[int | None] = set()
    monkeypatch.setattr(
        transfer, "pretrained_base", lambda name, size_px: (asked.add(size_px), tiny_base(name, size_px))[1]
    )
    config = small(preset="transfer", epochs=2, fine_tuning_epochs=1, dropout=0.2, optimizer="adam")
    run = trained_and_finished(config, splits, tmp_path / "run")
    model = opened(run)
    np.testing.assert_allclose(
        answers(model, splits.validation)[:, 0], run.probabilities(splits.validation)[:, 1], atol=1e-5
    )
    assert any(layer.convolution for layer in model.probe.layers)
    assert model.card.input_px == (SIDE_PX, SIDE_PX)
    assert model.card.preprocessing.bounds()[0][0] == -1
    assert asked == {None}  # Keras has another file for each size: one download must be enough
