"""The precision is measured, remembered, and never guessed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cnn_core import backend
from cnn_core.errors import Cancelled
from cnn_core.progress import Progress
from cnn_core.training.loop import precision
from cnn_core.training.loop.precision import Precision, precision_of

SHAPE = (6, 4, 4, 3)


class Computer:
    """Steps of known durations, by precision, on a clock that only they move forward."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: dict[str, float], fast: str) -> None:
        self.seconds, self.now, self.steps = seconds, 0.0, dict.fromkeys(seconds, 0)
        monkeypatch.setattr(precision, "time", SimpleNamespace(perf_counter=lambda: self.now))
        monkeypatch.setattr(backend, "fast_precision", lambda: fast)

    def step_in(self, name: str) -> Callable[..., None]:
        def step(inputs: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> None:
            assert inputs.shape == SHAPE
            assert labels.shape == weights.shape == (6,)
            self.steps[name] += 1
            self.now += 60.0 if self.steps[name] == 1 else self.seconds[name]  # the first one compiles

        return step

    def measured(self, folder: Path, wish: str = "automatic", device: str = "CPU") -> Precision:
        devices: Any = SimpleNamespace(name=device)
        return precision_of(wish, devices, self.step_in, SHAPE, folder)


@pytest.fixture
def computer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Computer]:
    def made(float32: float, bfloat16: float, fast: str = "mixed_bfloat16") -> Computer:
        return Computer(monkeypatch, {"float32": float32, "mixed_bfloat16": bfloat16}, fast)

    return made


@pytest.mark.parametrize(
    ("float32", "bfloat16", "chosen"),
    [
        (0.2, 0.1, "mixed_bfloat16"),
        (0.1, 0.2, "float32"),
        (0.103, 0.1, "float32"),
        (0.107, 0.1, "mixed_bfloat16"),
    ],
    ids=["twice as fast", "half as fast", "hardly faster", "clearly faster"],
)
def test_the_faster_precision_is_taken_if_it_is_clearly_so(
    computer: Callable[..., Computer], tmp_path: Path, float32: float, bfloat16: float, chosen: str
) -> None:
    found = computer(float32, bfloat16).measured(tmp_path)
    assert found.chosen == chosen
    speeds = {"float32": 6 / float32, "mixed_bfloat16": 6 / bfloat16}
    assert found.images_per_second == pytest.approx(speeds, abs=0.06)  # without the step that compiles


def test_the_measurement_takes_three_seconds_of_steps(
    computer: Callable[..., Computer], tmp_path: Path
) -> None:
    machine = computer(0.1, 0.25)
    machine.measured(tmp_path)
    assert machine.now == pytest.approx(2 * 60 + 3, abs=0.5)
    slow = computer(5.0, 7.0)
    slow.measured(tmp_path, device="CPU of another machine")
    assert slow.steps == {"float32": 3, "mixed_bfloat16": 3}  # one to compile, two to compare


def test_a_measurement_is_remembered_in_the_folder_of_the_run(
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
    assert later.steps == {"float32": 0, "mixed_bfloat16": 0}


def test_on_another_device_it_is_measured_anew(computer: Callable[..., Computer], tmp_path: Path) -> None:
    computer(0.2, 0.1).measured(tmp_path)
    found = computer(0.1, 0.2).measured(tmp_path, device="GPU H")
    assert (found.chosen, found.device) == ("float32", "GPU H")


def test_without_bfloat16_hardware_nothing_is_measured(
    computer: Callable[..., Computer], tmp_path: Path
) -> None:
    machine = computer(0.2, 0.1, fast="float32")
    assert machine.measured(tmp_path) == Precision(chosen="float32", device="CPU", images_per_second={})
    assert machine.steps == {"float32": 0, "mixed_bfloat16": 0}


def test_a_gpu_is_measured_whatever_the_processor_beside_it(
    computer: Callable[..., Computer], tmp_path: Path
) -> None:
    found = computer(0.2, 0.1, fast="float32").measured(tmp_path, device="GPU H")
    assert found.chosen == "mixed_bfloat16"


@pytest.mark.parametrize("wish", ["float32", "mixed_bfloat16"])
def test_a_wish_is_obeyed_without_a_measurement_and_written_down(
    computer: Callable[..., Computer], tmp_path: Path, wish: str
) -> None:
    machine = computer(0.2, 0.1)
    assert machine.measured(tmp_path, wish).chosen == wish
    assert machine.steps == {"float32": 0, "mixed_bfloat16": 0}
    assert json.loads((tmp_path / "precision.json").read_text())["chosen"] == wish


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


def test_a_half_written_memory_is_measured_anew(computer: Callable[..., Computer], tmp_path: Path) -> None:
    (tmp_path / "precision.json").write_text('{"chosen": "mixed_bf')
    assert computer(0.1, 0.2).measured(tmp_path).chosen == "float32"


def test_a_measurement_says_how_far_it_is_and_can_be_stopped_between_any_two_steps(
    computer: Callable[..., Computer], tmp_path: Path
) -> None:
    told: list[float] = []
    devices: Any = SimpleNamespace(name="CPU")
    machine = computer(0.5, 0.5)
    precision_of(
        "automatic",
        devices,
        machine.step_in,
        SHAPE,
        tmp_path,
        Progress(tell=lambda share, _: told.append(share)),
    )
    assert len(told) == sum(machine.steps.values())  # before each step, those that compile too
    assert told == sorted(told)
    assert told[0] == 0
    assert 0.8 < told[-1] <= 1
    for stop_at in (1, 2, 3, len(told)):
        folder = tmp_path / str(stop_at)
        folder.mkdir()
        asked = iter(range(1, stop_at))

        def stop(*_: object, asked: Iterator[int] = asked) -> None:
            if next(asked, None) is None:
                raise Cancelled("Stopped as asked.")

        machine = computer(0.5, 0.5)
        with pytest.raises(Cancelled):
            precision_of("automatic", devices, machine.step_in, SHAPE, folder, Progress(tell=stop))
        assert sum(machine.steps.values()) == stop_at - 1
        assert list(folder.iterdir()) == []
