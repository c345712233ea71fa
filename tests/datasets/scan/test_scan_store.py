"""What a scan has seen is kept: the second is quick, progress is told, memory stays small."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from peak_memory import peak_growth
from photo_folders import photo, save
from PIL import Image
from scanned_folders import found, read

from cnn_core.datasets.scan import scan as scan_module
from cnn_core.datasets.scan.scan import scan
from cnn_core.errors import Cancelled
from cnn_core.progress import Progress


def told(shares: list[float]) -> Progress:
    return Progress(tell=lambda share, _: shares.append(share))


def test_the_second_scan_reads_no_picture(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data / "train" / "cats" / "z.jpg").write_bytes((data / "test" / "cats" / "cat.0.jpg").read_bytes())
    (data / "train" / "cats" / "y.jpg").write_bytes(b"nothing")
    first = scan(read(data), tmp_path / "cache")
    monkeypatch.setattr(scan_module, "inspect", None)
    shares: list[float] = []
    second = scan(read(data), tmp_path / "cache", progress=told(shares))
    assert second.problems == first.problems
    assert len(second.problems) == 2
    assert second.scanned == first.scanned
    for name, sizes in first.sizes_px.items():
        np.testing.assert_array_equal(second.sizes_px[name], sizes)
        assert not second.sizes_px[name].flags.writeable
    assert shares == [1.0]


def test_a_changed_file_is_looked_at_again(data: Path) -> None:
    assert found(data) == []
    path = data / "train" / "cats" / "cat.0.jpg"
    size = path.stat().st_size
    path.write_bytes(b"x" * size)
    os.utime(path, ns=(1, 1))
    assert found(data) == [("training", "cats/cat.0.jpg", "unreadable")]


def test_a_moved_folder_needs_no_second_scan(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data / "train" / "cats" / "z.jpg").write_bytes((data / "test" / "cats" / "cat.0.jpg").read_bytes())
    before = found(data, tmp_path / "cache")
    moved = data.rename(tmp_path / "elsewhere")
    monkeypatch.setattr(scan_module, "inspect", None)
    assert found(moved, tmp_path / "cache") == before
    (problem,) = scan(read(moved), tmp_path / "cache").problems
    assert problem.duplicate_of == moved / "test" / "cats" / "cat.0.jpg"


@pytest.mark.parametrize("trouble", [OSError(24, "Too many open files"), MemoryError()])
def test_what_may_pass_is_not_kept(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    """Sound photos would count as unreadable in every later run."""

    opened = Path.open

    def troubled(path: Path, *rest: Any, **options: Any) -> IO[Any]:
        if path.suffix == ".jpg":
            raise trouble
        return opened(path, *rest, **options)

    with monkeypatch.context() as now:
        now.setattr(Path, "open", troubled)
        report = scan(read(data), tmp_path / "cache")
    assert report.counts()["unreadable"] == 24
    assert report.transient
    again = scan(read(data), tmp_path / "cache")
    assert again.problems == ()
    assert not again.transient


def test_pairs_are_kept_with_their_splits(data: Path, tmp_path: Path) -> None:
    picture = Image.open(data / "test" / "cats" / "cat.0.jpg").copy()
    save(data / "train" / "cats" / "z.jpg", picture, quality=60)
    save(data / "train" / "dogs" / "other.jpg", picture, quality=70)
    first = scan(read(data), tmp_path / "cache")
    second = scan(read(data), tmp_path / "cache")
    assert [(p.split, p.path.name, p.duplicate_split, p.near) for p in first.problems] == [
        ("training", "z.jpg", "test", True)
    ]
    assert [(p.path.name, p.duplicate_split) for p in first.label_conflicts] == [("other.jpg", "test")]
    assert (second.problems, second.label_conflicts) == (first.problems, first.label_conflicts)


@pytest.mark.parametrize("damage", [b"", b"[]", b'{"problems": 3}', b"\xff"])
def test_a_damaged_store_is_replaced(data: Path, tmp_path: Path, damage: bytes) -> None:
    assert found(data, tmp_path / "cache") == []
    (stored,) = (tmp_path / "cache").iterdir()
    whole = stored.read_bytes()
    stored.write_bytes(damage)
    assert found(data, tmp_path / "cache") == []
    assert len(stored.read_bytes()) == len(whole)


def test_a_cache_folder_that_cannot_be_made_costs_time_only(data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert found(data, tmp_path / "file" / "cache") == []


def test_progress_only_grows_and_ends_at_one(data: Path, tmp_path: Path) -> None:
    shares: list[float] = []
    scan(read(data), tmp_path / "cache", progress=told(shares))
    assert len(shares) >= 24
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.1
    assert shares[-1] == 1.0


@pytest.mark.parametrize("after", [0, 1, 10, 24])
def test_a_scan_stops_at_once_and_stores_nothing(data: Path, tmp_path: Path, after: int) -> None:
    asked = []

    def cancelled() -> bool:
        asked.append(None)
        return len(asked) > after

    with pytest.raises(Cancelled):
        scan(read(data), tmp_path / "cache", progress=Progress(cancelled=cancelled))
    assert len(asked) == after + 1
    assert not (tmp_path / "cache").exists()
    assert threading.active_count() < 20


def test_nothing_in_the_data_folder_is_touched(data: Path, tmp_path: Path) -> None:
    def state() -> list[tuple[str, int, int]]:
        return sorted((str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in data.rglob("*"))

    before = state()
    scan(read(data), tmp_path / "cache")
    assert state() == before


def test_memory_does_not_grow_with_the_pictures(tmp_path: Path) -> None:
    """Four hundred photos of 0.9 MB of pixels each take less than 60 MB more than two."""
    first = save(tmp_path / "data" / "cats" / "0.jpg", photo(1, 640, 480))
    save(tmp_path / "data" / "dogs" / "0.jpg", photo(2, 640, 480))
    for number in range(1, 400):
        (tmp_path / "data" / "cats" / f"{number}.jpg").hardlink_to(first)
    code = f"""
    from pathlib import Path
    from cnn_core.datasets.folders import labelled_files
    from cnn_core.datasets.scan.scan import scan
    from cnn_core.datasets.splits import Splits
    files = labelled_files([Path({str(tmp_path / "data")!r})])
    few = files.chosen([0, 400])
    cache = Path({str(tmp_path / "cache")!r})
    scan(Splits(training=few, validation=few, test=None), cache)
    before = peak_bytes()
    scan(Splits(training=files, validation=few, test=None), cache)
    print(peak_bytes() - before)
    """
    assert peak_growth(code) < 60e6
