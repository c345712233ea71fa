"""A data set as it is published, packed, and as it lies in a folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

from photo_server import Served

from cnn_core.datasets.download import (
    PublishedSet,
    contents_sha256,
)

LOCAL_WAY = "name their folder in the field Folder of the page, or with --data on the command line"


def published(served: Served, original: Path) -> PublishedSet:
    return PublishedSet(
        name="set",
        url=served.url,
        archive_sha256=hashlib.sha256(served.content).hexdigest(),
        contents_sha256=contents_sha256(original),
    )


def files_in(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
