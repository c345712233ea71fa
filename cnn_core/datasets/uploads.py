"""Archives that people hand over: unpacked once, kept while there is room or a need."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from cnn_core.datasets.archives.unpack import unpack_class_folders

KEPT_UPLOADS = 4  # unpacked ones without a run
LONGEST_NAME = 60


def unpacked(archive: BytesIO, name: str, uploads: Path, in_use: Iterable[str]) -> Path:
    """The folder of an uploaded archive, unpacked once for each content and name.

    Args:
        archive: a zip file.
        name: of the file, as its owner calls it.
        uploads: holds all unpacked archives, each in a folder of its own; those unused longest are removed.
        in_use: data folders of runs, which stay.

    Raises:
        DataError: no zip, hostile, too large, or without class folders.
    """
    group = uploads / hashlib.file_digest(archive, "sha256").hexdigest()[:16]
    folder = group / folder_name(name)
    if not folder.is_dir():
        _make_room(uploads, {Path(used).parent for used in in_use})
        unpack_class_folders(archive, folder)
    os.utime(group)  # used last, so that the next one does not make room of it
    return folder


def folder_name(archive: str) -> str:
    """What the folder of an archive is called: as the archive, as far as any file system takes that."""
    return re.sub(r"[^\w -]", "_", Path(archive).stem).strip(" _")[:LONGEST_NAME] or "photos"


def _make_room(uploads: Path, needed: set[Path]) -> None:
    unused = [path for path in uploads.glob("[!.]*") if path not in needed]
    for path in sorted(unused, key=lambda path: path.stat().st_mtime)[: 1 - KEPT_UPLOADS or None]:
        shutil.rmtree(path, ignore_errors=True)
