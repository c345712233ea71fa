"""One run per device, in the order of asking."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from counted_runs import locked

from cnn_core.errors import Cancelled
from cnn_core.runs import device_queue
from cnn_core.runs.device_queue import Ticket, device_lock, device_of, wait_for_turn, waiting
from cnn_core.runs.locks import Lock, is_locked
from cnn_core.training.run_status import change_state


@pytest.fixture(autouse=True)
def own_devices(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No other test's run waits for the same devices."""
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path_factory.mktemp("cache")))


def held(device: str) -> Lock:
    device_lock(device).parent.mkdir(parents=True, exist_ok=True)
    return locked(device_lock(device))


def never() -> bool:
    return False


def run_waiting(runs: Path, key: str, time_ns: int, *, device: str = "cpu") -> tuple[Ticket, Lock]:
    """A run that waits, and whose process is alive as long as the lock is held."""
    (runs / key).mkdir()
    ticket = Ticket(time_ns=time_ns, key=key, device=device)
    change_state(runs / key, "queued", **ticket.fields())
    return ticket, locked(runs / key / ".lock")


def test_the_queue_is_in_the_order_of_asking_and_without_the_dead(tmp_path: Path) -> None:
    third, _c = run_waiting(tmp_path, "a", 30)
    first, _a = run_waiting(tmp_path, "b", 10)
    _, dead = run_waiting(tmp_path, "c", 20)
    dead.release()
    running, _d = run_waiting(tmp_path, "d", 5)
    change_state(tmp_path / running.key, "running")
    assert waiting(tmp_path, "cpu") == [first, third]


def test_a_free_device_is_given_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket, _lock = run_waiting(tmp_path, "a", 1)
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("waited"))
    with wait_for_turn(tmp_path, ticket, never):
        assert is_locked(device_lock("cpu"))


def test_nobody_overtakes_one_who_asked_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_queue, "POLL_SECONDS", 0.01)
    _, early = run_waiting(tmp_path, "early", 1)
    late, _lock = run_waiting(tmp_path, "late", 2)
    looks = []

    def stopped() -> bool:
        looks.append(is_locked(device_lock("cpu")))
        if len(looks) == 10:
            early.release()  # its process is killed while it waits
        return False

    with wait_for_turn(tmp_path, late, stopped):
        assert len(looks) == 10
    assert not any(looks)


def test_runs_on_different_devices_do_not_wait_for_each_other(tmp_path: Path) -> None:
    _, _early = run_waiting(tmp_path, "early", 1, device="gpu")
    late, _late = run_waiting(tmp_path, "late", 2)
    with held("gpu"), wait_for_turn(tmp_path, late, never):
        assert is_locked(device_lock("cpu"))


def test_a_device_in_use_is_waited_for_in_whatever_folder_the_other_run_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_queue, "POLL_SECONDS", 0.01)
    mine, others = tmp_path / "mine", tmp_path / "others"
    for folder in (mine, others):
        folder.mkdir()
    theirs, _first = run_waiting(others, "a", 2)
    ours, _second = run_waiting(mine, "b", 1)
    looks: list[int] = []

    def stopped() -> bool:
        looks.append(len(looks))
        if len(looks) == 5:
            device.release()
        return False

    device = wait_for_turn(others, theirs, never)
    with wait_for_turn(mine, ours, stopped):
        assert len(looks) == 5


def test_a_run_can_be_stopped_while_it_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_queue, "POLL_SECONDS", 0.01)
    ticket, _lock = run_waiting(tmp_path, "a", 1)
    answers = iter([False, False, True])
    with held("cpu"), pytest.raises(Cancelled):
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


def test_a_new_place_is_behind_all_others_of_its_device_also_when_the_clock_was_set_back(
    tmp_path: Path,
) -> None:
    tomorrow = time.time_ns() + 10**14
    _, lock = run_waiting(tmp_path, "a", tomorrow)
    _, _gpu = run_waiting(tmp_path, "b", tomorrow + 10**14, device="gpu")
    assert Ticket.last("c", "cpu", tmp_path).time_ns == tomorrow + 1
    lock.release()
    assert Ticket.last("c", "cpu", tmp_path).time_ns <= time.time_ns()


def test_folders_being_made_or_removed_do_not_wait(tmp_path: Path) -> None:
    _, _removed = run_waiting(tmp_path, ".removed-1-a", 1)
    assert waiting(tmp_path, "cpu") == []


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
