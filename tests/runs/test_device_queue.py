"""One run per device, in the order of asking, and locks that no death leaves behind."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cnn_core.errors import Cancelled
from cnn_core.runs import device_queue
from cnn_core.runs.device_places import device_lock, tell_waiting, waiting_folders
from cnn_core.runs.device_queue import Ticket, device_of, wait_for_turn, waiting
from cnn_core.runs.locks import Lock, is_locked, take_lock
from cnn_core.runs.run_status import change_state

HOLD = """
import sys, time
from pathlib import Path
from cnn_core.runs.locks import take_lock
lock = take_lock(Path(sys.argv[1]))
print("held" if lock else "refused", flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def own_devices(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No other test's run waits for the same devices."""
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path_factory.mktemp("cache")))


def taken(path: Path) -> Lock:
    lock = take_lock(path, wait_seconds=0)
    assert lock is not None
    return lock


def never() -> bool:
    return False


def run_waiting(runs: Path, key: str, time_ns: int, *, device: str = "cpu") -> tuple[Ticket, Lock]:
    """A run that waits, and whose process is alive as long as the lock is held."""
    (runs / key).mkdir()
    ticket = Ticket(time_ns=time_ns, key=key, device=device)
    change_state(runs / key, "queued", **ticket.facts())
    return ticket, taken(runs / key / ".lock")


def test_a_lock_has_one_holder_and_is_free_after_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_locked(path)
    with taken(path):
        assert is_locked(path)
        assert take_lock(path, wait_seconds=0.05) is None
    assert not is_locked(path)
    taken(path).release()


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
    lock = taken(path)
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(command, pass_fds=(lock.descriptor,)) as child:
        lock.release()
        assert is_locked(path)
        child.kill()
        child.wait()
    assert not is_locked(path)


def test_asking_whether_a_file_is_locked_never_keeps_anybody_from_locking_it(tmp_path: Path) -> None:
    path, over = tmp_path / "lock", threading.Event()
    taken(path).release()

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


def test_the_queue_is_in_the_order_of_asking_and_without_the_dead(tmp_path: Path) -> None:
    third, _c = run_waiting(tmp_path, "a", 30)
    first, _a = run_waiting(tmp_path, "b", 10)
    _, dead = run_waiting(tmp_path, "c", 20)
    dead.release()
    running, _d = run_waiting(tmp_path, "d", 5)
    change_state(tmp_path / running.key, "running")
    assert waiting(tmp_path) == [first, third]


def test_a_free_device_is_given_at_once(tmp_path: Path) -> None:
    ticket, _lock = run_waiting(tmp_path, "a", 1)
    before = time.monotonic()
    with wait_for_turn(tmp_path, ticket, never):
        assert time.monotonic() - before < 0.3
        assert is_locked(device_lock(tmp_path, "cpu"))


def test_nobody_overtakes_one_who_asked_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_queue, "POLL_SECONDS", 0.01)
    _, early = run_waiting(tmp_path, "early", 1)
    late, _lock = run_waiting(tmp_path, "late", 2)
    looks = []

    def stopped() -> bool:
        looks.append(is_locked(device_lock(tmp_path, "cpu")))
        if len(looks) == 10:
            early.release()  # its process is killed while it waits
        return False

    with wait_for_turn(tmp_path, late, stopped):
        assert len(looks) == 10
    assert not any(looks)


def test_runs_of_different_folders_share_a_device_in_the_order_of_asking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_queue, "POLL_SECONDS", 0.01)
    mine, others = tmp_path / "mine", tmp_path / "others"
    for folder in (mine, others):
        folder.mkdir()
    early, lock = run_waiting(others, "early", 1)
    answers = iter([False, True])
    with taken(device_lock(others, "cpu")), pytest.raises(Cancelled):
        wait_for_turn(others, early, lambda: next(answers))
    late, _late = run_waiting(mine, "late", 2)
    looks = []

    def stopped() -> bool:
        looks.append(is_locked(device_lock(mine, "cpu")))
        if len(looks) == 5:
            lock.release()
        return False

    with wait_for_turn(mine, late, stopped):
        assert len(looks) == 5
        assert is_locked(device_lock(others, "cpu"))


def test_a_folder_of_runs_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    tell_waiting(gone)
    assert gone in waiting_folders(tmp_path)
    gone.rmdir()
    assert list(waiting_folders(tmp_path)) == [tmp_path]


def test_where_the_cache_cannot_be_written_the_runs_keep_locks_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "file"))
    ticket, _lock = run_waiting(tmp_path, "a", 1)
    with wait_for_turn(tmp_path, ticket, never):
        assert is_locked(tmp_path / ".device-cpu.lock")


def test_runs_on_different_devices_do_not_wait_for_each_other(tmp_path: Path) -> None:
    _, _early = run_waiting(tmp_path, "early", 1, device="gpu")
    late, _late = run_waiting(tmp_path, "late", 2)
    with taken(device_lock(tmp_path, "gpu")), wait_for_turn(tmp_path, late, never):
        assert is_locked(device_lock(tmp_path, "cpu"))


def test_a_run_can_be_stopped_while_it_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_queue, "POLL_SECONDS", 0.01)
    ticket, _lock = run_waiting(tmp_path, "a", 1)
    answers = iter([False, False, True])
    with taken(device_lock(tmp_path, "cpu")), pytest.raises(Cancelled):
        wait_for_turn(tmp_path, ticket, lambda: next(answers))
    assert next(answers, None) is None


@pytest.mark.parametrize(
    "status",
    [
        {},
        {"state": "running", "queue": {"ticket": 1, "device": "cpu"}},
        {"state": "queued"},
        {"state": "queued", "queue": [1, "cpu"]},
        {"state": "queued", "queue": {"ticket": "soon", "device": "cpu"}},
    ],
)
def test_a_status_without_a_place_in_the_queue_has_no_ticket(status: dict[str, object]) -> None:
    assert Ticket.of("a", status) is None


def test_a_ticket_comes_back_from_the_status_that_holds_it() -> None:
    ticket = Ticket.new("a", "gpu")
    assert Ticket.of("a", {"state": "queued", **ticket.facts()}) == ticket
    assert ticket < Ticket.new("a", "cpu")


def test_the_device_is_the_gpu_only_where_there_is_one_that_may_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = tmp_path / "nvidiactl"
    monkeypatch.setattr(device_queue, "GPU_FILES", (driver,))
    monkeypatch.setattr(device_queue, "CPU_PACKAGE", "no-such-package-is-installed")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert device_of("automatic") == "cpu"
    driver.touch()
    assert device_of("automatic") == "gpu"
    assert device_of("cpu") == "cpu"
    monkeypatch.setattr(device_queue, "CPU_PACKAGE", "numpy")
    assert device_of("automatic") == "cpu"
    monkeypatch.setattr(device_queue, "CPU_PACKAGE", "no-such-package-is-installed")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert device_of("automatic") == "cpu"


def test_a_lock_is_not_inherited_by_other_children(tmp_path: Path) -> None:
    with taken(tmp_path / "lock") as lock:
        assert not os.get_inheritable(lock.descriptor)
