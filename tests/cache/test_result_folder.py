"""The folder keeps its limit among several writers, and never stands in the way."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stored_results import MEGABYTE, disk_only, heavy, key, map_of, refuse_to_compute, stored_files

from cnn_core.cache import folder as result_folder
from cnn_core.cache.archive import write_result
from cnn_core.cache.store import ResultStore
from cnn_core.results import AttributionMap


class TestLimits:
    def test_the_folder_stays_below_its_limit(self, tmp_path: Path) -> None:
        store = disk_only(tmp_path, 4 * MEGABYTE)
        for number in range(20):
            store.put(key(number), heavy(0.5))
        total = sum(path.stat().st_size for path in stored_files(tmp_path))
        assert 2 * MEGABYTE < total <= 4 * MEGABYTE

    def test_the_least_recently_used_results_leave_the_folder_first(self, tmp_path: Path) -> None:
        store = disk_only(tmp_path, 4 * MEGABYTE)
        for number in range(3):
            store.put(key(number), heavy(1.1))
            if number == 1:
                assert store.get(key(0), AttributionMap) is not None
        store.put(key(3), heavy(1.1))
        found = [store.get(key(n), AttributionMap) is not None for n in range(4)]
        assert found == [True, False, True, True]

    def test_a_restart_sees_what_is_already_there(self, tmp_path: Path) -> None:
        for number in range(8):
            disk_only(tmp_path, 4 * MEGABYTE).put(key(number), heavy())
        assert sum(path.stat().st_size for path in stored_files(tmp_path)) <= 4 * MEGABYTE

    def test_a_result_larger_than_the_limit_is_not_written(self, tmp_path: Path) -> None:
        store = disk_only(tmp_path, MEGABYTE)
        store.put(key(0), heavy(0.5))
        store.put(key(1), heavy(2))
        assert store.get(key(0), AttributionMap) is not None
        assert store.get(key(1), AttributionMap) is None
        assert store.warning is None

    def test_leftovers_of_killed_writers_are_removed_when_old(self, tmp_path: Path) -> None:
        shelf = tmp_path / "ab"
        shelf.mkdir()
        old, fresh, foreign = (
            shelf / f".{'ab' * 32}.12-34.npz",
            shelf / f".{'ab' * 32}.12-35.npz",
            shelf / ".gitkeep",
        )
        for path in (old, fresh, foreign):
            path.touch()
        for path in (old, foreign):
            os.utime(path, (0, 0))
        store = disk_only(tmp_path)
        store.put(key(), map_of([[1]]))
        assert [path.exists() for path in (old, fresh, foreign)] == [False, True, True]

        old.touch()
        os.utime(old, (0, 0))
        for number in range(50):
            store.put(key(number), map_of([[number]]))
        assert old.exists()  # not every write looks through the folder

    def test_files_that_are_not_the_stores_own_are_never_removed(self, tmp_path: Path) -> None:
        (tmp_path / "ab").mkdir()
        mine = [tmp_path / "photo.npz", tmp_path / "ab" / "thesis.npz"]
        for path in mine:
            path.write_bytes(bytes(MEGABYTE))
        store = disk_only(tmp_path, MEGABYTE // 2)
        for number in range(4):
            store.put(key(number), heavy(0.3))
        assert all(path.exists() for path in mine)


WRITER = """
import sys
import numpy as np
from pathlib import Path
from cnn_core.cache.store import ResultStore, result_key
store = ResultStore(Path(sys.argv[1]), 2_000_000, memory_bytes=0)
for number in range(60):
    key = result_key(analysis="test", version=1, model_sha256="m", params=number % 12)
    value = store.get_or_compute(key, np.ndarray, lambda: np.full(60_000, number % 12, np.float32))
    if value.shape != (60_000,) or (value != number % 12).any():
        sys.exit("wrong value")
if store.warning is not None:
    sys.exit(store.warning)
"""


def test_several_processes_share_a_folder_while_it_overflows(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    root = Path(__file__).parents[2]
    writers = [subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE) for _ in range(3)]
    for writer in writers:
        _, errors = writer.communicate(timeout=300)
        assert writer.returncode == 0, errors.decode()
    assert all(path.name[0] != "." for path in stored_files(tmp_path))


class TestFolderThatCannotBeUsed:
    def works_without_it(self, store: ResultStore) -> None:
        assert store.get_or_compute(key(), AttributionMap, lambda: map_of([[1]])).values.tolist() == [[1]]
        assert store.get_or_compute(key(), AttributionMap, refuse_to_compute).values.tolist() == [[1]]

    def test_a_folder_below_a_file_is_named_in_the_warning_at_once(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        store = ResultStore(tmp_path / "file" / "cache")
        assert store.warning is not None
        assert str(tmp_path / "file" / "cache") in store.warning
        assert "Not a directory" in store.warning
        assert "CONVSCOPE_CACHE" in store.warning
        self.works_without_it(store)

    @pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs Linux's /proc")
    def test_a_folder_where_nothing_can_be_made_is_worked_around(self) -> None:
        store = ResultStore(Path("/proc/convscope"))
        assert store.warning is not None
        self.works_without_it(store)

    def test_a_read_only_folder_still_answers(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        ResultStore(tmp_path).put(key(1), map_of([[7]]))
        fail_to_write(monkeypatch, errno.EROFS)
        monkeypatch.setattr(os, "access", lambda *_: False)
        monkeypatch.setattr(os, "utime", raising(errno.EROFS))
        store = ResultStore(tmp_path)
        assert store.warning is not None
        stored = store.get(key(1), AttributionMap)
        assert stored is not None
        assert stored.values.tolist() == [[7]]
        self.works_without_it(store)

    def test_a_full_disk_is_said_and_leaves_no_half_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = ResultStore(tmp_path)
        assert store.warning is None
        fail_to_write(monkeypatch, errno.ENOSPC)
        self.works_without_it(store)
        assert store.warning is not None
        assert "No space left on device" in store.warning
        assert stored_files(tmp_path) == []

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
    def test_a_device_that_is_really_full_gives_an_oserror(self) -> None:
        with pytest.raises(OSError, match="No space left"):
            write_result(Path("/dev/full"), heavy())

    def test_the_warning_goes_when_the_disk_has_room_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for pause_seconds, stored in ((60.0, 0), (0.0, 1)):  # writing pauses after a failure
            store = ResultStore(tmp_path)
            with monkeypatch.context() as full:
                full.setattr(result_folder, "RETRY_SECONDS", pause_seconds)
                fail_to_write(full, errno.ENOSPC)
                store.put(key(0), map_of([[1]]))
            store.put(key(1), map_of([[1]]))
            assert (store.warning is None) is bool(stored)
            assert len(stored_files(tmp_path)) == stored


def raising(number: int) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


def fail_to_write(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(result_folder, "write_result", raising(number))
