"""The arithmetic of the benchmarks: from lines of JSON to medians, quotients and tables. Nothing is timed."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from benchmarks.record import Record, digits, parsed, ratio, summary
from benchmarks.report import (
    PER_SECOND,
    TRAINED,
    WAITED,
    Target,
    patterns_table,
    report,
    table,
    targets_table,
)
from benchmarks.training_subject import WARM_UP_STEPS, StepTimer


def figure(who: str, what: str, value: float, round_number: int = 0) -> Record:
    return Record(who=who, what=what, value=value, round=round_number, network="net")


def test_records_are_read_back_from_among_other_output() -> None:
    record = figure("ours", "grad_cam", 3.5)
    assert parsed(f"a warning\n{json.dumps(asdict(record))}\n{{}}\n") == [record]


def test_a_summary_names_median_smallest_and_largest() -> None:
    assert summary([3.0, 1.0, 2.0]).text("ms") == "2.00 ms (1.00–3.00)"


def test_a_quotient_is_taken_within_each_round() -> None:
    records = [
        figure("a", "x", 10, 0),
        figure("a", "x", 30, 1),
        figure("b", "y", 5, 0),
        figure("b", "y", 10, 1),
    ]
    quotient = ratio(records, ("a", "x"), ("b", "y"))
    assert quotient is not None
    assert (quotient.low, quotient.median, quotient.high) == (2, 2.5, 3)


def test_there_is_no_quotient_without_a_common_round() -> None:
    assert ratio([figure("a", "x", 1, 0), figure("b", "y", 1, 1)], ("a", "x"), ("b", "y")) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0.000"), (1.2e-7, "1.2e-07"), (0.25, "0.250"), (12.34, "12.3"), (1234.5, "1,234")],
)
def test_numbers_keep_three_digits(value: float, text: str) -> None:
    assert digits(value) == text


@pytest.mark.parametrize(
    ("value", "at_least", "word"),
    [(2, False, "met"), (2.1, False, "missed"), (2, True, "met"), (1.9, True, "missed")],
)
def test_a_limit_belongs_to_what_it_allows(value: float, at_least: bool, word: str) -> None:
    target = Target(title="t", above=("a", "x"), below=("b", "y"), limit=2, at_least=at_least)
    assert word in target.verdict(value)


def test_only_quotients_that_were_measured_are_in_the_table() -> None:
    records = [figure("ours", "forward pass", 4), figure("ours", "saliency", 10)]
    rows = targets_table(records).splitlines()[2:]
    assert rows == ["| Saliency / forward pass | 2.50 (2.50–2.50) | ≤ 5: met |"]


def test_the_speed_of_patterns_is_a_geometric_mean_over_layers() -> None:
    records = []
    for layer, theirs, strength in (("conv1", 2.0, 3.0), ("conv2", 8.0, 12.0)):
        records += [figure("ours", f"{layer}: seconds per filter", 0.1)]
        records += [figure("tf-keras-vis", f"{layer}: seconds per filter", theirs)]
        records += [figure("ours", f"{layer}: median z-score", strength)]
    text = patterns_table(records)
    assert "Geometric mean: 40.0 times faster" in text
    assert "from the second convolution on: 12.0" in text


def test_a_table_without_rows_is_left_out() -> None:
    assert table(["a"], []) == ""
    assert report([]) == ""


def test_the_speed_of_training_leaves_out_the_start_and_the_pauses_between_epochs() -> None:
    timer = StepTimer(batch=10, steps_per_epoch=4, seconds=7)
    now = 0.0
    for step in range(14):
        assert not timer.done
        first_of_epoch = step % 4 == 0
        now += 100 if first_of_epoch else 9 if step < WARM_UP_STEPS else 1
        timer.step_ended(now)
    assert timer.measured_seconds == 7
    assert timer.done
    assert timer.images_per_second() == 10


def test_waiting_for_data_and_both_speeds_of_training_have_limits() -> None:
    records = [
        figure("ours, bfloat16", PER_SECOND, 230),
        figure("documents' way", PER_SECOND, 100),
        figure("ours, float32", PER_SECOND, 120),
        figure("ours, float32", WAITED, 0.6),
        figure("ours, float32", TRAINED, 10),
    ]
    assert targets_table(records).splitlines()[2:] == [
        "| Training: ours, bfloat16 / documents' way | 2.30 (2.30–2.30) | ≥ 2.2: met |",
        "| Training: ours, float32 / documents' way | 1.20 (1.20–1.20) | ≥ 1.25: **missed** |",
        "| Waiting / training, ours, float32 | 0.060 (0.060–0.060) | ≤ 0.05: **missed** |",
    ]
