"""One run per device, in the order of asking."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from cnn_core.errors import Cancelled
from cnn_core.files import write_json
from cnn_core.runs import device_queue
from cnn_core.runs.device_places import device_lock, tell_waiting, waiting_folders
from cnn_core.runs.device_queue import Ticket, busy_elsewhere, device_of, rivals, wait_for_turn, waiting
from cnn_core.runs.locks import Lock, is_locked, take_lock
from cnn_core.runs.run_status import change_state


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


def test_the_queue_is_in_the_order_of_asking_and_without_the_dead(tmp_path: Path) -> None:
    third, _c = run_waiting(tmp_path, "a", 30)
    first, _a = run_waiting(tmp_path, "b", 10)
    _, dead = run_waiting(tmp_path, "c", 20)
    dead.release()
    running, _d = run_waiting(tmp_path, "d", 5)
    change_state(tmp_path / running.key, "running")
    assert waiting(tmp_path) == [first, third]


def test_a_free_device_is_given_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket, _lock = run_waiting(tmp_path, "a", 1)
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("waited"))
    with wait_for_turn(tmp_path, ticket, never):
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
    ticket = Ticket(time_ns=7, key="a", device="gpu")
    assert Ticket.of("a", {"state": "queued", **ticket.facts()}) == ticket


def test_a_new_place_is_behind_all_others_of_its_device_also_when_the_clock_was_set_back(
    tmp_path: Path,
) -> None:
    mine, others = tmp_path / "mine", tmp_path / "others"
    for folder in (mine, others):
        folder.mkdir()
        tell_waiting(folder)
    tomorrow = time.time_ns() + 10**14
    _, _mine = run_waiting(mine, "a", tomorrow)
    _, _others = run_waiting(others, "b", tomorrow + 5)
    _, _gpu = run_waiting(mine, "c", tomorrow + 10**14, device="gpu")
    assert Ticket.last("d", "cpu", mine).time_ns == tomorrow + 6
    _others.release()
    assert Ticket.last("d", "cpu", mine).time_ns == tomorrow + 1
    _mine.release()
    assert Ticket.last("d", "cpu", mine).time_ns <= time.time_ns()


def test_who_uses_a_device_is_told_where_it_is_a_run_of_another_folder(tmp_path: Path) -> None:
    mine, others = tmp_path / "mine", tmp_path / "others"
    for folder in (mine, others):
        folder.mkdir()
    ticket, _lock = run_waiting(others, "a", 1)
    assert busy_elsewhere(mine, "cpu") is None
    with wait_for_turn(others, ticket, never):
        assert busy_elsewhere(mine, "cpu") == "a"  # as long as nobody has given it a title
        write_json(others / "a" / "config.json", {"title": "Cats at night"})
        assert busy_elsewhere(mine, "cpu") == "Cats at night"
        write_json(others / "a" / "config.json", {"title": "two\nlines\x1b[2J " + "x" * 200})
        assert busy_elsewhere(mine, "cpu") == "two lines [2J " + "x" * 105 + "…"
        write_json(others / "a" / "config.json", {"title": ["Cats"]})
        assert busy_elsewhere(mine, "cpu") == "a"
        assert busy_elsewhere(others, "cpu") is None
        assert busy_elsewhere(mine, "gpu") is None
    assert busy_elsewhere(mine, "cpu") is None


def test_a_folder_known_by_two_names_is_looked_into_once(tmp_path: Path) -> None:
    mine, alias = tmp_path / "mine", tmp_path / "alias"
    mine.mkdir()
    alias.symlink_to(mine)
    tell_waiting(mine)
    _, _lock = run_waiting(mine, "a", 1)
    assert [ticket.key for ticket in rivals(alias, "cpu")] == ["a"]


def test_folders_being_made_or_removed_do_not_wait(tmp_path: Path) -> None:
    _, _removed = run_waiting(tmp_path, ".removed-1-a", 1)
    assert waiting(tmp_path) == []


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
