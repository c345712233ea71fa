"""Download the photos of the lecture: resumed where it broke off, checked, safely unpacked."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cnn_core.datasets.archives.unpack import unpack_class_folders
from cnn_core.datasets.fetch import LOCAL_WAY, fetch, plain_reason
from cnn_core.errors import DataError

FETCHING_SHARE = 0.9  # of the time, the rest is spent checking and unpacking


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedSet:
    """A data set on the web and how to recognise it.

    Attributes:
        name: of the folder it becomes.
        url: of a zip of class or split folders.
        archive_sha256: of that zip.
        contents_sha256: as ``contents_sha256`` gives it for the unpacked folder; decides where the same
            pictures have been packed anew.
        not_compared: pictures left out of ``contents_sha256``.
    """

    name: str
    url: str
    archive_sha256: str
    contents_sha256: str
    not_compared: tuple[str, ...] = ()


# The checksum of the archive is the one under which a public repository keeps its 68,606,236 bytes; that of
# the contents was computed from 2,999 of the pictures themselves, the one left out was not at hand.
CATS_AND_DOGS = PublishedSet(
    name="cats_and_dogs_filtered",
    url="https://storage.googleapis.com/mledu-datasets/cats_and_dogs_filtered.zip",
    archive_sha256="91af24e0be191e9380dafc8710d0933fa826ec8e51f26f85c1fddba4e8018e3f",
    contents_sha256="ed5616fbeac1c1efa6b8d067a12e1bfa59c1a232903576e3f2db3eb3562a32f6",
    not_compared=("train/cats/cat.459.jpg",),
)


def download_cats_and_dogs(folder: Path, *, progress: Callable[[float], None] | None = None) -> Path:
    """Download cats_and_dogs_filtered (68.6 MB, 3,000 photos) into ``folder``.

    Args:
        folder: made if missing.
        progress: gets the share done, 0..1; an error that it raises stops the download, and the next one
            goes on from there.

    Returns:
        ``folder/cats_and_dogs_filtered`` with ``train`` and ``validation``; complete or absent. One that is
        there already is returned as it is.

    Raises:
        DataError: no network, what came is not the data set, another download into that folder, or one that
            cannot be written.
    """
    return download(CATS_AND_DOGS, folder, progress=progress)


def download(
    published: PublishedSet, folder: Path, *, progress: Callable[[float], None] | None = None
) -> Path:
    """Download, check and unpack a published set; as ``download_cats_and_dogs``."""
    report = progress if progress is not None else _no_progress
    target = folder / published.name
    if target.is_dir():
        report(1.0)
        return target
    try:
        with _alone(folder, published.name):
            if not target.is_dir():
                _download(published, target, report)
    except OSError as error:
        raise DataError(
            f"Expected a folder that can be written. Received: {folder} ({error.strerror or error}). "
            "Free some space, or choose another folder."
        ) from None
    report(1.0)
    return target


def _download(published: PublishedSet, target: Path, report: Callable[[float], None]) -> None:
    archive = target.with_name(f"{published.name}.zip")
    fresh = target.with_name(f".{published.name}.new")
    fetch(published.url, archive, progress=lambda share: report(FETCHING_SHARE * share))
    try:
        intact = _checked(published, archive)
        if not intact and not zipfile.is_zipfile(archive):
            raise DataError(_another_set(published))
        shutil.rmtree(fresh, ignore_errors=True)  # of a process that was killed
        unpack_class_folders(archive, fresh, progress=lambda share: report(_after_fetching(share)))
        if not intact and contents_sha256(fresh, published.not_compared) != published.contents_sha256:
            raise DataError(_another_set(published))
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)  # absent after the rename
        archive.unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path, name: str) -> Iterator[None]:
    """Inside, nobody else downloads the same set into ``folder``; a killed process leaves no lock.

    Raises:
        DataError: somebody does.
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f".{name}.lock"
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mine = os.path.samestat(os.fstat(file.fileno()), path.stat())
        except (BlockingIOError, FileNotFoundError):  # or its holder has removed it just now
            mine = False
        if not mine:
            raise DataError(
                f"Expected one download at a time. Received: a second one of {name} into {folder}. "
                "Wait for the first one."
            )
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def contents_sha256(folder: Path, not_compared: tuple[str, ...] = ()) -> str:
    """sha256 over the relative path and the sha256 of every file, sorted by path."""
    digest = hashlib.sha256()
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    for name in sorted(set(paths) - set(not_compared)):
        digest.update(f"{name} {hashlib.sha256(paths[name].read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _checked(published: PublishedSet, archive: Path) -> bool:
    """Whether the archive has the published checksum, after one more download of the whole if need be.

    Raises:
        DataError: it had not, and could not be downloaded anew.
    """
    import keras  # here, since loading the framework takes seconds

    try:
        keras.utils.get_file(
            archive.name,
            origin=published.url,
            file_hash=published.archive_sha256,
            hash_algorithm="sha256",
            cache_dir=str(archive.parent),
            cache_subdir="",
        )
    except ValueError:  # still another checksum
        return False
    except Exception as error:  # what get_file raises when a download fails
        cause = error.__cause__ or error.__context__
        reason = plain_reason(cause) if isinstance(cause, OSError) else str(error)
        raise DataError(
            f"Expected to download {published.url} once more, since it arrived damaged. Received: {reason}. "
            f"Try again when the network is there, or use photos of this computer: {LOCAL_WAY}"
        ) from None
    return True


def _after_fetching(share: float) -> float:
    return FETCHING_SHARE + (1 - FETCHING_SHARE) * share


def _another_set(published: PublishedSet) -> str:
    return (
        f"Expected {published.name} from {published.url}. Received: other files than the published ones. "
        f"Try again later, or use photos of this computer: {LOCAL_WAY}"
    )


def _no_progress(fraction: float) -> None:
    """Nobody watches."""
