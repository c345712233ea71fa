"""Settings of one training run, as plain values that go into the run's folder as JSON.

Every field says what a form needs to ask for it, so that the page, the command line and the
documentation build themselves from this file.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cnn_core.errors import DataError
from cnn_core.settings import check_fields, choice, number, numbers, switch

OPTIMIZERS = ("adam", "adamw", "rmsprop", "sgd")
SCHEDULES = ("constant", "cosine")
CLASS_WEIGHTS = ("none", "balanced")
PRECISIONS = ("automatic", "float32", "mixed_bfloat16")
DEVICES = ("automatic", "cpu")
KEPT = ("last", "best")
BASES = ("MobileNetV2", "ResNet50V2", "EfficientNetV2B0", "VGG16")
SMALLEST_PX, LARGEST_PX = 16, 512
MOST_EPOCHS = 500
MOST_CHECKPOINTS = 32  # each is a whole network on the disk, 22 MB for that of the article
SHARE_ROUNDING = 0.015  # three shares of 0.33 are meant to be one


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """Random changes of a training picture; all zero means none.

    The help of each field says what it means. ``zoom`` and ``stretch`` of 0.3 are 1/1.3 to 1.3 times; for the
    erased box see Zhong et al. 2020.
    """

    flip: bool = switch(False, "Flip", "Mirror left and right, every other time.")
    rotation_degrees: float = number(0.0, "Rotation", "Largest turn either way.", 0, 180, 1, "degrees")
    zoom: float = number(0.0, "Zoom", "0.5 shows things 1/1.5 to 1.5 times as large.", 0, 1, 0.05)
    shift_fraction: float = number(0.0, "Shift", "Largest shift, as a share of the side.", 0, 0.5, 0.01)
    brightness: float = number(0.0, "Brightness", "Largest change, as a share of the range.", 0, 0.8, 0.01)
    contrast: float = number(0.0, "Contrast", "Largest relative change.", 0, 0.9, 0.01)
    stretch: float = number(0.0, "Stretch", "Largest change of height against width.", 0, 1, 0.05)
    saturation: float = number(0.0, "Saturation", "Largest relative change of colourfulness.", 0, 1, 0.05)
    erase_probability: float = number(0.0, "Erase", "How often a grey box hides a part.", 0, 1, 0.05)
    erase_fraction: float = number(0.0, "Largest erased side", "As a share of the side.", 0, 0.8, 0.05)

    def __post_init__(self) -> None:
        """Refuse what cannot be done to a picture.

        Raises:
            DataError: a number out of its range.
        """
        check_fields(self, DataError)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """Everything that decides a run besides its data; what the help of a field leaves open:

    Attributes:
        preset: key of one in ``cnn_core.training.settings.presets``.
        optimizer: ``adam`` (Kingma and Ba 2015), ``adamw`` (Loshchilov and Hutter 2019), ``rmsprop``
            (Hinton 2012) or ``sgd`` with momentum 0.9.
        learning_rate: of every step, or the peak of the cosine.
        schedule: ``constant``, or ``cosine`` down to zero (Loshchilov and Hutter 2017).
        dropout: presets with several places keep their proportions.
        warmup_epochs: of a linear rise from zero, at most a fifth of the run.
        weight_decay: decoupled, of kernels only.
        label_smoothing: pulls the targets 0 and 1 together by this much (Szegedy et al. 2016).
        average_decay: per step, of averaged weights (Polyak and Juditsky 1992).
        base: Keras application below the new head; preset ``transfer`` alone.
        fine_tuning_epochs: at a hundredth of the learning rate.
        sizes_px: small pictures first train faster (progressive resizing, Howard 2018). The last size may be
            below ``input_size_px``, because augmentation zooms in (Touvron et al. 2019).
    """

    preset: str = "photo_cnn"
    epochs: int = number(30, "Epochs", "Passes over the training pictures.", 1, MOST_EPOCHS, 1)
    batch_size: int = number(64, "Batch size", "Pictures per step; fewer need less memory.", 1, 1024, 1)
    input_size_px: int = number(
        150, "Picture size", "Side of the network's input.", SMALLEST_PX, LARGEST_PX, 1, "px"
    )
    learning_rate: float = number(0.001, "Learning rate", "Length of a step.", 1e-6, 1.0, 1e-6)
    optimizer: str = choice("adam", "Optimizer", "The rule of a step.", OPTIMIZERS)
    schedule: str = choice("constant", "Schedule", "How the rate changes over the run.", SCHEDULES)
    dropout: float = number(0.0, "Dropout", "Largest share of units dropped at random.", 0, 0.9, 0.05)
    early_stopping_epochs: int = number(
        0,
        "Early stopping",
        "Stop after so many without lower validation loss, or go on to fine-tuning, counting anew; 0: never.",
        0,
        100,
        1,
        "epochs",
    )
    keep: str = choice("last", "Epoch to keep", "Best: the one of the lowest validation loss.", KEPT)
    class_weights: str = choice("none", "Class weights", "Balanced: rare classes count more.", CLASS_WEIGHTS)
    precision: str = choice(
        "automatic", "Precision", "Automatic measures once per network, size and batch.", PRECISIONS
    )
    device: str = choice("automatic", "Device", "Automatic takes all GPUs there are.", DEVICES)
    seed: int = number(0, "Seed", "Of weights, order, dropout and augmentation.", 0, 9999, 1)
    warmup_epochs: float = number(0.0, "Warm-up", "The rate rises from zero.", 0, 20, 0.5, "epochs")
    weight_decay: float = number(0.0, "Weight decay", "Pulls kernels to zero; adamw alone.", 0, 0.5, 0.001)
    label_smoothing: float = number(0.0, "Label smoothing", "Makes targets less certain.", 0, 0.4, 0.01)
    average_decay: float = number(0.0, "Weight averaging", "Decay per step; 0: off.", 0, 0.9999, 0.0001)
    checkpoint_count: int = number(
        8,
        "Epochs kept to open",
        "How many stay as networks, spread over the run.",
        0,
        MOST_CHECKPOINTS,
        1,
    )
    checkpoint_epochs: tuple[int, ...] = numbers(
        "Named epochs to keep",
        "Which stay as networks instead; 0 is before the training.",
        "0, 1, 2, 5, 10",
        "spread over the run",
        0,
        MOST_EPOCHS,
    )
    tensorboard: bool = switch(False, "TensorBoard events", "Written into the folder of the run.")
    base: str = choice("MobileNetV2", "Base", "Network whose features are reused.", BASES)
    fine_tuning_epochs: int = number(0, "Fine-tuning", "Last epochs, base included.", 0, 100, 1, "epochs")
    sizes_px: tuple[int, ...] = numbers(
        "Training sizes",
        "Sides of the training pictures, one per stage, small ones first; none: the picture size.",
        "96, 128",
        "none",
        SMALLEST_PX,
        LARGEST_PX,
        "px",
    )
    stage_shares: tuple[float, ...] = numbers(
        "Shares of the epochs",
        "How much of the run each of the training sizes gets; together 1.",
        "0.5, 0.5",
        "none",
        0.0,
        1.0,
    )
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        """Refuse settings that cannot be trained.

        Raises:
            DataError: a number out of its range, a word that is no option, or some that do not go together.
        """
        if not isinstance(self.preset, str):
            raise DataError(f"Expected preset as a word. Received: {self.preset!r}.")
        if not isinstance(self.augmentation, Augmentation):
            raise DataError(f"Expected settings as augmentation. Received: {self.augmentation!r}.")
        check_fields(self, DataError)
        self._check_checkpoint_epochs()
        if len(self.sizes_px) != len(self.stage_shares):
            raise DataError(
                f"Expected as many stage_shares as sizes_px, {list(self.sizes_px)}. "
                f"Received: {list(self.stage_shares)}. Give each size its share of the epochs."
            )
        together = sum(self.stage_shares)
        if self.stage_shares and abs(together - 1) > SHARE_ROUNDING:
            raise DataError(
                f"Expected stage_shares that are together 1. Received: {list(self.stage_shares)}, together "
                f"{together:g}. Raise or lower one of them."
            )

    def _check_checkpoint_epochs(self) -> None:
        late = [epoch for epoch in self.checkpoint_epochs if epoch > self.epochs]
        if late:
            raise DataError(
                "Expected checkpoint_epochs, the epochs to keep, from 0, before the training, to "
                f"{self.epochs}, the last one. Received: {str(late)[1:-1]}. Leave these out, or train for "
                "more epochs."
            )
        named = len(set(self.checkpoint_epochs))
        if named > MOST_CHECKPOINTS:
            raise DataError(
                f"Expected checkpoint_epochs, the epochs to keep, to be {MOST_CHECKPOINTS} at most. "
                f"Received: {named}. Leave some out."
            )

    @property
    def kept_epochs(self) -> frozenset[int]:
        """The epochs whose weights are kept; 0 is the fresh network, before its training.

        A network changes most at first, so without names the epochs are spread like powers: 0, 1, 2, 4, 8;
        fewer than ``checkpoint_count`` where powers fall into one epoch.
        """
        if self.checkpoint_epochs:
            return frozenset(self.checkpoint_epochs)
        if self.checkpoint_count < 2:
            return frozenset([self.epochs] * self.checkpoint_count)
        powers = np.geomspace(self.epochs, 1, self.checkpoint_count - 1)
        return frozenset({0, *(round(float(epoch)) for epoch in powers)})

    def size_at(self, epoch: int) -> int:
        """Side in pixels of the training pictures in ``epoch``, counted from 0."""
        passed = 0.0
        for size_px, share in zip(self.sizes_px, self.stage_shares, strict=True):
            passed += share
            if epoch < round(passed * self.epochs):
                return size_px
        return self.sizes_px[-1] if self.sizes_px else self.input_size_px
