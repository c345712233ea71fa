"""Parts of an index: some hundreds of photos each, complete or absent, which add up to any set of them."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cnn_core.errors import DataError
from cnn_core.files import read_json, write_json, writing_into
from cnn_core.neurons.channel_figures import IndexedLayer
from cnn_core.neurons.columns import READ_ERRORS, DamagedFileError, list_array, table_of
from cnn_core.neurons.photo_set import PhotoFile, files_key

PART_IMAGES = 256
VERSION = 1  # raised when the same photos give another part
FILES_FILE, IMAGES_FILE, CHANNELS_FILE = "part.json", "images.parquet", "channels.parquet"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """What a network does on some photos.

    Attributes:
        folder: of the data set.
        files: the photos.
        reasons: why a file could not be read, by its number among ``files``; the others are the images.
        layers: whose channels stand side by side, K in all.
        scores: ``(n, classes)``, logits of the first output, per image.
        vectors: ``(n, d)``, what the last layer decides by, per image.
        channels: arrays with a row per channel: ``maxima`` ``(K, n)``; ``top_row``, ``top_y``, ``top_x`` and
            ``bottom_...`` ``(K, t)``, the images of largest and of smallest maximum and where it lies;
            ``mean_sum`` ``(K, c)`` by the classes in ``labels``; ``share_sum`` ``(K,)``; ``samples``
            ``(K, BINS)``, a histogram.
        labels: names of the classes in ``mean_sum``.
        vector_length: of the vectors before they were made short; 0 without images.
    """

    folder: str
    files: tuple[PhotoFile, ...]
    reasons: dict[int, str]
    layers: tuple[IndexedLayer, ...]
    scores: NDArray[np.float32]
    vectors: NDArray[np.float32]
    channels: dict[str, NDArray[Any]]
    labels: tuple[str, ...]
    vector_length: int

    @property
    def images(self) -> tuple[PhotoFile, ...]:
        """The files that were read."""
        return tuple(file for place, file in enumerate(self.files) if place not in self.reasons)


def part_key(files: Sequence[PhotoFile]) -> str:
    """Name of the part of these photos."""
    return files_key(files)[:32]


def write_part(folder: Path, part: Part) -> Path:
    """Write a part into a folder of parts, whole or not at all.

    Raises:
        DataError: the disk is full, or the folder cannot be written.
    """
    place = folder / part_key(part.files)
    temporary = folder / f".{place.name}.{os.getpid()}-{threading.get_ident()}"
    with writing_into(folder):
        try:
            temporary.mkdir(parents=True)
            if part.images:
                images = {"scores": part.scores, "vector": part.vectors}
                pq.write_table(table_of(images), temporary / IMAGES_FILE, **WRITING)
                _write_channels(temporary / CHANNELS_FILE, part)
            metadata = {
                "version": VERSION,
                "folder": part.folder,
                "files": [list(asdict(file).values()) for file in part.files],
                "reasons": {str(place): reason for place, reason in part.reasons.items()},
                "labels": part.labels,
                "vector_length": part.vector_length,
            }
            write_json(temporary / FILES_FILE, metadata)
            shutil.rmtree(place, ignore_errors=True)
            temporary.rename(place)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return place


WRITING: dict[str, Any] = {"compression": "zstd", "write_page_checksum": True, "write_statistics": False}


def _write_channels(path: Path, part: Part) -> None:
    """A row group per layer, so that a layer is read alone."""
    writer, start = None, 0
    try:
        for layer in part.layers:
            rows = {name: values[start : start + layer.channels] for name, values in part.channels.items()}
            table, start = table_of(rows), start + layer.channels
            writer = pq.ParquetWriter(path, table.schema, **WRITING) if writer is None else writer
            writer.write_table(table, row_group_size=max(1, layer.channels))
    finally:
        if writer is not None:
            writer.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPart:
    """A part on disk.

    Attributes:
        place: its folder.
        folder: of the data set.
        files, reasons, labels, vector_length: as in ``Part``.
    """

    place: Path
    folder: str
    files: tuple[PhotoFile, ...]
    reasons: dict[int, str]
    labels: tuple[str, ...]
    vector_length: int

    @property
    def images(self) -> tuple[PhotoFile, ...]:
        """The files that were read."""
        return tuple(file for place, file in enumerate(self.files) if place not in self.reasons)

    def per_image(self) -> dict[str, NDArray[np.float32]]:
        """``scores`` ``(n, classes)`` and ``vector`` ``(n, d)``.

        Raises:
            DamagedFileError: they cannot be read.
        """
        return self._read(IMAGES_FILE, None, ["scores", "vector"])

    def channels(self, layer: int, names: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Arrays of the channels of a layer, by its number, as in ``Part.channels``.

        Raises:
            DamagedFileError: they cannot be read.
        """
        return self._read(CHANNELS_FILE, layer, names)

    def check(self) -> None:
        """Read all of it.

        Raises:
            DamagedFileError: something cannot be read.
        """
        if self.images:
            self.per_image()
            self._read(CHANNELS_FILE, None, None)

    def _read(self, name: str, group: int | None, columns: Sequence[str] | None) -> dict[str, NDArray[Any]]:
        try:
            with pq.ParquetFile(self.place / name, page_checksum_verification=True) as file:
                wanted = file.schema_arrow.names if columns is None else list(columns)
                table = file.read(wanted) if group is None else file.read_row_group(group, columns=wanted)
                return {each: list_array(table.column(each)) for each in wanted}
        except READ_ERRORS as error:
            raise DamagedFileError(
                f"Expected a part of an index in {self.place}. Received a damaged {name} "
                f"({type(error).__name__}). Index the data set again: the part is computed anew."
            ) from error


def stored_part(place: Path) -> StoredPart:
    """The part in a folder.

    Raises:
        DamagedFileError: there is none that is whole.
    """
    metadata = read_json(place / FILES_FILE)
    try:
        files = tuple(
            PhotoFile(path=str(path), label=str(label), time_ns=int(time_ns), size_bytes=int(size))
            for path, label, time_ns, size in metadata["files"]
        )
        reasons = {int(number): str(reason) for number, reason in metadata["reasons"].items()}
        if metadata["version"] != VERSION or part_key(files) != place.name:
            raise ValueError("of another version")
        labels = tuple(map(str, metadata["labels"]))
        return StoredPart(
            place=place,
            folder=str(metadata["folder"]),
            files=files,
            reasons=reasons,
            labels=labels,
            vector_length=int(metadata["vector_length"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedFileError(
            f"Expected a part of an index in {place}. Received one that is damaged or of another version. "
            "Index the data set again: it is computed anew."
        ) from error


def remove_part(part: StoredPart) -> None:
    """Remove a part, so that it is computed anew.

    Raises:
        DataError: it cannot be removed.
    """
    with writing_into(part.place.parent):
        shutil.rmtree(part.place)


def known_parts(folder: Path) -> list[StoredPart]:
    """The parts in a folder that look whole; what is damaged is left out."""
    found = []
    for place in sorted(folder.glob("[!.]*")):
        try:
            found.append(stored_part(place))
        except DataError:
            continue
    return found
