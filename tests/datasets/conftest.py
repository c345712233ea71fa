"""Little data sets, a server that offers it, and a folder to download to."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from photo_folders import class_folders, photo, save
from photo_server import Served, serving
from tiny_photos import packed

from cnn_core.datasets import fetch as fetch_module


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small pieces, and no long pauses between attempts."""
    monkeypatch.setattr(fetch_module, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(fetch_module, "CHUNK_BYTES", 512)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Four photos per class and split, no two alike."""
    class_folders(tmp_path / "data" / "train", first_seed=0)
    class_folders(tmp_path / "data" / "validation", first_seed=100)
    class_folders(tmp_path / "data" / "test", first_seed=200)
    return tmp_path / "data"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a download goes."""
    return tmp_path / "downloads"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A little set in the form of the real one."""
    root = tmp_path_factory.mktemp("original") / "set"
    names = itertools.product(("train", "validation"), ("cats", "dogs"), range(3))
    for seed, (split, name, index) in enumerate(names):
        save(root / split / name / f"{name[:-1]}.{index}.jpg", photo(seed, 200, 150), quality=95)
    return root


@pytest.fixture
def served(original: Path) -> Iterator[Served]:
    """The packed set behind an address of this machine."""
    with serving(packed(original)) as server:
        yield server
