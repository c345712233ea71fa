"""The time left: never counted by what only the first step takes, and by the size of the pictures ahead."""

from __future__ import annotations

import pytest

from cnn_core.training.loop import epoch_report
from cnn_core.training.loop.epoch_report import EpochReport
from cnn_core.training.loop.time_left import FINE_TUNING_COST, FORWARD_SHARE, TimeLeft


class Clock:
    """A clock that only the test moves forward."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(epoch_report.time, "monotonic", lambda: self.now)

    def steps(self, report: EpochReport, seconds: list[float]) -> list[tuple[int, float]]:
        """How many steps are timed after each of these, and what they took."""
        known = []
        for step in seconds:
            self.now += step
            report.step_done(0.7, 0.5)
            known.append(report.timed())
        return known

    def report(self, steps: int = 50) -> EpochReport:
        """Of an epoch that begins now."""
        moments = dict.fromkeys(("started", "last_step", "last_row"), self.now)
        return EpochReport(epoch=0, epochs=10, steps=steps, batch_size=32, **moments)


def test_a_first_step_that_compiles_for_half_a_minute_does_not_count_and_the_pace_is_unknown_at_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock(monkeypatch)
    epoch = clock.report()
    known = clock.steps(epoch, [30.0, 0.8, 0.8, 0.8])
    assert known == [(0, 0), (0, 0), (0, 0), (3, pytest.approx(2.4))]
    assert epoch.status()["images_per_second"] == pytest.approx(40)


def test_an_epoch_of_one_step_has_a_speed_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    epoch = clock.report(steps=1)
    clock.steps(epoch, [4.0])
    assert epoch.pace()["images_per_second"] == pytest.approx(8)


def test_seconds_go_on_after_a_pause_but_the_pace_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    before = clock.report()
    clock.steps(before, [30.0, 1.0, 1.0])
    clock.now += 3600
    after = clock.report()
    after.resumed(before.so_far() | {"seconds": 32.0})
    clock.steps(after, [20.0, 0.5, 0.5, 0.5, 0.5])
    assert after.step == 8
    assert after.seconds() == pytest.approx(32 + 22)
    assert after.timed() == (4, pytest.approx(2.0))
    assert after.means.steps == 8


def test_nothing_is_told_before_a_pace_is_known() -> None:
    assert TimeLeft(steps=10, validation_cost=1.0).seconds(3, [1.0, 1.0]) is None


def test_larger_pictures_and_fine_tuning_ahead_take_longer() -> None:
    left = TimeLeft(steps=10, validation_cost=0.0)
    left.steps_timed(4, 2.0, 96.0**2)
    assert left.seconds(4, [96.0**2] * 3) == pytest.approx(0.5 * 26)
    assert left.seconds(0, [96.0**2, 192.0**2]) == pytest.approx(0.5 * (10 + 4 * 10))
    left.steps_timed(4, 2.0, 1.0)
    assert left.seconds(0, [1.0, FINE_TUNING_COST]) == pytest.approx(0.5 * (10 + 3 * 10))


def test_validations_count_as_forward_passes_until_one_that_does_not_compile_is_timed() -> None:
    left = TimeLeft(steps=10, validation_cost=FORWARD_SHARE * 6)
    left.steps_timed(4, 4.0, 1.0)
    assert left.seconds(10, [1.0]) == pytest.approx(2)
    left.validation_timed(30.0)
    assert left.seconds(10, [1.0]) == pytest.approx(2)
    left.steps_timed(4, 4.0, 1.0)
    left.validation_timed(3.0)
    assert left.seconds(10, [1.0, 1.0]) == pytest.approx(10 + 2 * 3)


def test_the_first_steps_of_an_epoch_do_not_turn_over_what_the_epoch_before_has_taught() -> None:
    left = TimeLeft(steps=10, validation_cost=0.0)
    left.steps_timed(9, 9.0, 1.0)
    left.validation_timed(0.0)
    assert left.seconds(0, [1.0]) == pytest.approx(10)
    left.steps_timed(1, 11.0, 1.0)
    assert left.seconds(2, [1.0]) == pytest.approx(16)


def test_steps_slowed_down_by_decoding_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    epoch = clock.report()
    clock.steps(epoch, [30.0, 5.0, 5.0])
    epoch.begin_pace()
    assert epoch.timed() == (0, 0)
    assert epoch.pace() == {}
    assert clock.steps(epoch, [1.0, 1.0])[-1] == (2, pytest.approx(2.0))
