"""Unpack a zip of class folders: all of it safely in place, or nothing."""

from __future__ import annotations

import shutil
import tempfile
import time
import zipfile
import zlib
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cnn_core.datasets.archives.contents import (
    ArchiveContents,
    ArchiveLimits,
    archive_contents,
    open_archive,
)
from cnn_core.datasets.archives.packed_pictures import PackedPicture
from cnn_core.errors import DataError
from cnn_core.files import writing_into
from cnn_core.progress import SILENT, Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ArchiveContents", "ArchiveLimits", "contents_of", "unpack_class_folders"]

CHUNK_BYTES = 2**20
SPARE_BYTES = 100 * 2**20  # stay free on the disk
LEFTOVER_SECONDS = 3600.0  # who unpacked for that long is dead


def contents_of(archive: Path | BinaryIO, limits: ArchiveLimits | None = None) -> ArchiveContents:
    """Say what an archive holds, without unpacking anything.

    Raises:
        DataError: as ``unpack_class_folders``.
    """
    limits = limits if limits is not None else ArchiveLimits()
    with _opened(archive) as file, open_archive(file, limits) as opened:
        return archive_contents(opened, limits)


def unpack_class_folders(
    archive: Path | BinaryIO,
    target: Path,
    limits: ArchiveLimits | None = None,
    *,
    progress: Progress = SILENT,
) -> Path:
    """Unpack the pictures of an archive that anybody may have made.

    Only files that are pictures by name and lie in class folders are written, under
    ``target/CLASS`` or ``target/SPLIT/CLASS``, whatever folders the archive has around them. They are written
    beside ``target`` first, so it is complete or absent. Whether the pictures can be decoded is left to
    the scan.

    Args:
        archive: a zip file, or one open for reading.
        target: a folder that does not exist yet, or that the same archive was unpacked into before; nothing
            is written then.
        limits: refuse what is larger; None takes the defaults of ``ArchiveLimits``.
        progress: told the share unpacked, 0..1.

    Returns:
        ``target``.

    Raises:
        DataError: no zip, a damaged or hostile one, one above the limits or without class folders; a target
            that holds something else or cannot be written.
        Cancelled: nobody waits for it any longer; nothing is left behind.
    """
    limits = limits if limits is not None else ArchiveLimits()
    with ExitStack() as stack:
        opened = stack.enter_context(open_archive(stack.enter_context(_opened(archive)), limits))
        contents = archive_contents(opened, limits)
        if _is_unpacked(contents, target):
            return target
        place = stack.enter_context(staging(target, contents.unpacked_bytes))
        done = 0
        for picture in contents.pictures:
            _write(opened, picture, place / picture.path)
            done += picture.entry.file_size
            progress(done / max(1, contents.unpacked_bytes))
    return target


def _is_unpacked(contents: ArchiveContents, target: Path) -> bool:
    """Whether all pictures are in place already, by name and size.

    Raises:
        DataError: the target holds something else.
    """
    if not target.exists():
        return False
    there = {path.relative_to(target): path.stat().st_size for path in target.rglob("*") if path.is_file()}
    if there != {Path(picture.path): picture.entry.file_size for picture in contents.pictures}:
        raise DataError(
            f"Expected a new folder to unpack into. Received: {target}, which exists and holds something "
            "else. Remove it first, or choose another name."
        )
    return True


@contextmanager
def _opened(archive: Path | BinaryIO) -> Iterator[BinaryIO]:
    if not isinstance(archive, Path):
        yield archive
        return
    try:
        file = archive.open("rb")
    except OSError as error:
        raise DataError(
            f"Expected a zip file. Received: {archive} ({error.strerror}). Check its name."
        ) from None
    with file:
        yield file


def staging_prefix(target: Path) -> str:
    """How folders are called that become ``target``; what a killed process leaves goes an hour later."""
    return f".{target.name}.unpacking-"


@contextmanager
def staging(target: Path, needed_bytes: int) -> Iterator[Path]:
    """A folder beside ``target`` that takes its place when the block ends without error."""
    prefix = staging_prefix(target)
    with writing_into(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(target.parent, prefix)
        _check_space(target.parent, needed_bytes)
        staging = Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))
        try:
            staging.chmod(0o755)  # mkdtemp lets nobody else in
            yield staging
            staging.rename(target)
        finally:
            shutil.rmtree(staging, ignore_errors=True)  # absent after the rename


def _write(archive: zipfile.ZipFile, picture: PackedPicture, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    left = picture.entry.file_size
    try:
        with archive.open(picture.entry) as packed, path.open("xb") as file:
            while chunk := packed.read(CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:
                    raise zipfile.BadZipFile("more than announced")
                file.write(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError):
        raise DataError(
            f"Expected a whole archive. Received: one that is damaged at {picture.path}. "
            "Download or pack it again."
        ) from None


def _remove_leftovers(folder: Path, prefix: str) -> None:
    """Remove what a process left behind that was killed while unpacking."""
    for path in folder.iterdir():
        with suppress(OSError):
            if path.name.startswith(prefix) and time.time() - path.stat().st_mtime > LEFTOVER_SECONDS:
                shutil.rmtree(path, ignore_errors=True)


def _check_space(folder: Path, needed_bytes: int) -> None:
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes + SPARE_BYTES:
        raise DataError(
            f"Expected {(needed_bytes + SPARE_BYTES) / 1e9:.2f} GB of free space in {folder}. "
            f"Received: {free_bytes / 1e9:.2f} GB. Free some space, or choose another folder."
        )
