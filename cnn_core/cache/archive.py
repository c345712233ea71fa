"""One result of an analysis as one ``.npz`` file without pickle, and back.

A file holds the arrays, uncompressed and numbered, and a JSON tree that says where each belongs.
It is read by the type that the caller expects, never by a type that the file names, so a file
from elsewhere can at worst be refused.
"""

from __future__ import annotations

import dataclasses
import io
import json
import math
import types
import zipfile
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from cnn_core.errors import ConvscopeError

T = TypeVar("T")
Array = NDArray[Any]

TREE = "tree"
NPY_VERSION = (1, 0)
NPY_PREFIX_BYTES = 10  # magic, version and length of the header
SCALARS = (str, bool, int, float, type(None))


class DamagedResultError(ConvscopeError):
    """A file that is no complete result of the expected type."""


def result_bytes(value: object) -> int:
    """Bytes that the arrays of a result take in memory."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    return sum(result_bytes(part) for part in _parts(value))


def write_result(path: Path, value: object) -> int:
    """Write a result; uncompressed, because a slider waits for it and arrays of floats hardly shrink.

    Args:
        path: the file, replaced if there.
        value: a dataclass, a tuple, an array, or nested ones of these.

    Returns:
        Size of the file in bytes.

    Raises:
        TypeError: a value that is none of these, or an array of Python objects.
        OSError: the file cannot be written.
    """
    arrays: list[Array] = []
    text = json.dumps(_encode(value, arrays)).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        _write_array(archive, TREE, np.frombuffer(text, np.uint8))
        for index, array in enumerate(arrays):
            _write_array(archive, str(index), array)
    return path.stat().st_size


def read_result(path: Path, result_type: type[T], max_bytes: int) -> T:
    """Read what ``write_result`` wrote; arrays come back read-only.

    Args:
        path: the file, not trusted.
        result_type: what it must hold, e.g. ``Prediction``.
        max_bytes: larger files are refused unread.

    Raises:
        DamagedResultError: truncated, changed, of another type, or no result at all.
        OSError: the file is missing or cannot be read.
    """
    if not path.is_file():  # a pipe would wait for ever
        raise FileNotFoundError(path)
    if path.stat().st_size > max_bytes:
        raise DamagedResultError(f"Expected a result of at most {max_bytes} bytes. Received: {path.name}.")
    content = path.read_bytes()
    try:
        return cast(T, _decode_content(content, result_type))
    except Exception as error:  # the readers of zip, NPY and JSON raise anything at all on hostile bytes
        raise DamagedResultError(
            f"Expected a stored {result_type}. Received: {path.name}, which is damaged ({error!r})."
        ) from error


def _write_array(archive: zipfile.ZipFile, name: str, array: Array) -> None:
    if array.dtype.hasobject:
        raise TypeError(f"Expected an array of numbers. Received: dtype {array.dtype}.")
    array = np.asarray(array, order="C")
    with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as entry:
        npy.write_array_header_1_0(entry, npy.header_data_from_array_1_0(array))
        entry.write(array.reshape(-1).view(np.uint8).data)


def _decode_content(content: bytes, result_type: Any) -> Any:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise ValueError("compressed entries")  # never written here: a bomb
        if sum(entry.file_size for entry in entries) > len(content):
            raise ValueError("entries that declare more than the file holds")
        arrays = {entry.filename.removesuffix(".npy"): _read_array(archive.read(entry)) for entry in entries}
    return _decode(json.loads(arrays.pop(TREE).tobytes()), result_type, arrays)


def _read_array(content: bytes) -> Array:
    """A view of the bytes of an NPY file, read-only because bytes are."""
    start = NPY_PREFIX_BYTES + int.from_bytes(content[8:NPY_PREFIX_BYTES], "little")
    shape, dtype = _read_header(content[:start])
    if math.prod(shape) * dtype.itemsize != len(content) - start:
        raise ValueError("an array that does not fit its entry")
    return np.frombuffer(content, dtype, offset=start).reshape(shape)


@lru_cache(maxsize=1024)  # NumPy parses a header as Python: half of the time of reading a small array
def _read_header(header: bytes) -> tuple[tuple[int, ...], np.dtype[Any]]:
    file = io.BytesIO(header)
    if npy.read_magic(file) != NPY_VERSION:
        raise ValueError("unknown version of NPY")
    shape, fortran_order, dtype = npy.read_array_header_1_0(file)
    if dtype.hasobject or fortran_order:
        raise ValueError("an array that is never written here")
    return shape, dtype


def _parts(value: object) -> Iterator[object]:
    if dataclasses.is_dataclass(value):
        yield from (getattr(value, field.name) for field in dataclasses.fields(value))
    elif isinstance(value, (tuple, list)):
        yield from value


def _encode(value: object, arrays: list[Array]) -> Any:
    """JSON for a value; an array becomes its number in ``arrays``, which grows."""
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return len(arrays) - 1
    if isinstance(value, np.generic):
        return _encode(value.item(), arrays)
    if isinstance(value, SCALARS):
        return value
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: _encode(getattr(value, name), arrays) for name in names}
    if isinstance(value, (tuple, list)):
        return [_encode(part, arrays) for part in value]
    raise TypeError(f"Expected a result made of arrays, numbers, text and tuples. Received: {type(value)}.")


def _decode(tree: Any, hint: Any, arrays: dict[str, Array]) -> Any:
    """The value of type ``hint`` that ``tree`` describes."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _decode_optional(tree, args, arrays)
    if hint is np.ndarray or origin is np.ndarray:
        return arrays[str(_scalar(tree, int))]
    if dataclasses.is_dataclass(hint):
        hints = _field_types(cast(Any, hint))
        if not _required_fields(cast(Any, hint)) <= set(tree) <= set(hints):
            raise ValueError(f"fields of another version of {hint}")
        return cast(Any, hint)(**{name: _decode(tree[name], hints[name], arrays) for name in tree})
    if origin is tuple:
        return _decode_tuple(tree, args, arrays)
    return _scalar(tree, hint)


def _decode_optional(tree: Any, args: tuple[Any, ...], arrays: dict[str, Array]) -> Any:
    if tree is None and type(None) in args:
        return None
    (hint,) = (arg for arg in args if arg is not type(None))
    return _decode(tree, hint, arrays)


def _decode_tuple(tree: Any, args: tuple[Any, ...], arrays: dict[str, Array]) -> tuple[Any, ...]:
    parts = _scalar(tree, list)
    hints = args[:1] * len(parts) if args[1:] == (...,) else args
    return tuple(_decode(part, hint, arrays) for part, hint in zip(parts, hints, strict=True))


def _scalar(value: Any, kind: Any) -> Any:
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:  # exactly: True is an int to isinstance
        raise ValueError(f"{value!r} where {kind} was expected")
    return value


@cache
def _field_types(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


@cache
def _required_fields(kind: Any) -> frozenset[str]:
    """The fields without a default, which every version of a result has had."""
    fields = dataclasses.fields(kind)
    given = (dataclasses.MISSING, dataclasses.MISSING)
    return frozenset(each.name for each in fields if (each.default, each.default_factory) == given)
