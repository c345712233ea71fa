"""A published set becomes a data folder, complete or absent, or the person is told how to do without."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from photo_folders import photo, save
from tiny_photos import packed
from web_server import Served, serving

from cnn_core import web_files
from cnn_core.datasets.download import LOCAL_WAY, PublishedSet, download
from cnn_core.datasets.source import DataSource
from cnn_core.datasets.splits import read_splits
from cnn_core.errors import Cancelled, DataError
from cnn_core.progress import Progress


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A little set in the form of the real one."""
    root = tmp_path_factory.mktemp("original") / "set"
    names = itertools.product(("train", "validation"), ("cats", "dogs"), range(3))
    for seed, (split, name, index) in enumerate(names):
        save(root / split / name / f"{name[:-1]}.{index}.jpg", photo(seed, 200, 150), quality=95)
    return root


@pytest.fixture
def served(original: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """The packed set behind an address of this machine, sent in many small pieces."""
    monkeypatch.setattr(web_files, "CHUNK_BYTES", 512)
    with serving(packed(original)) as server:
        yield server


@pytest.fixture
def wanted(served: Served) -> PublishedSet:
    return PublishedSet(name="set", url=served.url, sha256=hashlib.sha256(served.content).hexdigest())


def files_in(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def told(shares: list[float]) -> Progress:
    return Progress(tell=lambda share, _: shares.append(share))


def test_a_download_becomes_a_data_folder_once(
    served: Served, wanted: PublishedSet, original: Path, tmp_path: Path
) -> None:
    first: list[float] = []
    target = download(wanted, tmp_path, told(first))
    assert target == tmp_path / "set"
    assert files_in(target) == files_in(original)
    assert list(tmp_path.iterdir()) == [target]
    assert first == sorted(first)
    assert len(first) > 20
    assert first[-1] == 1.0
    assert read_splits(DataSource(folders=(str(target),))).training.counts() == {"cats": 3, "dogs": 3}

    second: list[float] = []
    assert download(wanted, tmp_path, told(second)) == target
    assert second == [1.0]
    assert served.asked == 1


def test_what_is_not_the_published_archive_is_refused_and_the_local_way_is_named(
    served: Served, wanted: PublishedSet, tmp_path: Path
) -> None:
    served.content = served.content[:-1] + b"x"
    with pytest.raises(DataError, match=f"another file than the published one.*{LOCAL_WAY}"):
        download(wanted, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_published_archive_without_class_folders_leaves_nothing(tmp_path: Path) -> None:
    with serving(b"no zip") as served, pytest.raises(DataError, match="no zip"):
        download(
            PublishedSet(name="set", url=served.url, sha256=hashlib.sha256(b"no zip").hexdigest()), tmp_path
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("share", [0.3, 0.95])
def test_cancelling_while_it_arrives_or_is_unpacked_leaves_nothing_behind(
    wanted: PublishedSet, tmp_path: Path, share: float
) -> None:
    shares = [0.0]
    stopping = replace(told(shares), cancelled=lambda: shares[-1] > share)
    with pytest.raises(Cancelled):
        download(wanted, tmp_path, stopping)
    assert shares[-1] == pytest.approx(share, abs=0.06)
    assert list(tmp_path.iterdir()) == []
