"""Settings to start from: the networks of the documents as they were trained, and our own.

Nothing here imports the framework, so that a page can list them at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from cnn_core.errors import DataError
from cnn_core.training.settings.config import Augmentation, TrainingConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A network with the settings it is usually trained with.

    Attributes:
        title: a person's name for it.
        summary: a sentence on what it is and what to expect.
        architecture: key of it in ``cnn_core.architectures``.
        parameters: weights of the network for so many ``classes`` at the preset's picture size.
        config: its settings; all can be changed.
        classes: of the data that it is for.
        data: key of the set that it is for, see ``cnn_core.datasets.known_sets``; empty for any photos.
        several_heads: whether it needs class folders that answer several questions, as its architecture says.
    """

    title: str
    summary: str
    architecture: str
    parameters: int
    config: TrainingConfig
    classes: int = 2
    data: str = ""
    several_heads: bool = False

    @property
    def key(self) -> str:
        """Its name in settings, cards and on the command line."""
        return self.config.preset


LECTURE_AUGMENTATION = Augmentation(flip=True, rotation_degrees=45.0, zoom=0.5, shift_fraction=0.15)
ARTICLE_AUGMENTATION = Augmentation(
    flip=True, rotation_degrees=40.0, zoom=0.2, shift_fraction=0.2, brightness=0.1, contrast=0.2
)
REPORT_AUGMENTATION = Augmentation(
    flip=True, rotation_degrees=40.0, zoom=0.2, stretch=0.2, shift_fraction=0.2
)
PHOTO_AUGMENTATION = Augmentation(
    flip=True,
    rotation_degrees=15.0,
    zoom=0.3,
    stretch=0.2,
    shift_fraction=0.1,
    brightness=0.12,
    contrast=0.25,
    saturation=0.4,
    erase_probability=0.4,
    erase_fraction=0.4,
)

LECTURE = TrainingConfig(preset="lecture_baseline", epochs=15, batch_size=128)
ARTICLE = TrainingConfig(preset="article_cnn", epochs=30, batch_size=32, learning_rate=1e-4, dropout=0.5)
REPORT = TrainingConfig(
    preset="report_baseline", epochs=30, batch_size=32, learning_rate=1e-4, optimizer="rmsprop"
)
SMALL = TrainingConfig(
    batch_size=128,
    input_size_px=28,
    optimizer="adamw",
    learning_rate=0.002,
    schedule="cosine",
    warmup_epochs=1.0,
    weight_decay=0.02,
    average_decay=0.998,
)

PRESETS = (
    Preset(
        title="Wide and plain, over-fits",
        summary="Three convolutions and a wide hidden layer. Learns its photos by heart within 15 epochs.",
        architecture="lecture_cnn",
        parameters=10_641_441,
        config=LECTURE,
    ),
    Preset(
        title="Wide, with dropout and augmentation",
        summary="The lecture's network with dropout and augmentation: slower, but as good on new photos.",
        architecture="lecture_cnn",
        parameters=10_641_441,
        config=replace(LECTURE, preset="lecture_regularized", dropout=0.3, augmentation=LECTURE_AUGMENTATION),
    ),
    Preset(
        title="Four convolutions, over-fits",
        summary="Four convolutions and dropout 0.5, without augmentation: over-fits after some epochs.",
        architecture="article_cnn",
        parameters=5_550_273,
        config=ARTICLE,
    ),
    Preset(
        title="Four convolutions, with augmentation",
        summary="The article's network with augmentation: answers new photos better, and does not over-fit.",
        architecture="article_cnn",
        parameters=5_550_273,
        config=replace(ARTICLE, preset="article_cnn_augmented", epochs=50, augmentation=ARTICLE_AUGMENTATION),
    ),
    Preset(
        title="Small and plain, over-fits",
        summary="Four convolutions without a rim of zeros (no padding). Over-fits early.",
        architecture="report_cnn",
        parameters=3_453_121,
        config=REPORT,
    ),
    Preset(
        title="Small, with dropout and augmentation",
        summary="The report's network with dropout 0.5 and augmentation; keeps its best epoch.",
        architecture="report_cnn",
        parameters=3_453_121,
        config=replace(
            REPORT,
            preset="report_regularized",
            epochs=80,
            dropout=0.5,
            keep="best",
            augmentation=REPORT_AUGMENTATION,
        ),
    ),
    Preset(
        title="Deep, with batch normalisation",
        summary="Deeper. Each layer's values are brought to one scale (batch normalisation), and the weights "
        "are averaged over many steps.",
        architecture="photo_cnn",
        parameters=1_467_569,
        config=TrainingConfig(
            preset="photo_cnn",
            epochs=48,
            batch_size=64,
            sizes_px=(96, 128),
            stage_shares=(0.65, 0.35),
            input_size_px=144,
            optimizer="adamw",
            learning_rate=0.002,
            schedule="cosine",
            warmup_epochs=1.5,
            weight_decay=0.02,
            label_smoothing=0.05,
            average_decay=0.998,
            dropout=0.3,
            augmentation=PHOTO_AUGMENTATION,
        ),
    ),
    Preset(
        title="On a pretrained base (transfer)",
        summary="Trained on ImageNet; a new last layer learns first, then the rest. Needs few photos.",
        architecture="transfer",
        parameters=2_259_265,
        config=TrainingConfig(
            preset="transfer",
            epochs=12,
            fine_tuning_epochs=4,
            batch_size=32,
            input_size_px=160,
            dropout=0.2,
            augmentation=Augmentation(flip=True, rotation_degrees=15.0, zoom=0.2, shift_fraction=0.1),
        ),
    ),
    Preset(
        title="Written digits",
        summary="For MNIST: five convolutions on grey pictures of 28 px.",
        architecture="digits_cnn",
        parameters=140_138,
        config=replace(
            SMALL,
            preset="digits",
            epochs=12,
            augmentation=Augmentation(rotation_degrees=10.0, zoom=0.1, stretch=0.1, shift_fraction=0.08),
        ),
        classes=10,
        data="mnist",
    ),
    Preset(
        title="Lines, one answer",
        summary="For Lines: 96 classes, one for each combination of length, width, angle and colour.",
        architecture="lines_cnn",
        parameters=38_928,
        config=replace(SMALL, preset="lines", epochs=12),
        classes=96,
        data="lines",
    ),
    Preset(
        title="Lines, four answers",
        summary="For Lines: an output each for length, width, angle and colour, with a loss each.",
        architecture="lines_heads",
        parameters=33_663,
        config=replace(SMALL, preset="lines_heads", epochs=12),
        classes=96,
        data="lines",
        several_heads=True,
    ),
)


def settings_without_effect(config: TrainingConfig) -> frozenset[str]:
    """The settings that change nothing, whatever they are, with the others of a run as they are."""
    transfers = any(p.key == config.preset and p.architecture == "transfer" for p in PRESETS)
    idle = {
        "base": not transfers,
        "fine_tuning_epochs": not transfers,
        "weight_decay": config.optimizer != "adamw",
        "checkpoint_count": bool(config.checkpoint_epochs),
        "stage_shares": not config.sizes_px and not config.stage_shares,
        "augmentation.erase_fraction": config.augmentation.erase_probability == 0,
    }
    return frozenset(name for name, nothing in idle.items() if nothing)


def preset_named(key: str) -> Preset:
    """The preset with that key.

    Raises:
        DataError: there is none.
    """
    for preset in PRESETS:
        if preset.key == key:
            return preset
    raise DataError(f"Expected a preset of {', '.join(preset.key for preset in PRESETS)}. Received: {key!r}.")


def preset_title(key: str) -> str:
    """A person's name for a preset; the key itself in a run of another version, whose preset is not known."""
    return next((preset.title for preset in PRESETS if preset.key == key), key)
