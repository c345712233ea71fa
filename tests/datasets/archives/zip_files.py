"""Little zip files of class folders, and what becomes of them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cnn_core.datasets.archives.unpack import ArchiveLimits, contents_of, unpack_class_folders
from cnn_core.errors import DataError

PLAIN = {"cats/1.jpg": b"a cat", "cats/2.jpg": b"another", "dogs/1.jpg": b"a dog"}


def zipped(files: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo("x")
            info.filename = info.orig_filename = name
            info.compress_type = compression
            archive.writestr(info, content)
    return file


def overlapping_bomb(count: int = 20, unpacked_bytes: int = 2_000_000) -> io.BytesIO:
    """A zip whose files all share the packed bytes of the last one.

    Each file quotes the header of the next in a stored block of deflate and goes on with its content (David
    Fifield, "A better zip bomb", 2019).
    """
    names = [f"{'cats' if number % 2 else 'dogs'}/{number}.jpg".encode() for number in range(count)]
    noise = b"".join(zlib.crc32(bytes([i % 256, i // 256])).to_bytes(4, "big") for i in range(3_000))
    content = noise + bytes(unpacked_bytes)  # of its own it shrinks less than 200 times
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(content) + packer.flush()
    entries: list[tuple[int, bytes, bytes]] = []  # bytes to the end, sizes and checksum, name
    for name in reversed(names):
        metadata = struct.pack("<IIIHH", zlib.crc32(content), len(packed), len(content), len(name), 0)
        header = b"PK\x03\x04" + struct.pack("<HHHHH", 20, 0, 8, 0, 0) + metadata + name
        body = header + packed
        entries.append((len(body), metadata, name))
        packed = struct.pack("<BHH", 0, len(header), len(header) ^ 0xFFFF) + body
        content = header + content
    directory = b"".join(
        b"PK\x01\x02"
        + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 0)
        + metadata
        + struct.pack("<HHHII", 0, 0, 0, 0, len(body) - to_end)
        + name
        for to_end, metadata, name in reversed(entries)
    )
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(body), 0)
    return io.BytesIO(body + directory + b"PK\x05\x06" + end)


def listed(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def refused(archive: Any, tmp_path: Path, says: str, limits: ArchiveLimits | None = None) -> None:
    """The archive is refused in one sentence, looked into or unpacked, and nothing is left behind."""
    folder = tmp_path / "place"
    folder.mkdir()
    with pytest.raises(DataError, match=says):
        contents_of(archive, limits)
    with pytest.raises(DataError, match=says):
        unpack_class_folders(archive, folder / "data", limits)
    assert list(folder.iterdir()) == []
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix != ".zip") == ["place"]
