"""The photos of the lecture from the web: checked, safely unpacked, complete or absent."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from cnn_core.datasets.archives.unpack import staging_prefix, unpack_class_folders
from cnn_core.errors import DataError
from cnn_core.files import writing_into
from cnn_core.progress import SILENT, Progress
from cnn_core.web_files import downloaded

DOWNLOAD_SHARE = 0.9  # of the time, the rest is spent unpacking
LOCAL_WAY = "name their folder in the field Folder of the page, or with --data on the command line."


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedSet:
    """A data set on the web.

    Attributes:
        name: of the folder it becomes.
        url: of a zip of class or split folders.
        sha256: of that zip.
    """

    name: str
    url: str
    sha256: str


# The checksum is the one under which a public repository keeps its 68,606,236 bytes.
CATS_AND_DOGS = PublishedSet(
    name="cats_and_dogs_filtered",
    url="https://storage.googleapis.com/mledu-datasets/cats_and_dogs_filtered.zip",
    sha256="91af24e0be191e9380dafc8710d0933fa826ec8e51f26f85c1fddba4e8018e3f",
)


def download(published: PublishedSet, folder: Path, progress: Progress = SILENT) -> Path:
    """Download a published set into ``folder``, check and unpack it.

    Args:
        published: for example ``CATS_AND_DOGS`` (68.6 MB, 3,000 photos).
        folder: made if missing.
        progress: told the share done, 0..1; an error that it raises ends the download, which leaves nothing
            behind.

    Returns:
        The folder of that name, with class folders or ``train`` and ``validation``; complete or absent. One
        that is there already is returned as it is.

    Raises:
        DataError: no network, what came is not the data set, or a folder that cannot be written.
        Cancelled: nobody waits for it any longer.
    """
    target = folder / published.name
    if not target.is_dir():
        with writing_into(folder):
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=staging_prefix(target), dir=folder) as place:
                archive = _archive(published, Path(place), progress.between(0, DOWNLOAD_SHARE))
                unpack_class_folders(archive, target, progress=progress.between(DOWNLOAD_SHARE, 1))
    progress(1.0)
    return target


def _archive(published: PublishedSet, folder: Path, progress: Progress) -> Path:
    try:
        return downloaded(published.url, f"sha256:{published.sha256}", folder, progress)
    except DataError as error:
        raise DataError(f"{error} Or use photos of this computer: {LOCAL_WAY}") from None
