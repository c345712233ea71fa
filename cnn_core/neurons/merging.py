"""Parts added up to an index: exactly, layer by layer, in memory that does not grow with the photos."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cnn_core.neurons.bins import BINS, bin_of
from cnn_core.neurons.channel_figures import IndexedLayer
from cnn_core.neurons.columns import table_of
from cnn_core.neurons.part_computation import KEPT
from cnn_core.neurons.parts import WRITING, StoredPart

MAX_CORRELATED = 2048  # channels of a layer
BLOCK_BYTES = 128 * 2**20  # of the histograms of classes that are held at once
ENDS = ("top", "bottom")
SMALLEST_VARIANCE = 1e-12  # relative to the mean square; less is rounding

Arrays = dict[str, NDArray[Any]]


def layer_file(number: int) -> str:
    """Name of the file of a layer in an index."""
    return f"layer_{number:03}.parquet"


def write_layer(
    path: Path,
    parts: Sequence[StoredPart],
    number: int,
    layer: IndexedLayer,
    classes: Sequence[str],
    tell: Callable[[], None],
) -> int:
    """Write the figures of the channels of a layer over all parts; how many of them never fire.

    Args:
        path: the file.
        parts: with images, in the order in which images are numbered.
        number: of the layer among those of the parts.
        layer: its name and size.
        classes: names; the index of a name is its label.
        tell: called after each part; what it raises ends it.

    Raises:
        DamagedFileError: a part cannot be read.
        OSError: the disk is full.
    """
    figures = _figures(parts, number, layer, classes, tell)
    writer = None
    try:
        for first, histograms in _class_histograms(parts, number, layer, classes):
            rows = {name: values[first : first + len(histograms)] for name, values in figures.items()}
            table = table_of(rows | {"class_histogram": histograms})
            writer = pq.ParquetWriter(path, table.schema, **WRITING) if writer is None else writer
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()
    return int((figures["images_fire"] == 0).sum())


def write_images(path: Path, parts: Sequence[StoredPart], classes: Sequence[str]) -> None:
    """Write path, label, scores and vector of every image, a row each.

    Raises:
        DamagedFileError: a part cannot be read.
        OSError: the disk is full.
    """
    writer = None
    try:
        for part in parts:
            labels = _labels(part, classes).astype(np.int32)
            table = table_of({"label": labels, **part.per_image()})
            table = table.append_column("path", [[file.path for file in part.images]])
            writer = pq.ParquetWriter(path, table.schema, **WRITING) if writer is None else writer
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


def _labels(part: StoredPart, classes: Sequence[str]) -> NDArray[np.intp]:
    return np.array([classes.index(file.label) for file in part.images], np.intp)


def _figures(
    parts: Sequence[StoredPart],
    number: int,
    layer: IndexedLayer,
    classes: Sequence[str],
    tell: Callable[[], None],
) -> Arrays:
    """What a layer file holds besides the histograms of classes."""
    sums = _Sums(layer.channels, len(classes))
    first = 0
    names = ["maxima", "mean_sum", "share_sum", "samples"]
    names += [f"{end}_{what}" for end in ENDS for what in ("row", "y", "x")]
    for part in parts:
        labels = _labels(part, classes)
        found = part.channels(number, names)
        sums.add(found, labels, [classes.index(name) for name in part.labels], first)
        first += len(labels)
        tell()
    return sums.figures()


class _Sums:
    """Running sums over parts for the ``k`` channels of a layer."""

    def __init__(self, channels: int, classes: int) -> None:
        self._count = np.zeros(classes)
        self._mean, self._peak, self._fires = (np.zeros((channels, classes)) for _ in range(3))
        self._maximum = np.full((channels, classes), -np.inf, np.float32)
        self._share = np.zeros(channels)
        self._samples = np.zeros((channels, BINS), np.int64)
        correlated = channels if channels <= MAX_CORRELATED else 0
        self._products = np.zeros((correlated, correlated))
        self._ends: dict[str, Arrays] = {}

    def add(self, found: Arrays, labels: NDArray[np.intp], of_sums: Sequence[int], first: int) -> None:
        """Add a part whose images have ``labels`` and are numbered from ``first`` on."""
        maxima = found["maxima"]  # (k, n)
        for label in np.unique(labels):
            values = maxima[:, labels == label]
            self._count[label] += values.shape[1]
            self._peak[:, label] += values.sum(axis=1, dtype=np.float64)
            self._fires[:, label] += (values > 0).sum(axis=1)
            self._maximum[:, label] = np.maximum(self._maximum[:, label], values.max(axis=1))
        self._mean[:, list(of_sums)] += found["mean_sum"].reshape(len(maxima), -1)
        self._share += found["share_sum"]
        self._samples += found["samples"]
        if self._products.size:
            exact = maxima.astype(np.float64)
            self._products += exact @ exact.T
        for end in ENDS:
            self._add_end(end, found, first)

    def _add_end(self, end: str, found: Arrays, first: int) -> None:
        rows = found[f"{end}_row"].reshape(len(found["maxima"]), -1).astype(np.int64)  # (k, t)
        new = {
            "value": np.take_along_axis(found["maxima"], rows, axis=1),
            "image": (rows + first).astype(np.int32),
            "y": found[f"{end}_y"].reshape(rows.shape).astype(np.int32),
            "x": found[f"{end}_x"].reshape(rows.shape).astype(np.int32),
        }
        if end in self._ends:
            new = {name: np.concatenate([self._ends[end][name], new[name]], axis=1) for name in new}
        by = -new["value"] if end == "top" else new["value"]
        order = np.argsort(by, axis=1, kind="stable")[:, :KEPT]
        self._ends[end] = {name: np.take_along_axis(values, order, axis=1) for name, values in new.items()}

    def figures(self) -> Arrays:
        """All of it as means, shares and correlations."""
        total = self._count.sum()
        each = np.maximum(self._count, 1)
        figures: Arrays = {
            "mean": self._mean.sum(axis=1) / total,
            "maximum": self._maximum.max(axis=1),
            "images_fire": self._fires.sum(axis=1) / total,
            "positions_fire": self._share / total,
            "class_mean": self._mean / each,
            "class_peak": self._peak / each,
            "class_maximum": self._maximum,
            "class_fires": self._fires / each,
            "histogram": self._samples,
        }
        for end in ENDS:
            figures |= {f"{end}_{name}": values for name, values in self._ends[end].items()}
        if self._products.size:
            means = self._peak.sum(axis=1) / total
            figures["correlation"] = _correlations(self._products / total, means)
        return figures


def _correlations(products: NDArray[np.float64], means: NDArray[np.float64]) -> NDArray[np.float32]:
    """Pearson's correlation ``(k, k)`` from mean products; 0 with a channel that is the same everywhere."""
    squares = np.diagonal(products).copy()
    variances = squares - means**2
    constant = variances <= SMALLEST_VARIANCE * np.maximum(squares, np.finfo(np.float64).tiny)
    scale = np.where(constant, 0, 1 / np.sqrt(np.where(constant, 1, variances)))
    covariances = products - means[:, None] * means
    return np.clip(covariances * scale[:, None] * scale, -1, 1).astype(np.float32)


def _class_histograms(
    parts: Sequence[StoredPart], number: int, layer: IndexedLayer, classes: Sequence[str]
) -> Iterator[tuple[int, NDArray[np.int32]]]:
    """Histograms ``(b, classes, BINS)`` of the maxima of images, a block of channels after the other."""
    size = max(1, BLOCK_BYTES // (4 * len(classes) * BINS))
    for first in range(0, layer.channels, size):
        channels = min(size, layer.channels - first)
        counts = np.zeros(channels * len(classes) * BINS, np.int32)
        for part in parts:
            maxima = part.channels(number, ["maxima"])["maxima"][first : first + channels]
            row = np.arange(channels)[:, None] * len(classes) + _labels(part, classes)
            np.add.at(counts, row * BINS + bin_of(maxima), 1)
        yield first, counts.reshape(channels, len(classes), BINS)
