"""What lies in an uploaded model file, taken out without running anything of it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py

from cnn_core.errors import ModelError

MAX_CONFIG_BYTES = 32 * 2**20
MAX_WEIGHTS_BYTES = 2 * 2**30  # as they are in memory
MAX_RATIO = 200  # of the bytes of a part to those that it takes in the archive
HDF5 = b"\x89HDF\r\n\x1a\n"
ZIP = b"PK\x03\x04"
PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
CHOOSE = "Choose another file."


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A model file in parts.

    Attributes:
        description: its network, as ``config.json`` has it.
        version: of the Keras that saved it; empty where it is not said.
        weights: an HDF5 file with the weights.
        whole: an HDF5 file that holds the description too, in the older format.
        training: what it says of its training, unchecked; may be empty.
        numbers: how many weights there are, where there is no description; else 0.
    """

    description: dict[str, Any]
    version: str
    weights: Path
    whole: bool
    training: Mapping[str, Any] = field(default_factory=dict)
    numbers: int = 0


def contents_of(path: Path, folder: Path) -> Contents:
    """Look into a model file.

    Args:
        path: the file, whatever its name.
        folder: takes the weights of an archive.

    Raises:
        ModelError: no model, or more in it than a model needs; the message says what.
    """
    with path.open("rb") as file:
        magic = file.read(8)
    try:
        if magic.startswith(ZIP):
            return _of_archive(path, folder)
        if magic.startswith(HDF5):
            return _of_hdf5(path)
    except ModelError:
        raise
    except Exception as error:  # readers raise anything at all on damaged files
        raise ModelError(
            f"Expected a Keras model. Received: a damaged file ({type(error).__name__}), perhaps cut off on "
            "its way. Save or copy it again."
        ) from error
    found = "an empty file" if not magic else "a pickle" if magic.startswith(PICKLES) else "something else"
    raise ModelError(f"Expected a Keras model, .keras or .h5. Received: {found}. {CHOOSE}")


def _of_archive(path: Path, folder: Path) -> Contents:
    with zipfile.ZipFile(path) as archive:
        for part in archive.infolist():
            _check_part(part)
        if CONFIG not in archive.namelist():
            raise ModelError(
                f"Expected a Keras model. Received: an archive of something else, without {CONFIG}. {CHOOSE}"
            )
        if WEIGHTS not in archive.namelist():
            raise ModelError(
                f"Expected the weights of a model. Received: none, {WEIGHTS} is missing. {CHOOSE}"
            )
        description = _object(archive.read(CONFIG), CONFIG)
        metadata = _object(archive.read(METADATA), METADATA) if METADATA in archive.namelist() else {}
        weights = Path(archive.extract(WEIGHTS, folder))
    _check_hdf5(weights)
    version = str(metadata.get("keras_version") or "")[:20]
    training = description.pop("compile_config", None)
    return Contents(
        description=description,
        version=version,
        weights=weights,
        whole=False,
        training=training if isinstance(training, Mapping) else {},
    )


def _check_part(part: zipfile.ZipInfo) -> None:
    name = part.filename[:60]
    if part.filename not in (CONFIG, METADATA, WEIGHTS):
        outside = part.filename.startswith(("/", "\\")) or ".." in part.filename
        what = "leads out of it" if outside else "a model without files of its own does not need"
        raise ModelError(
            f"Expected {METADATA}, {CONFIG} and {WEIGHTS} alone in the archive. Received: also {name!r}, "
            f"which {what}. {CHOOSE}"
        )
    largest = MAX_WEIGHTS_BYTES if part.filename == WEIGHTS else MAX_CONFIG_BYTES
    packed = max(1, part.compress_size)
    if part.file_size > largest or (part.file_size > 2**20 and part.file_size / packed > MAX_RATIO):
        raise ModelError(
            f"Expected at most {largest // 2**20} MB in {name}, packed at most {MAX_RATIO} times. Received: "
            f"{part.file_size / 2**20:.0f} MB, packed {part.file_size / packed:.0f} times. {CHOOSE}"
        )


def _of_hdf5(path: Path) -> Contents:
    _check_hdf5(path)
    with h5py.File(path, "r") as file:
        version = _text(file.attrs.get("keras_version"))[:20]
        if "model_config" not in file.attrs:
            numbers = _weights_in(file)
            if numbers == 0:
                raise ModelError(
                    f"Expected a Keras model. Received: an HDF5 file of something else. {CHOOSE}"
                )
            return Contents(description={}, version=version, weights=path, whole=False, numbers=numbers)
        text = _text(file.attrs["model_config"])
        if len(text) > MAX_CONFIG_BYTES:
            raise ModelError(
                f"Expected at most {MAX_CONFIG_BYTES // 2**20} MB of description. Received: "
                f"{len(text) / 2**20:.0f} MB. {CHOOSE}"
            )
        training = file.attrs.get("training_config")
        return Contents(
            description=_object(text, "model_config"),
            version=version,
            weights=path,
            whole=True,
            training={} if training is None else _object(_text(training), "training_config"),
        )


def _weights_in(file: h5py.File) -> int:
    """How many numbers the layers of a file of weights have; those of its optimizer are none of them."""
    counted: list[int] = []

    def count(name: str, part: Any) -> None:
        if isinstance(part, h5py.Dataset) and not name.startswith(("optimizer", "seed_generators")):
            counted.append(part.size)

    file.visititems(count)
    return sum(counted)


def _check_hdf5(path: Path) -> None:
    """Nothing in the file leads out of it, and what it unpacks to has its limit."""
    total_bytes = 0
    with h5py.File(path, "r") as file:
        groups, seen = [file["/"]], set()
        while groups:
            group = groups.pop()
            for name in group:
                link, shown = group.get(name, getlink=True), f"{group.name.rstrip('/')}/{name}"[:80]
                if not isinstance(link, h5py.HardLink):
                    raise _refused(shown, "a link")
                part = group[name]
                if isinstance(part, h5py.Group):
                    if part.id.__hash__() not in seen:
                        seen.add(part.id.__hash__())
                        groups.append(part)
                    continue
                if not isinstance(part, h5py.Dataset) or part.external or part.is_virtual:
                    raise _refused(shown, "data in another file")
                if h5py.check_ref_dtype(part.dtype) or part.dtype.kind == "O":
                    raise _refused(shown, "a reference or text")
                total_bytes += part.size * part.dtype.itemsize
                if total_bytes > MAX_WEIGHTS_BYTES:
                    raise ModelError(
                        f"Expected at most {MAX_WEIGHTS_BYTES // 2**30} GB of weights. Received: more, by "
                        f"{shown}. {CHOOSE}"
                    )


def _refused(place: str, what: str) -> ModelError:
    return ModelError(f"Expected numbers alone in the weights. Received: {what} at {place}. {CHOOSE}")


def _object(text: str | bytes, name: str) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ModelError(
            f"Expected the description of a model in {name}. Received: {type(found).__name__}. {CHOOSE}"
        )
    return found


def _text(value: Any) -> str:
    return (
        value.decode("utf-8", "replace") if isinstance(value, bytes) else "" if value is None else str(value)
    )
