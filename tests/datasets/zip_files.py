"""Little zip files of class folders, and what becomes of them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cnn_core.datasets.archives import ArchiveLimits, look_into, unpack_class_folders
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


def listed(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def refused(archive: Any, tmp_path: Path, says: str, limits: ArchiveLimits | None = None) -> None:
    """The archive is refused in one sentence, looked into or unpacked, and nothing is left behind."""
    folder = tmp_path / "place"
    folder.mkdir()
    with pytest.raises(DataError, match=says):
        look_into(archive, limits)
    with pytest.raises(DataError, match=says):
        unpack_class_folders(archive, folder / "data", limits)
    assert list(folder.iterdir()) == []
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix != ".zip") == ["place"]
