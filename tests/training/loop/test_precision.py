"""The precision is measured, remembered, and never guessed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cnn_core.errors import Cancelled
from cnn_core.progress import SILENT, Progress
from cnn_core.training.loop import precision
from cnn_core.training.loop.precision import Measurable, Precision, precision_of

SHAPE = (6, 4, 4, 3)


class Computer:
    """Steps of known durations, by precision, on a clock that only they move forward."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: dict[str, float], fast: str) -> None:
        self.seconds, self.now, self.steps = seconds, 0.0, dict.fromkeys(seconds, 0)
        monkeypatch.setattr(precision, "time", SimpleNamespace(perf_counter=lambda: self.now))
        monkeypatch.setattr(precision, "fast_precision", lambda: fast)

    def step_in(self, name: str) -> Callable[..., None]:
        def step(inputs: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> None:
            assert inputs.shape == SHAPE
            assert labels.shape == weights.shape == (6,)
            self.steps[name] += 1
            self.now += 60.0 if self.steps[name] == 1 else self.seconds[name]  # the first one compiles

        return step

    def measured(
        self,
        folder: Path,
        setting: str = "automatic",
        device: str = "CPU",
        progress: Progress = SILENT,
        cache: Path | None = None,
    ) -> Precision:
        devices: Any = SimpleNamespace(name=device)
        measurable: Any = Measurable(network="a network", batch_shape=SHAPE, step_in=self.step_in)
        return precision_of(setting, devices, measurable, folder, cache or folder / "cache", progress)


@pytest.fixture
def computer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Computer]:
    def made(float32: float, bfloat16: float, fast: str = "mixed_bfloat16") -> Computer:
        return Computer(monkeypatch, {"float32": float32, "mixed_bfloat16": bfloat16}, fast)

    return made


MIXED = "mixed_bfloat16"
GPU, UNMEASURED = {"device": "GPU H"}, {"float32": 0, MIXED: 0}


@pytest.mark.parametrize(
    ("seconds", "hardware", "options", "chosen", "measures"),
    [
        ((0.2, 0.1), MIXED, {}, MIXED, True),
        ((0.1, 0.2), MIXED, {}, "float32", True),
        ((0.103, 0.1), MIXED, {}, "float32", True),
        ((0.107, 0.1), MIXED, {}, MIXED, True),
        ((0.2, 0.1), "float32", {}, "float32", False),
        ((0.2, 0.1), "float32", GPU, MIXED, True),
        ((0.2, 0.1), MIXED, {"setting": "float32"}, "float32", False),
        ((0.1, 0.2), MIXED, {"setting": MIXED}, MIXED, False),
    ],
    ids=[
        "twice as fast",
        "half as fast",
        "hardly faster",
        "clearly faster",
        "a processor without bfloat16",
        "a GPU, whatever the processor",
        "float32 as set",
        "bfloat16 as set",
    ],
)
def test_the_clearly_faster_precision_is_taken_where_it_is_not_settled_otherwise(
    computer: Callable[..., Computer],
    tmp_path: Path,
    *,
    seconds: Any,
    hardware: str,
    options: dict[str, str],
    chosen: str,
    measures: bool,
) -> None:
    machine = computer(*seconds, hardware)
    found = machine.measured(tmp_path, **options)
    assert found.chosen == json.loads((tmp_path / "precision.json").read_text())["chosen"] == chosen
    assert (machine.steps == UNMEASURED) != measures
    speeds = {"float32": 6 / seconds[0], MIXED: 6 / seconds[1]} if measures else {}
    assert found.images_per_second == pytest.approx(speeds, abs=0.06)  # without the step that compiles


def test_the_measurement_takes_three_seconds_of_steps_unless_fewer_leave_no_doubt(
    computer: Callable[..., Computer], tmp_path: Path
) -> None:
    machine = computer(0.1, 0.11)
    machine.measured(tmp_path)
    assert machine.now == pytest.approx(2 * 60 + 3, abs=0.5)
    for seconds, steps in [((0.1, 0.25), 1), ((0.25, 0.1), 1), ((0.1, 0.13), 3), ((0.13, 0.1), 3)]:
        clear = computer(*seconds)
        clear.measured(tmp_path, device=f"CPU {seconds}")
        assert clear.steps == {"float32": 1 + steps, "mixed_bfloat16": 1 + steps}  # one to compile
    slow = computer(5.0, 5.5)
    slow.measured(tmp_path, device="CPU of another machine")
    assert slow.steps == {"float32": 3, "mixed_bfloat16": 3}  # one to compile, two to compare


def test_a_measurement_is_remembered_in_the_folder_of_the_run_for_the_same_device_unless_half_written(
    computer: Callable[..., Computer], tmp_path: Path
) -> None:
    first = computer(0.2, 0.1).measured(tmp_path)
    saved = json.loads((tmp_path / "precision.json").read_text())
    assert saved == {
        "chosen": "mixed_bfloat16",
        "device": "CPU",
        "images_per_second": {"float32": 30.0, "mixed_bfloat16": 60.0},
    }
    later = computer(0.1, 0.2)  # would choose otherwise, in the middle of a run
    assert later.measured(tmp_path) == first
    assert later.steps == UNMEASURED
    found = later.measured(tmp_path, **GPU)
    assert (found.chosen, found.device) == ("float32", "GPU H")
    (tmp_path / "precision.json").write_text('{"chosen": "mixed_bf')
    assert later.measured(tmp_path) == first  # as other runs on this device remember it


def test_a_later_run_of_the_same_network_does_not_measure_again_unless_what_is_remembered_is_damaged(
    computer: Callable[..., Computer], tmp_path: Path
) -> None:
    folders = [tmp_path / name for name in "abcd"]
    for folder in folders:
        folder.mkdir()
    cache = tmp_path / "cache"
    first = computer(0.2, 0.1).measured(folders[0], cache=cache)
    later = computer(0.1, 0.2)
    assert later.measured(folders[1], cache=cache) == first
    assert later.steps == UNMEASURED
    remembered = cache / "precision.json"
    (key,) = json.loads(remembered.read_text())
    for folder, text in ((folders[2], '{"cut'), (folders[3], json.dumps({key: {"float32": 3.0}}))):
        remembered.write_text(text)
        assert later.measured(folder, cache=cache).chosen == "float32"


def test_one_slow_step_among_many_does_not_count(
    computer: Callable[..., Computer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's work on the same machine: the median step is what counts."""
    machine = computer(0.1, 0.15)
    step_in = machine.step_in

    def disturbed(name: str) -> Callable[..., None]:
        step = step_in(name)

        def slow(*batch: Any) -> None:
            step(*batch)
            if (name, machine.steps[name]) == ("float32", 4):
                machine.now += 0.8

        return slow

    monkeypatch.setattr(machine, "step_in", disturbed)
    assert machine.measured(tmp_path).images_per_second["float32"] == 60


def test_a_measurement_says_how_far_it_is_and_can_be_stopped_between_any_two_steps(
    computer: Callable[..., Computer], tmp_path: Path
) -> None:
    told: list[float] = []
    machine = computer(0.5, 0.5)
    machine.measured(tmp_path, progress=Progress(tell=lambda share, _: told.append(share)))
    assert len(told) == sum(machine.steps.values())  # before each step, those that compile too
    assert told == sorted(told)
    assert told[0] == 0
    assert 0.8 < told[-1] <= 1
    for stop_at in (1, 2, 3, len(told)):
        folder = tmp_path / str(stop_at)
        folder.mkdir()
        answers = iter([False] * (stop_at - 1) + [True])
        machine = computer(0.5, 0.5)
        with pytest.raises(Cancelled):
            machine.measured(folder, progress=Progress(cancelled=answers.__next__))
        assert sum(machine.steps.values()) == stop_at - 1
        assert list(folder.iterdir()) == []
