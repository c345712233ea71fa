"""Settings of one training run, as plain values that go into the run's folder as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """Random changes of a training picture; all zero means none.

    Attributes:
        flip: mirror left and right with probability one half.
        rotation_degrees: largest rotation either way.
        zoom: largest relative change of scale, 0.3 meaning 1/1.3 to 1.3 times.
        stretch: largest relative change of the aspect ratio, as ``zoom``.
        shift_fraction: largest shift in either direction, as a share of the side.
        brightness: largest change of brightness, as a share of the full range.
        contrast: largest relative change of contrast.
        saturation: largest relative change of colour saturation.
        erase_probability: how often one rectangle is painted grey (Zhong et al. 2020).
        erase_fraction: largest side of that rectangle, as a share of the picture's.
    """

    flip: bool = False
    rotation_degrees: float = 0.0
    zoom: float = 0.0
    stretch: float = 0.0
    shift_fraction: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    erase_probability: float = 0.0
    erase_fraction: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """Everything that decides a run besides its data.

    Attributes:
        preset: key of an architecture in ``cnn_core.architectures``.
        epochs: passes over the training pictures.
        batch_size: pictures per step.
        sizes_px: side of the training pictures, one per stage; small ones first train faster
            (progressive resizing, Howard 2018).
        stage_shares: share of the epochs spent at each of ``sizes_px``.
        input_size_px: side of the pictures that the finished model takes. Somewhat larger than
            the last training size, because augmentation zooms in (Touvron et al. 2019).
        learning_rate: peak of a cosine schedule with linear warm-up.
        warmup_epochs: length of that warm-up.
        weight_decay: decoupled weight decay (Loshchilov and Hutter 2019), kernels only.
        label_smoothing: pulls the targets 0 and 1 together by this much (Szegedy et al. 2016).
        average_decay: decay per step of the averaged weights that are kept (Polyak 1992).
        dropout: share of units dropped before the head.
        precision: ``float32`` or ``mixed_bfloat16``.
        seed: of initial weights, order of pictures and augmentation.
    """

    preset: str = "photo_cnn"
    epochs: int = 48
    batch_size: int = 64
    sizes_px: tuple[int, ...] = (96, 128)
    stage_shares: tuple[float, ...] = (0.65, 0.35)
    input_size_px: int = 144
    learning_rate: float = 0.002
    warmup_epochs: float = 1.5
    weight_decay: float = 0.02
    label_smoothing: float = 0.05
    average_decay: float = 0.998
    dropout: float = 0.3
    precision: str = "float32"
    seed: int = 0
    augmentation: Augmentation = field(
        default_factory=lambda: Augmentation(
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
    )

    def size_at(self, epoch: int) -> int:
        """Side in pixels of the training pictures in ``epoch``, counted from 0."""
        passed = 0.0
        for size_px, share in zip(self.sizes_px, self.stage_shares, strict=True):
            passed += share
            if epoch < round(passed * self.epochs):
                return size_px
        return self.sizes_px[-1]
