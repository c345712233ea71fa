"""Why a model file does not open: what is in it, found without running anything of it."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from cnn_core.errors import ModelError
from cnn_core.framework import keras

_MAX_TEXT_BYTES = 32 * 2**20  # of the architecture of a file
_MAX_PARTS = 200_000  # looked at
_HDF5 = b"\x89HDF\r\n\x1a\n"
_OLD_OPERATIONS = frozenset({"TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"})


def refused_model(path: Path, error: Exception) -> ModelError:
    """What to tell of a model file that raised ``error`` when it was read."""
    name = f"{path.parent.name}/{path.name}"
    reason = None
    # Hostile files make readers raise anything at all; then there is only the error to tell.
    with suppress(Exception):
        reason = _of_hdf5(path) if _starts_with(path, _HDF5) else _of_archive(path)
    return ModelError(
        f"Expected a Keras model in {name}. Received "
        + (reason or f"a damaged file ({type(error).__name__}). Restore the file, or choose another model.")
    )


def _starts_with(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic


def _of_hdf5(path: Path) -> str:
    import h5py

    with h5py.File(path, "r") as file:
        version = _plain(file.attrs.get("keras_version"))
        if "model_config" not in file.attrs:
            return (
                "weights without their architecture. Load them into the network they belong to, and save it "
                "whole: model.save('model.keras')."
            )
    return (
        f"an HDF5 file{f' of Keras {version}' if version else ''} under another name. Open it with "
        "keras.models.load_model as a .h5 file, and save it again: model.save('model.keras')."
    )


def _of_archive(path: Path) -> str | None:
    with zipfile.ZipFile(path) as archive:
        if "config.json" not in archive.namelist():
            return (
                "an archive without an architecture (no config.json), damaged or of something else. "
                "Choose another model."
            )
        config = json.loads(_text(archive, "config.json"))
        version = ""
        with suppress(KeyError, ValueError):
            version = _plain(json.loads(_text(archive, "metadata.json")).get("keras_version"))
    parts = list(_parts(config))
    return _of_code(parts) or _of_version(version, parts) or _of_own_class(parts)


def _of_code(parts: list[dict[str, Any]]) -> str | None:
    for part in parts:
        if part["class_name"] == "Lambda":
            return (
                f"the Lambda layer {_name(part)!r}, which holds Python code that would run here. Replace it "
                "by layers or keras.ops, and save the model again."
            )
    return None


def _of_version(version: str, parts: list[dict[str, Any]]) -> str | None:
    if _numbers(version) > _numbers(keras.__version__):
        return (
            f"a model of Keras {version}, which is later than the {keras.__version__} that is installed. "
            f"Install Keras {version} or later, or save the model with an earlier one."
        )
    if not version or _numbers(version) >= (3,):
        return None
    old = sorted({part["class_name"] for part in parts} & _OLD_OPERATIONS)
    with_old = f", with the operation layers {', '.join(old)}, which Keras 3 does not know" if old else ""
    return (
        f"a model of Keras {version}{with_old}. Build it again in Keras 3, take over its weights "
        "(set_weights), and save that."
    )


def _of_own_class(parts: list[dict[str, Any]]) -> str | None:
    for index, part in enumerate(parts):
        registered = str(part.get("registered_name") or "")
        if ">" in registered:  # those of Keras have no name of a package before them
            what = "a subclassed model" if index == 0 else f"the layer {_name(part)!r}"
            return (
                f"{what} of a class of its own, {registered!r}. Name the Python file of its class, decorated "
                "with keras.saving.register_keras_serializable, in the environment variable CONVSCOPE_CODE"
                + (", and rebuild it as a functional model." if index == 0 else ".")
            )
    return None


def _parts(config: Any) -> Iterator[dict[str, Any]]:
    """All parts of an architecture that name their class, outer ones first; not recursive."""
    waiting = [config]
    for _ in range(_MAX_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        if isinstance(part, dict):
            if isinstance(part.get("class_name"), str):
                yield part
            waiting.extend(reversed(list(part.values())))
        elif isinstance(part, list):
            waiting.extend(reversed(part))


def _name(part: dict[str, Any]) -> str:
    config = part.get("config")
    return _plain(config.get("name") if isinstance(config, dict) else None) or part["class_name"]


def _text(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        text = file.read(_MAX_TEXT_BYTES + 1)
    if len(text) > _MAX_TEXT_BYTES:
        raise ValueError(f"Expected at most {_MAX_TEXT_BYTES} bytes in {name}.")
    return text


def _plain(value: Any) -> str:
    """Text of a file, short enough for a sentence."""
    return "" if value is None else str(value)[:60]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:2]))
