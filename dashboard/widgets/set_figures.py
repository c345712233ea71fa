"""How good a network is on a set, in a row of figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

if TYPE_CHECKING:
    from cnn_core.evaluation.predictions import Predictions
    from cnn_core.evaluation.scores import Evaluation

INTERVAL_HELP = (
    "Share of the pictures that were answered right, and the 95 % interval by Wilson (1927): what chance in "
    "the choice of so many pictures leaves open."
)
LOSS_HELP = "Mean cross-entropy in nats: 0 is perfect, 0.69 is tossing a coin between two classes."
AUC_HELP = (
    "Area under the ROC curve: the chance that a random picture of a class gets a higher probability of it "
    "than a random other one. 0.5 is chance."
)
ECE_HELP = (
    "Expected calibration error (Guo et al. 2017): by how much the probability of the answers differs from "
    "the share that is right, in 15 bins."
)


def pictures_text(count: int) -> str:
    """How many pictures, in words."""
    return "1 picture" if count == 1 else f"{count:,} pictures"


def draw_figures(predictions: Predictions, evaluation: Evaluation) -> None:
    """The figures of a set in a row."""
    low, high = evaluation.accuracy_interval
    accuracy, interval = f"{100 * evaluation.accuracy:.1f} %", f"{100 * low:.1f} to {100 * high:.1f} %"
    auc = "–" if evaluation.auc is None else f"{evaluation.auc:.3f}"
    by_chance = f"{np.log(len(predictions.classes)):.2f} by chance"
    figures = (
        ("Accuracy", accuracy, f"95 %: {interval}", INTERVAL_HELP),
        ("Right", f"{evaluation.correct:,}", f"of {evaluation.pictures:,} pictures", None),
        ("Log loss", f"{evaluation.loss:.3f}", by_chance, LOSS_HELP),
        ("AUC", auc, "0.5 by chance", AUC_HELP),
        ("Calibration", f"{evaluation.calibration_error:.3f}", "0 is perfect", ECE_HELP),
    )
    for column, (title, value, about, text) in zip(st.columns(len(figures)), figures, strict=True):
        column.metric(title, value, help=text)
        column.caption(about)
