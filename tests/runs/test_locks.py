"""Locks have one holder, and no death leaves one behind."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from counted_runs import locked

from cnn_core.runs.locks import is_locked, take_lock

HOLD = """
import sys, time
from pathlib import Path
from cnn_core.runs.locks import take_lock
lock = take_lock(Path(sys.argv[1]))
print("held" if lock else "refused", flush=True)
time.sleep(60)
"""


def test_a_lock_has_one_holder_and_is_free_after_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_locked(path)
    with locked(path) as lock:
        assert not os.get_inheritable(lock.descriptor)
        assert is_locked(path)
        assert take_lock(path, wait_seconds=0.05) is None
    assert not is_locked(path)
    locked(path).release()


def test_a_process_that_is_killed_leaves_no_lock(tmp_path: Path, project_root: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], cwd=project_root, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert is_locked(path)
        holder.kill()
        holder.wait()
        assert not is_locked(path)


def test_a_lock_is_handed_to_a_child_without_being_free_for_a_moment(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = locked(path)
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(command, pass_fds=(lock.descriptor,)) as child:
        lock.release()
        assert is_locked(path)
        child.kill()
        child.wait()
    assert not is_locked(path)


def test_asking_whether_a_file_is_locked_never_keeps_anybody_from_locking_it(tmp_path: Path) -> None:
    path, over = tmp_path / "lock", threading.Event()
    locked(path).release()

    def ask() -> None:
        while not over.is_set():
            is_locked(path)

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    try:
        for _ in range(50):
            lock = take_lock(path, wait_seconds=5)
            assert lock is not None
            lock.release()
    finally:
        over.set()
        for asker in askers:
            asker.join()


def test_a_disk_that_knows_no_locks_is_told_and_leaves_no_file_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(descriptor: int, kind: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    path = tmp_path / "lock"
    locked(path).release()
    monkeypatch.setattr(fcntl, "flock", unknown)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match="No locks available"):
        take_lock(path)
    assert not is_locked(path)
    assert len(os.listdir("/proc/self/fd")) == before
