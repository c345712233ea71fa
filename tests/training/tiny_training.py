"""Pictures, settings and networks so small that a whole run takes a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from model_matrix import with_seeded_weights
from numpy.typing import NDArray
from PIL import Image

from cnn_core import architectures
from cnn_core.architectures import stacks, transfer
from cnn_core.architectures.photo_cnn import DIGITS, LINE_HEADS, LINES, PHOTO
from cnn_core.datasets.folders import LabelledFiles, labelled_files
from cnn_core.datasets.splits import Splits
from cnn_core.training.input.pictures import DecodedPictures
from cnn_core.training.loop.run import TrainingRun
from cnn_core.training.run_folder import Checkpoint
from cnn_core.training.settings.config import Augmentation, TrainingConfig

SIDE_PX = 16
TRAINING, VALIDATION, BATCH = 12, 5, 6  # pictures: of each class, of each class, per step
STEPS = 2 * TRAINING // BATCH
SMALL: dict[str, Any] = {
    "preset": "lecture_regularized",
    "epochs": 2,
    "batch_size": BATCH,
    "input_size_px": SIDE_PX,
    "learning_rate": 0.01,
    "precision": "float32",
    "checkpoint_count": 0,
    "augmentation": Augmentation(flip=True),
}
EVERYTHING: dict[str, Any] = {
    "epochs": 3,
    "dropout": 0.3,
    "average_decay": 0.9,
    "keep": "best",
    "optimizer": "adamw",
    "weight_decay": 0.02,
    "schedule": "cosine",
    "warmup_epochs": 0.5,
}
UNRECOGNISABLE = Augmentation(
    rotation_degrees=180.0, brightness=0.8, erase_probability=1.0, erase_fraction=0.8
)


class PowerCut(Exception):
    """Stands for anything that ends a process."""


def small(**changes: Any) -> TrainingConfig:
    """Settings of a tiny run."""
    return TrainingConfig(**(SMALL | changes))


def draw_pictures(folder: Path, counts: dict[str, int]) -> LabelledFiles:
    """So many pictures of noise per class, the brighter the later the class."""
    rng = np.random.default_rng(sum(counts.values()))
    for place, (name, count) in enumerate(counts.items()):
        brightness = 60 + 130 * place / max(1, len(counts) - 1)
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = np.clip(rng.normal(brightness, 30, (18, 20, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return labelled_files([folder])


def draw_splits(
    folder: Path, classes: tuple[str, ...] = ("cats", "dogs"), *, training: dict[str, int] | None = None
) -> Splits:
    """All three splits; their pictures are decoded into ``folder/pixels``."""
    counts = {name: dict.fromkeys(classes, VALIDATION) for name in ("validation", "test")}
    return Splits(
        training=draw_pictures(folder / "train", training or dict.fromkeys(classes, TRAINING)),
        validation=draw_pictures(folder / "validation", counts["validation"]),
        test=draw_pictures(folder / "test", counts["test"]),
    )


def new_run(config: TrainingConfig, splits: Splits, folder: Path) -> TrainingRun:
    """A run of those pictures, or one taken up again."""
    data = splits.training.paths[0].parents[2]
    return TrainingRun(config, splits, folder, DecodedPictures(data / "pixels"))


def saved_checkpoint(run: TrainingRun) -> Checkpoint:
    """What is on the disk of a run that has finished an epoch."""
    saved = run.folder.load()
    assert saved is not None
    return saved


def assert_same(one: Checkpoint, other: Checkpoint) -> None:
    """All that a run consists of, to the bit, but for how long it took."""
    assert one.step == other.step
    for group in ("weights", "average", "optimizer", "best"):
        for a, b in zip(getattr(one, group), getattr(other, group), strict=True):
            np.testing.assert_array_equal(a, b, err_msg=group)
    for row, expected in zip(one.history, other.history, strict=True):
        for name in ("epoch", "size_px", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"):
            assert row[name] == expected[name], name


def resized(files: LabelledFiles, side_px: int = SIDE_PX) -> NDArray[np.uint8]:
    """The pictures as they are without any augmentation, ``(n, side, side, 3)``, by Pillow alone."""
    sized = (Image.open(path).resize((side_px, side_px), Image.Resampling.BILINEAR) for path in files.paths)
    return np.stack([np.asarray(picture) for picture in sized])


def before_each_step(run: TrainingRun, happens: Callable[[int, tuple[Any, ...]], None]) -> None:
    """Call ``happens`` with the number of the step, from 1, and its batch."""
    train, number = run.network.train, 0

    def counted(*batch: Any) -> tuple[float, float]:
        nonlocal number
        number += 1
        happens(number, batch)
        return train(*batch)

    run.network.train = counted  # type: ignore[method-assign]


def cut_off(run: TrainingRun, before_step: int) -> None:
    """Train until the power goes off before that step."""

    def happens(number: int, _: tuple[Any, ...]) -> None:
        if number == before_step:
            raise PowerCut

    before_each_step(run, happens)
    try:
        run.run()
    except PowerCut:
        return
    raise AssertionError("the power stayed on")


PLAIN_STACKS = (PHOTO, DIGITS, LINES, LINE_HEADS)


@contextmanager
def small_networks() -> Iterator[None]:
    """The same architectures with a few layers of few filters, over a base that needs no download."""
    lecture = replace(stacks.LECTURE, filters=(4,), after_pool=(1,))
    over_tiny_base = replace(transfer.ARCHITECTURE, smallest_px=SIDE_PX)
    plain = {
        stack.key: replace(
            replace(stack, blocks=((4,), (4, 6))).architecture(), smallest_px=stack.smallest_px
        )
        for stack in PLAIN_STACKS
    }
    ours = {"lecture_cnn": lecture.architecture(), "transfer": over_tiny_base, **plain}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stacks, "HIDDEN_UNITS", 8)
        patch.setattr(transfer, "pretrained_base", tiny_base)
        patch.setattr(transfer, "untrained_base", tiny_base)
        known = [ours.get(found.key, found) for found in architectures.ARCHITECTURES]
        patch.setattr(architectures, "ARCHITECTURES", tuple(known))
        yield


def tiny_base(name: str, size_px: int | None) -> keras.Model:
    """In place of a network trained on ImageNet: always the same weights, and batch normalisation."""
    x = inputs = keras.Input((size_px, size_px, 3))
    x = layers.Conv2D(4, 3, strides=2, name="base_conv")(x)
    x = layers.BatchNormalization(name="base_norm")(x)
    x = layers.ReLU(name="base_relu")(x)
    return with_seeded_weights(keras.Model(inputs, x, name=name.lower()))
