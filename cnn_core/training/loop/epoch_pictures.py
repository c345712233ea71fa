"""The pictures of a run, by epoch: their size, the order of their decoding, their batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np

from cnn_core.datasets.splits import Splits
from cnn_core.images.preprocessing import Preprocessing
from cnn_core.progress import Progress
from cnn_core.training.input.pictures import DecodedPictures, SizedFiles
from cnn_core.training.input.pipeline import Batch, Batching, epoch_order, kept_size_px, training_batches
from cnn_core.training.input.pixel_cache import PixelSet
from cnn_core.training.loop.stages import Stages
from cnn_core.training.settings.config import TrainingConfig


class EpochPictures:
    """What each epoch is trained on; ``losses`` are those of the epochs before, in validation."""

    def __init__(
        self, config: TrainingConfig, splits: Splits, decoded: DecodedPictures, stages: Stages
    ) -> None:
        """Nothing is decoded yet but what ``decoded`` has begun."""
        self._config, self._splits, self._decoded, self._stages = config, splits, decoded, stages
        self._labels = np.asarray(splits.training.labels, np.float32)

    def begin(self, losses: Sequence[float]) -> None:
        """Decode those of the next epoch, of what it is validated on, then those of the epochs after."""
        epoch = len(losses)
        epochs = range(epoch, 0 if self._stages.is_over(losses) else self._stages.end(losses))
        training = [self._training(epoch, losses) for epoch in epochs]
        others = [files for name, files in self._splits.items() if name != "training"]
        validated = [(files, self._config.input_size_px) for files in others]
        order = epoch_order((self._config.seed, epoch), len(self._labels))
        self._decoded.begin([*training[:1], *validated, *training], order)

    def size_px(self, epoch: int, losses: Sequence[float]) -> int:
        """Side of the pictures in the batches of an epoch, counted from 0."""
        return self._config.size_at(self._stages.planned_epoch(epoch, losses))

    def wait_for_first_batch(self, epoch: int, losses: Sequence[float], progress: Progress) -> None:
        """Wait for the pictures that an epoch begins with; ``progress`` and errors as in ``PixelSet``."""
        order = epoch_order((self._config.seed, epoch), len(self._labels))
        self._pictures(epoch, losses).wait_for(order[: self._config.batch_size], progress)

    def batches(
        self,
        epoch: int,
        losses: Sequence[float],
        preprocessing: Preprocessing,
        channels: int,
        first: int,
        stopped: Callable[[], bool],
    ) -> Iterator[Batch]:
        """The batches of an epoch from the ``first``, each as soon as its own pictures are decoded.

        Raises:
            ImageError: a file is no usable picture.
            OSError: a file is gone, or the disk is full.
            Cancelled: ``stopped`` said so while a batch waited for its pictures.
        """
        batching = Batching(
            size_px=self.size_px(epoch, losses),
            batch_size=self._config.batch_size,
            augmentation=self._config.augmentation,
            preprocessing=preprocessing,
            seed=(self._config.seed, epoch),
            channels=channels,
        )
        pictures, asked = self._pictures(epoch, losses), Progress(cancelled=stopped)
        wait_for = partial(pictures.wait_for, progress=asked)
        return training_batches(pictures.pixels(asked), self._labels, batching, first, wait_for)

    def _pictures(self, epoch: int, losses: Sequence[float]) -> PixelSet:
        return self._decoded.set_of(*self._training(epoch, losses))

    def _training(self, epoch: int, losses: Sequence[float]) -> SizedFiles:
        return self._splits.training, kept_size_px(self.size_px(epoch, losses), self._config.augmentation)
