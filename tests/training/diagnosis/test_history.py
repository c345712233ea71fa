"""Curves of a history: the best epoch, smoothing, and how much of them is noise."""

from __future__ import annotations

import numpy as np
import pytest
from made_up_curves import over_fitted, rows

from cnn_core.training.diagnosis.history import best_epoch, noise, smoothed


def test_the_best_epoch_is_the_one_that_the_file_names_and_the_first_of_equals() -> None:
    history = over_fitted()[4:9]
    assert best_epoch(history) == history[int(np.argmin([row["val_loss"] for row in history]))]["epoch"]
    assert best_epoch(rows([1] * 3, [1] * 3, [0.5, 0.4, 0.4], [1] * 3)) == 2
    assert best_epoch([{"val_loss": 2}, {"val_loss": 1}]) == 2
    assert best_epoch([{"val_loss": None}]) is None


def test_smoothing_takes_a_spike_away_and_keeps_a_line() -> None:
    line = np.arange(8, dtype=np.float64)
    np.testing.assert_allclose(smoothed(line), line)
    spiked = line.copy()
    spiked[3] = 100  # medians 0 1 2 4 5 5 6 7
    np.testing.assert_allclose(smoothed(spiked), [0, 1, 2.25, 3.75, 4.75, 5.25, 6, 7])
    spiked = line.copy()
    spiked[-1] = 100  # 3 * 6 - 2 * 5 = 8 is where the line would go two places after the last median
    np.testing.assert_allclose(smoothed(spiked)[-1], 8)


def test_smoothing_by_hand() -> None:
    """Medians of 4 1 5 9 2: middle 4 5 5; start of 4, 4, 3*4-2*5=2; end of 2, 5, 3*5-2*5=5."""
    np.testing.assert_allclose(smoothed(np.array([4.0, 1, 5, 9, 2])), [4, 4.25, 4.75, 5, 5])


def test_two_values_cannot_be_smoothed() -> None:
    assert smoothed(np.array([3.0, 1.0])).tolist() == [3, 1]


def test_three_values_keep_their_trend_and_lose_their_spike() -> None:
    assert smoothed(np.array([0.6, 0.9, 1.5])).tolist() == [0.6, 0.9, 1.5]
    assert smoothed(np.array([1.5, 0.9, 0.6])).tolist() == [1.5, 0.9, 0.6]
    assert smoothed(np.array([0.6, 3.0, 0.5])).tolist() == [0.6, 0.6, 0.5]


def test_the_noise_of_few_values_is_what_falls_and_rises_out_of_turn() -> None:
    """A fall to the lowest place and a rise from there are no noise, however they bend."""
    assert noise(np.array([0.6, 0.9, 1.5])) == noise(np.array([1.5, 0.6, 0.5, 0.9])) == 0
    assert noise(np.array([0.7, 0.8, 0.5, 0.6])) == pytest.approx(0.1)
    assert noise(np.array([0.5, 0.9, 0.7])) == pytest.approx(0.2)


def test_noise_is_estimated_from_the_jumps_and_not_from_the_slope() -> None:
    assert noise(np.linspace(1, 0, 50)) == pytest.approx(0, abs=1e-12)
    jumps = 0.1 * np.random.default_rng(1).normal(size=2000)
    assert noise(np.linspace(1, 0, 2000) + jumps) == pytest.approx(0.1, rel=0.1)
    assert noise(np.array([1.0, 2.0])) == 0
