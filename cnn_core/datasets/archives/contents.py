"""Look into a zip of class folders, which may come from anybody, before a byte of it is unpacked."""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from cnn_core.datasets.archives.packed_pictures import PackedPicture, in_class_folders
from cnn_core.datasets.folders import LITTER_FOLDERS, PICTURE_SUFFIXES, is_picture
from cnn_core.errors import DataError

COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others can be made to take gigabytes of memory
ARCHIVE_SUFFIXES = (".zip", ".tar", ".gz", ".tgz", ".7z", ".rar")
DIRECTORY_ENTRY_BYTES = 512  # of the zip's own directory per file; 46 and the name, in fact
TAIL_BYTES = 2**16 + 22 + 20 + 56  # where the end records of a zip lie (APPNOTE 6.3.10, 4.3.14 to 4.3.16)
MEGABYTE = 2**20
ENCRYPTED_FLAG = 0x1
END_RECORD = re.compile(rb"(?=PK\x05\x06.{8}(.{4}))", re.DOTALL)  # group 1: bytes of the directory
END_RECORD_64 = re.compile(rb"(?=PK\x06\x06.{36}(.{8}))", re.DOTALL)
IN_ZIP64_RECORD = 0xFFFFFFFF
LOCAL_HEADER_BYTES = 30  # before every file, and its name (APPNOTE 6.3.10, 4.3.7)
UNSAFE_NAME = re.compile(r"[\x00-\x1f\x7f]|^[A-Za-z]:")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """How much an archive may hold.

    Attributes:
        archive_bytes: size of the zip file.
        unpacked_bytes: of all its files together.
        files: number of its files, pictures or not.
        file_bytes: size of one picture.
        ratio: unpacked to packed size, of the whole and of each picture above 1 MB.
        depth: folders above a picture, plus one.
        path_letters: length of a path inside the archive.
        name_bytes: length of a name in UTF-8; file systems take no more.
    """

    archive_bytes: int = 10**9
    unpacked_bytes: int = 4 * 10**9
    files: int = 100_000
    file_bytes: int = 64 * MEGABYTE
    ratio: float = 200.0
    depth: int = 6
    path_letters: int = 300
    name_bytes: int = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveContents:
    """What unpacking an archive would give.

    Attributes:
        pictures: those that lie in class folders.
        classes: their names in alphabetical order.
        ignored: number of other files, pictures outside class folders included.
        unpacked_bytes: size of all pictures together.
    """

    pictures: tuple[PackedPicture, ...]
    classes: tuple[str, ...]
    ignored: int
    unpacked_bytes: int


def open_archive(file: BinaryIO, limits: ArchiveLimits) -> zipfile.ZipFile:
    """Read the directory of a zip, if it is not too long.

    Raises:
        DataError: no zip, a damaged one, or one above ``limits.archive_bytes`` or ``limits.files``.
    """
    size_bytes = file.seek(0, 2)
    if size_bytes > limits.archive_bytes:
        raise DataError(
            f"Expected an archive of at most {limits.archive_bytes / 1e9:g} GB. "
            f"Received: {size_bytes / 1e9:.3g} GB. Unpack it yourself and name the folder instead."
        )
    if _directory_bytes(file, size_bytes) > limits.files * DIRECTORY_ENTRY_BYTES:
        raise DataError(_too_many_files("far more", limits))
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        raise DataError(
            "Expected a zip file with a folder per class. Received: a file that is no zip or is damaged. "
            "Pack the folders as .zip again, or name the unpacked folder instead."
        ) from None


def archive_contents(archive: zipfile.ZipFile, limits: ArchiveLimits | None = None) -> ArchiveContents:
    """Judge every entry, and find the pictures and the level of the class folders.

    Folders around the class or split folders are dropped: ``photos/2024/cats/1.jpg`` becomes
    ``cats/1.jpg`` where all pictures lie in ``photos/2024``.

    Raises:
        DataError: a name that leads elsewhere, a link, a password, a limit that is exceeded, or no class
            folders.
    """
    limits = limits if limits is not None else ArchiveLimits()
    entries = archive.infolist()
    if len(entries) > limits.files:
        raise DataError(_too_many_files(str(len(entries)), limits))
    _check_apart(entries, archive.start_dir)
    files = [(entry, _safe_path(entry)) for entry in entries if not _is_folder(entry)]
    candidates = [PackedPicture(entry, path) for entry, path in files if _is_picture(path)]
    if not candidates:
        raise DataError(_no_pictures([path for _, path in files]))
    for candidate in candidates:
        _check_picture(candidate, limits)
    _check_total(candidates, limits)
    pictures = in_class_folders(candidates)
    return ArchiveContents(
        pictures=tuple(pictures),
        classes=tuple(sorted({picture.path.parent.name for picture in pictures})),
        ignored=len(files) - len(pictures),
        unpacked_bytes=sum(picture.entry.file_size for picture in pictures),
    )


def _directory_bytes(file: BinaryIO, size_bytes: int) -> int:
    """Length of a zip's directory, the longest of those that its end records tell; 0 where there are none."""
    file.seek(max(0, size_bytes - TAIL_BYTES))
    tail = file.read(TAIL_BYTES)
    file.seek(0)
    sizes = [int.from_bytes(found[1], "little") for found in END_RECORD.finditer(tail)]
    sizes_64 = [int.from_bytes(found[1], "little") for found in END_RECORD_64.finditer(tail)]
    return max([*(size for size in sizes if size != IN_ZIP64_RECORD), *sizes_64], default=0)


def _check_apart(entries: Sequence[zipfile.ZipInfo], end: int) -> None:
    """Refuse files that share packed bytes, which is how 30 kB are made to fill a disk.

    David Fifield, "A better zip bomb" (2019). With every file apart, their packed sizes add up to less than
    the archive, so that their ratio is what it seems.
    """
    starts = sorted((entry.header_offset, entry.compress_size) for entry in entries)
    nexts = [*(start for start, _ in starts[1:]), end]
    for (start, packed_bytes), following in zip(starts, nexts, strict=False):
        if start < 0 or start + LOCAL_HEADER_BYTES + packed_bytes > following:
            raise DataError(
                "Expected an archive whose files lie one after the other. Received: files that overlap, "
                "made to fill the disk, or a damaged archive. Do not use it; pack the class folders anew."
            )


def _safe_path(entry: zipfile.ZipInfo) -> PurePosixPath:
    """The path of an entry, with nothing in it that could lead out of a folder."""
    name = entry.orig_filename.replace("\\", "/")
    path = PurePosixPath(name)
    hostile = UNSAFE_NAME.search(name) is not None or not path.parts or ".." in path.parts
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if hostile or path.is_absolute() or kind not in (0, stat.S_IFREG):
        raise DataError(
            f"Expected an archive whose files stay in its own folders. Received: {name[:80]!r}, a path "
            "that leads elsewhere or a link. Do not use this archive; pack the class folders anew."
        )
    return path


def _check_picture(picture: PackedPicture, limits: ArchiveLimits) -> None:
    entry, path = picture
    if entry.flag_bits & ENCRYPTED_FLAG:
        raise DataError(
            "Expected an archive without a password. Received: an encrypted one. Pack it again without."
        )
    if len(path.parts) > limits.depth or len(str(path)) > limits.path_letters:
        raise DataError(
            f"Expected folders nested at most {limits.depth - 1} deep and paths of at most "
            f"{limits.path_letters} letters. Received: {str(path)[:80]!r}. Pack the class folders only."
        )
    longest = max(path.parts, key=_bytes)
    if _bytes(longest) > limits.name_bytes:
        raise DataError(
            f"Expected names of at most {limits.name_bytes} bytes. Received: {longest[:40]!r} with "
            f"{_bytes(longest)} bytes. Give that file or folder a shorter name, and pack it again."
        )
    if entry.file_size > limits.file_bytes:
        raise DataError(
            f"Expected pictures of at most {limits.file_bytes / MEGABYTE:g} MB. "
            f"Received: {path} with {entry.file_size / MEGABYTE:.0f} MB. Take it out of the archive."
        )
    if entry.compress_type not in COMPRESSIONS:
        raise DataError(
            f"Expected a zip packed in the usual way (deflate). Received: {path}, packed otherwise. "
            "Pack the folders again with another program."
        )
    _check_ratio(entry.file_size, entry.compress_size, limits)


def _bytes(name: str) -> int:
    return len(name.encode("utf-8", errors="surrogateescape"))


def _check_total(pictures: Sequence[PackedPicture], limits: ArchiveLimits) -> None:
    total = sum(picture.entry.file_size for picture in pictures)
    if total > limits.unpacked_bytes:
        raise DataError(
            f"Expected at most {limits.unpacked_bytes / 1e9:g} GB of pictures. "
            f"Received: {total / 1e9:.3g} GB. Unpack the archive yourself and name the folder instead."
        )
    _check_ratio(total, sum(picture.entry.compress_size for picture in pictures), limits)


def _check_ratio(unpacked_bytes: int, packed_bytes: int, limits: ArchiveLimits) -> None:
    if unpacked_bytes > MEGABYTE and unpacked_bytes > limits.ratio * packed_bytes:
        raise DataError(
            f"Expected pictures that shrink at most {limits.ratio:g} times when packed. Received: "
            f"{unpacked_bytes} bytes out of {packed_bytes}, made to fill the disk. Do not use this archive."
        )


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    return entry.orig_filename.endswith(("/", "\\")) and entry.file_size == 0


def _is_picture(path: PurePosixPath) -> bool:
    return is_picture(path.name) and not any(
        part.startswith(".") or part in LITTER_FOLDERS for part in path.parts
    )


def _no_pictures(paths: Sequence[PurePosixPath]) -> str:
    nested = next((path for path in paths if path.suffix.lower() in ARCHIVE_SUFFIXES), None)
    received = f"{len(paths)} other files" if nested is None else f"another archive in it, {nested.name}"
    return (
        f"Expected pictures ({', '.join(sorted(PICTURE_SUFFIXES))}) in the archive. Received: {received}. "
        "Pack the class folders themselves into one zip."
    )


def _too_many_files(received: str, limits: ArchiveLimits) -> str:
    return (
        f"Expected an archive of at most {limits.files} files. Received: {received}. "
        "Unpack it yourself and name the folder instead."
    )
