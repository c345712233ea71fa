"""Times in words, and how long a run will take."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from run_folders import CONFIG, write_run

from cnn_core.runs.run_summary import estimated_seconds
from cnn_core.runs.runs import Runs
from dashboard.widgets.run_words import duration


def test_the_estimate_follows_from_the_pace_of_a_run_of_the_same_kind(tmp_path: Path):
    write_run(tmp_path, "one", "finished")
    known = Runs(tmp_path).all()
    assert estimated_seconds(CONFIG, 240, known) == pytest.approx(6 * 240 / 120)
    assert estimated_seconds(replace(CONFIG, input_size_px=64), 240, known) is None
    assert estimated_seconds(CONFIG, 240, ()) is None


@pytest.mark.parametrize(("seconds", "said"), [(0, "0 s"), (89, "89 s"), (90, "2 min"), (7200, "2.0 h")])
def test_a_time_is_told_in_the_unit_that_fits(seconds: float, said: str):
    assert duration(seconds) == said
