"""An index of a data set, to be read: what makes every channel of a network fire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cnn_core.errors import InvalidRequestError
from cnn_core.files import read_json
from cnn_core.neurons.bins import BINS
from cnn_core.neurons.channel_figures import IndexedLayer
from cnn_core.neurons.columns import READ_ERRORS, DamagedFileError, list_array
from cnn_core.neurons.merging import layer_file

VERSION = 1
METADATA_FILE, IMAGES_FILE = "index.json", "images.parquet"

Double = NDArray[np.float64]
Float = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An image at one end of a channel.

    Attributes:
        image: its number in ``PhotoIndex.images()``.
        path: relative to the folder of the data set.
        label: index of its class.
        value: the largest activation of the channel on it.
        y, x: position in the map where that is; 0, 0 for a unit of a dense layer.
    """

    image: int
    path: str
    label: int
    value: float
    y: int
    x: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChannelFigures:
    """Figures of the ``k`` channels of a layer over the images, after its non-linearity.

    Attributes:
        mean: ``(k,)``, of the mean of the map.
        maximum: ``(k,)``, largest activation of all.
        images_fire: ``(k,)``, share of the images on which any position is above zero.
        positions_fire: ``(k,)``, share of all positions that are above zero.
        class_mean: ``(k, classes)``, of the mean of the map.
        class_peak: ``(k, classes)``, mean of the image's largest activation.
        class_maximum: ``(k, classes)``, largest activation.
        class_fires: ``(k, classes)``, share of the images of the class on which it fires.
        histogram: ``(k, BINS)``, of activations at up to 4 x 4 evenly spread positions of each image.
    """

    mean: Double
    maximum: Float
    images_fire: Double
    positions_fire: Double
    class_mean: Double
    class_peak: Double
    class_maximum: Float
    class_fires: Double
    histogram: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IndexedImages:
    """The images of an index, by their number.

    Attributes:
        paths: relative to the folder of the data set.
        labels: ``(n,)``, index of the class.
        scores: ``(n, classes of the network)``, logits of its first output.
    """

    paths: tuple[str, ...]
    labels: NDArray[np.int32]
    scores: Float


class PhotoIndex:
    """An index on disk; every method reads what it is asked for, and no more."""

    def __init__(self, folder: Path, *, model_fingerprint: str | None = None) -> None:
        """Open an index.

        Args:
            folder: of the index.
            model_fingerprint: of the network that it must be of; None: of any.

        Raises:
            DamagedFileError: none is there, or a damaged one.
            InvalidRequestError: it is of another network.
        """
        self.folder = folder
        self.metadata: dict[str, Any] = read_json(folder / METADATA_FILE)
        try:
            if self.metadata["version"] != VERSION:
                raise ValueError("of another version")
            self.classes: tuple[str, ...] = tuple(self.metadata["classes"])
            self.layers: tuple[IndexedLayer, ...] = tuple(
                IndexedLayer(name=str(name), channels=int(channels))
                for name, channels in self.metadata["layers"]
            )
            self.model_fingerprint = str(self.metadata["model_fingerprint"])
            self.data_folder = Path(self.metadata["data_folder"])
            self.unread: dict[str, str] = dict(self.metadata["unread"])
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedFileError(
                f"Expected an index in {folder}. Received none, or a damaged one. "
                "Index the data set: python -m cnn_core index MODEL FOLDER."
            ) from error
        if model_fingerprint not in (None, self.model_fingerprint):
            raise InvalidRequestError(
                f"Expected an index of the network with fingerprint {str(model_fingerprint)[:12]}. Received "
                f"one of {self.metadata.get('model_key')!r}, {self.model_fingerprint[:12]}. "
                "Index the data set with this network."
            )

    def check(self) -> None:
        """See that every file is there and was written to its end.

        Raises:
            DamagedFileError: one is not.
        """
        for name in (IMAGES_FILE, *map(layer_file, range(len(self.layers)))):
            self._columns(name)

    def channels(self, layer: str) -> ChannelFigures:
        """Figures of all channels of a layer, per class too."""
        found = self._read(layer, list(ChannelFigures.__dataclass_fields__))
        channels = len(found["mean"])
        return ChannelFigures(
            **{
                name: values.reshape(channels, -1) if name.startswith(("class_", "histogram")) else values
                for name, values in found.items()
            }
        )

    def top(self, layer: str, channel: int) -> tuple[Hit, ...]:
        """The images on which a channel is strongest, the strongest first, at most 16."""
        return self._end(layer, channel, "top")

    def bottom(self, layer: str, channel: int) -> tuple[Hit, ...]:
        """The images whose largest activation of a channel is smallest, the smallest first, at most 16."""
        return self._end(layer, channel, "bottom")

    def class_histograms(self, layer: str) -> NDArray[np.int32]:
        """``(k, classes, BINS)``: how the largest activations of the images of each class are spread."""
        found = self._read(layer, ["class_histogram"])["class_histogram"]
        return found.reshape(len(found), len(self.classes), BINS)

    def correlations(self, layer: str) -> Float | None:
        """``(k, k)`` of the largest activations of images; None for layers of more than 2048 channels."""
        if "correlation" not in self._columns(layer_file(self._number(layer))):
            return None
        found = self._read(layer, ["correlation"])["correlation"]
        return found.reshape(len(found), len(found))

    def images(self) -> IndexedImages:
        """Path, class and scores of every image."""
        found = self._table(IMAGES_FILE, ["path", "label", "scores"])
        return IndexedImages(
            paths=tuple(found["path"].tolist()),
            labels=found["label"],
            scores=found["scores"].reshape(len(found["label"]), -1),
        )

    def vectors(self) -> Float:
        """``(n, d)``: what enters the last dense layer of the first output, per image."""
        found = self._table(IMAGES_FILE, ["vector"])["vector"]
        return found.reshape(len(found), -1)

    def _end(self, layer: str, channel: int, end: str) -> tuple[Hit, ...]:
        count = self.layers[self._number(layer)].channels
        if not 0 <= channel < count:
            raise InvalidRequestError(f"Expected a channel from 0 to {count - 1}. Received: {channel}.")
        names = ("value", "image", "y", "x")
        found = self._read(layer, [f"{end}_{name}" for name in names])
        rows = [found[f"{end}_{name}"].reshape(count, -1)[channel] for name in names]
        images = self._table(IMAGES_FILE, ["path", "label"])
        return tuple(
            Hit(
                image=int(image),
                path=str(images["path"][image]),
                label=int(images["label"][image]),
                value=float(value),
                y=int(y),
                x=int(x),
            )
            for value, image, y, x in zip(*rows, strict=True)
        )

    def _number(self, layer: str) -> int:
        names = [each.name for each in self.layers]
        if layer not in names:
            raise InvalidRequestError(f"Expected a layer of {', '.join(names)}. Received: {layer!r}.")
        return names.index(layer)

    def _columns(self, name: str) -> Sequence[str]:
        try:
            with pq.ParquetFile(self.folder / name) as file:
                return tuple(file.schema_arrow.names)
        except READ_ERRORS as error:
            raise self._damaged(name, error) from error

    def _read(self, layer: str, columns: Sequence[str]) -> dict[str, NDArray[Any]]:
        return self._table(layer_file(self._number(layer)), columns)

    def _table(self, name: str, columns: Sequence[str]) -> dict[str, NDArray[Any]]:
        try:
            with pq.ParquetFile(self.folder / name, page_checksum_verification=True) as file:
                table = file.read(list(columns))
            return {column: list_array(table.column(column)) for column in columns}
        except READ_ERRORS as error:
            raise self._damaged(name, error) from error

    def _damaged(self, name: str, error: Exception) -> DamagedFileError:
        return DamagedFileError(
            f"Expected a whole {name} in the index {self.folder}. Received a damaged one "
            f"({type(error).__name__}). Index the data set again: "
            "the parts that are whole are only added up anew."
        )
