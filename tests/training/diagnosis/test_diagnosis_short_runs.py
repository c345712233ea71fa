"""The diagnosis of three to seven epochs, where one epoch must not decide and a trend must be seen."""

from __future__ import annotations

import numpy as np
import pytest
from made_up_curves import Rows, only_noise, rows

from cnn_core.training.diagnosis.diagnosis import diagnose


@pytest.mark.parametrize(
    ("history", "kind"),
    [
        (rows([0.6, 0.1, 0.01], [0.7, 0.97, 1], [0.60, 0.90, 1.50], [0.65] * 3), "overfitting"),
        (rows([0.6, 0.61, 0.6], [0.78] * 3, [0.60, 0.75, 0.90], [0.78] * 3), "good"),
        (rows([0.69, 0.5, 0.3], [0.5, 0.75, 0.88], [0.68, 0.50, 0.33], [0.55, 0.77, 0.87]), "good"),
        (rows([0.69, 0.66, 0.6], [0.5, 0.6, 0.66], [0.69, 0.65, 0.6], [0.5, 0.6, 0.66]), "underfitting"),
        (rows([0.3, 0.9, 2.0], [0.9, 0.6, 0.5], [0.3, 0.9, 2.0], [0.9, 0.6, 0.5]), "diverged"),
        (rows([0.5, 0.4, 0.3], [0.8, 0.85, 0.9], [0.48, 0.45, 0.60], [0.80, 0.84, 0.82]), "good"),
        (rows([0.5, 0.3, 0.2], [0.8, 0.95, 0.98], [0.48, 0.45, 0.60], [0.80, 0.80, 0.80]), "overfitting"),
        (rows([0.6, 0.4, 0.2, 0.1], [0.7, 0.8, 0.86, 0.88], [0.6, 0.55, 0.7, 0.9], [0.8] * 4), "overfitting"),
        (
            rows(np.linspace(0.7, 0.6, 6), [0.76] * 6, [0.695, 0.69, 0.693, 0.688, 0.686, 0.68], [0.76] * 6),
            "good",
        ),
    ],
    ids=[
        "rising while the training falls",
        "rising alone, perhaps by chance",
        "falling",
        "falling with little learned",
        "all losses rising",
        "one higher last loss",
        "one higher last loss and a wide gap",
        "a rise over the last two of four",
        "falling by one per cent",
    ],
)
def test_a_short_run_is_told_by_its_trend(history: Rows, kind: str) -> None:
    assert diagnose(history).kind == kind


@pytest.mark.parametrize("epochs", range(3, 8))
def test_one_bad_last_epoch_is_not_a_diverged_training(epochs: int) -> None:
    losses = [*[0.6, 0.5, 0.4, 0.35, 0.3, 0.28][: epochs - 1], 3.0]
    shares = [*[0.8, 0.85, 0.88, 0.9, 0.9, 0.9][: epochs - 1], 0.5]
    assert diagnose(rows(losses, shares, losses, shares)).kind == "good"


@pytest.mark.parametrize("epochs", range(3, 12))
def test_one_bad_last_epoch_is_no_over_fitting(epochs: int) -> None:
    """0.72 after a steady 0.84 is 0.18 below the training, twice as much as a gap may be."""
    before = epochs - 1
    found = diagnose(rows([0.3] * epochs, [0.9] * epochs, [*[0.40] * before, 0.41], [*[0.84] * before, 0.72]))
    assert found.kind == "good"
    assert found.gap_accuracy == pytest.approx(0.06)


def test_medians_decide_and_the_figures_of_the_last_epoch_are_told() -> None:
    shares = [0.55, 0.77, 0.81, 0.84, 0.72]
    found = diagnose(rows([0.69, 0.5, 0.4, 0.3, 0.25], [0.5, 0.75, 0.82, 0.88, 0.9], [0.5] * 5, shares))
    assert found.gap_accuracy == pytest.approx(0.88 - 0.81)
    assert found.kind == "good"
    assert "90.0\u00a0% of the training and 72.0\u00a0% of the validation" in found.sentence


@pytest.mark.parametrize("epochs", range(3, 8))
@pytest.mark.parametrize("jitter", [0.01, 0.05, 0.2])
def test_noise_is_seldom_called_over_fitting_in_a_short_run(epochs: int, jitter: float) -> None:
    kinds = [diagnose(only_noise(seed, jitter)[:epochs]).kind for seed in range(100)]
    assert kinds.count("underfitting") >= 95
