"""Photos through the network, part by part: decoded by threads ahead of it, reduced inside the graph."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.errors import ImageError
from cnn_core.framework import backend
from cnn_core.images.decode import decode_image, model_pixels, picture_bytes
from cnn_core.images.preprocessing import Preprocessing
from cnn_core.neurons.bins import BINS, counted
from cnn_core.neurons.channel_figures import BatchFigures, IndexedLayer, channel_figures, indexed_layers
from cnn_core.neurons.parts import Part
from cnn_core.neurons.photo_set import PhotoFile
from cnn_core.neurons.projection import projected
from cnn_core.probe.probe import Probe

KEPT = 16  # images at either end of a channel
BATCHES = (4, 128)  # smallest and largest on a processor
BATCH_BYTES = 2**20  # of inputs on a processor: maps of few photos stay in its cache until they are reduced
BATCHES_GPU = (1, 64)
BATCH_BYTES_GPU = 64 * 2**20
THREADS = min(8, os.cpu_count() or 1)
AHEAD = 3  # batches that are decoded while one is computed

Pixels = NDArray[np.uint8]
Files = Sequence[PhotoFile]


def photo_pixels(path: Path) -> Pixels:
    """The pixels ``(H, W, 3)`` of a photo file.

    Raises:
        ImageError, OSError: it is no photo, or gone.
    """
    return decode_image(picture_bytes(path)).pixels


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IndexedModel:
    """A network to index.

    Attributes:
        key: its name.
        fingerprint: sha256 over the files that decide its answers.
        probe: the network.
        input_px: height and width of what it takes.
        preprocessing: from pixels to that.
        pixels: reads a photo, ``(H, W, 3)``.
    """

    key: str
    fingerprint: str
    probe: Probe
    input_px: tuple[int, int]
    preprocessing: Preprocessing
    pixels: Callable[[Path], Pixels] = photo_pixels

    @property
    def batch(self) -> int:
        """How many photos go through the network at once."""
        bytes_each = 4 * self.input_px[0] * self.input_px[1] * self.probe.input_shape[2]
        on_gpu = backend.device_name() != "CPU"
        fewest, most = BATCHES_GPU if on_gpu else BATCHES
        return max(fewest, min(most, (BATCH_BYTES_GPU if on_gpu else BATCH_BYTES) // bytes_each))


def computed_parts(
    model: IndexedModel, folder: Path, plans: Sequence[Files], tell: Callable[[int], None]
) -> Iterator[Part]:
    """The parts of ``plans``, one after the other.

    Args:
        model: that is asked.
        folder: of the data set.
        plans: photos of each part.
        tell: called with the number of photos that are done after every batch; what it raises ends it.
    """
    layers, size = indexed_layers(model.probe), model.batch
    steps = [(number, start) for number, files in enumerate(plans) for start in range(0, len(files), size)]
    with ThreadPoolExecutor(THREADS) as pool:
        waiting: deque[list[Future[Pixels | str]]] = deque()
        upcoming = iter(steps)
        reading = None
        try:
            for number, start in steps:
                while len(waiting) <= AHEAD and (step := next(upcoming, None)) is not None:
                    files = plans[step[0]][step[1] : step[1] + size]
                    waiting.append([pool.submit(_read, model, folder / file.path) for file in files])
                reading = _PartSums(layers, folder, plans[number]) if start == 0 else reading
                if reading is not None:
                    reading.add(model, start, [future.result() for future in waiting.popleft()])
                    tell(min(size, len(plans[number]) - start))
                    if start + size >= len(plans[number]):
                        yield reading.part()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _read(model: IndexedModel, path: Path) -> Pixels | str:
    """The photo as the network gets it, before scaling; or why it cannot be read."""
    try:
        pixels = model.pixels(path)
    except ImageError as error:
        return str(error)
    except OSError as error:
        return f"Expected a file that can be read. Received: {error.strerror or error}."
    return model_pixels(pixels, model.input_px, model.probe.input_shape[2], model.preprocessing.fit)


class _PartSums:
    """The figures of one part as its batches come in."""

    def __init__(self, layers: tuple[IndexedLayer, ...], folder: Path, files: Files) -> None:
        self._layers, self._folder, self._files = layers, folder, tuple(files)
        self._reasons: dict[int, str] = {}
        self._labels = tuple(sorted({file.label for file in files}))
        channels = sum(layer.channels for layer in layers)
        self._found: list[dict[str, NDArray[Any]]] = []
        self._vector_length = 0
        self._mean_sum = np.zeros((channels, len(self._labels)))
        self._share_sum = np.zeros(channels)
        self._samples = np.zeros((channels, BINS), np.int64)

    def add(self, model: IndexedModel, start: int, read: Sequence[Pixels | str]) -> None:
        """A batch of photos, from the ``start``-th file of the part on."""
        pictures = {start + place: each for place, each in enumerate(read) if not isinstance(each, str)}
        self._reasons |= {start + place: each for place, each in enumerate(read) if isinstance(each, str)}
        if not pictures:
            return
        size = model.batch
        values = list(pictures.values())
        # Filled up, since the network is compiled anew for every other number of pictures.
        filled = np.stack([*values, *[values[-1]] * (size - len(values))])  # (size, H, W, c)
        figures = channel_figures(model.probe, model.preprocessing.apply(filled), self._layers)
        values_of = np.concatenate([figures.mean, figures.scores], axis=1)
        finite = np.asarray(np.isfinite(values_of).all(axis=1), np.bool_)
        for place, fine in zip(pictures, finite, strict=False):
            if not fine:
                self._reasons[place] = "Expected finite activations. Received NaN or infinity for this photo."
        rows = np.flatnonzero(finite[: len(values)])
        if rows.size:
            self._keep(figures, rows, [list(pictures)[row] for row in rows])

    def _keep(self, figures: BatchFigures, rows: NDArray[np.intp], places: Sequence[int]) -> None:
        self._vector_length = figures.vectors.shape[1]
        labels = np.array([self._labels.index(self._files[place].label) for place in places])
        belongs = np.eye(len(self._labels))[labels]  # (n, c)
        self._mean_sum += figures.mean[rows].T.astype(np.float64) @ belongs
        self._share_sum += figures.share[rows].sum(axis=0, dtype=np.float64)
        first = 0
        for samples in figures.samples:
            channels = samples.shape[2]
            values = samples[rows].reshape(-1, channels)
            self._samples[first : first + channels] += counted(values)
            first += channels
        self._found.append(
            {
                "maxima": figures.peak[rows],
                "y": figures.y[rows].astype(np.uint16),
                "x": figures.x[rows].astype(np.uint16),
                "scores": figures.scores[rows],
                "vectors": projected(figures.vectors[rows]),
            }
        )

    def part(self) -> Part:
        """All of it, after the last batch."""
        nothing = dict.fromkeys(("maxima", "y", "x", "scores", "vectors"), np.empty((0, 0), np.float32))
        joined = {
            name: np.concatenate([each[name] for each in self._found]) if self._found else nothing[name]
            for name in nothing
        }
        channels: dict[str, NDArray[Any]] = {}
        if self._found:
            maxima = np.ascontiguousarray(joined["maxima"].T)  # (K, n)
            channels = {
                "maxima": maxima,
                "mean_sum": self._mean_sum,
                "share_sum": self._share_sum,
                "samples": self._samples.astype(np.uint16),
            }
            for end, order in (("top", -maxima), ("bottom", maxima)):
                kept = np.argsort(order, axis=1, kind="stable")[:, :KEPT]  # (K, t)
                channels[f"{end}_row"] = kept.astype(np.uint16)
                for axis in ("y", "x"):
                    channels[f"{end}_{axis}"] = np.take_along_axis(joined[axis].T, kept, axis=1)
        return Part(
            folder=str(self._folder),
            files=self._files,
            reasons=self._reasons,
            layers=self._layers,
            scores=joined["scores"],
            vectors=joined["vectors"],
            channels=channels,
            labels=self._labels,
            vector_length=self._vector_length,
        )
