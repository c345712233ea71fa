"""ROC, precision and recall, and calibration of a set, with the threshold's points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from cnn_core.evaluation.curves import best_threshold, precision_recall_curve, roc_curve
from cnn_core.evaluation.scores import calibration
from dashboard.figures.charts.evaluation_charts import (
    precision_recall_figure,
    reliability_figure,
    roc_figure,
)
from dashboard.widgets.chart import chart, chart_format
from dashboard.widgets.choosers import class_tokens
from dashboard.widgets.inputs import select
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.style import theme

if TYPE_CHECKING:
    from cnn_core.evaluation.predictions import Predictions


SLIDER_STEPS = [step / 100 for step in range(101)]  # of the threshold
CLASS_HELP = "The curves ask of every picture whether it shows this class or any other one."


def draw_curves(predictions: Predictions, threshold: float, name: str) -> int | None:
    """Both curves of a class over all thresholds, and calibration; a class is picked if there are more.

    Args:
        predictions: of the set.
        threshold: whose points are marked, where there are two classes.
        name: of the files of the charts.

    Returns:
        Index of the class of the curves, None where the set shows one class only.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Thresholds and calibration")
        chart_format("evaluation-format")
    shown = sorted(set(predictions.labels.tolist()))
    if len(shown) < 2:
        st.caption("This set shows one class only, so there are no curves over thresholds.")
        plain, _ = st.columns([1, 1.35])
        with plain:
            _draw_reliability(predictions, name)
        return None
    index = 1 if predictions.two_classes else _class_of_curves(predictions.classes, shown)
    chosen = threshold if predictions.two_classes else None
    roc, pair, calibration = st.columns(3, gap="medium")
    with roc:
        _draw_roc(predictions, index, chosen, name)
    with pair:
        _draw_precision_recall(predictions, index, chosen, name)
    with calibration:
        _draw_reliability(predictions, name)
    return index


def _class_of_curves(classes: tuple[str, ...], shown: list[int]) -> int:
    """The class that the curves set against all others; one of those that the set shows."""
    tokens = class_tokens(classes)
    by_token = {tokens[index]: index for index in shown}
    titles = {token: classes[index] for token, index in by_token.items()}
    label = "Class of the curves, against all others"
    token = select(label, titles, key="eval_class", width=340, help=CLASS_HELP)
    return by_token[token]


def _draw_roc(predictions: Predictions, index: int, threshold: float | None, file: str) -> None:
    name = predictions.classes[index]
    curve = roc_curve(predictions.probabilities[:, index], predictions.labels == index)
    chart(
        roc_figure(curve, name=name, threshold=threshold, theme=theme()),
        key="eval-roc",
        name=f"{file}_roc",
        alt=f"ROC curve of {name}, area {curve.area:.3f}",
    )
    words = f"ROC: how many {escape_markdown(name)} are found, against how many others are taken for them."
    if threshold is not None:
        best = best_threshold(curve, SLIDER_STEPS)
        words += f" On these pictures a threshold of {best:.2f} answers most right."
    st.caption(words)


def _draw_precision_recall(predictions: Predictions, index: int, threshold: float | None, file: str) -> None:
    name = predictions.classes[index]
    curve = precision_recall_curve(predictions.probabilities[:, index], predictions.labels == index)
    chart(
        precision_recall_figure(curve, name=name, threshold=threshold, theme=theme()),
        key="eval-pr",
        name=f"{file}_precision_recall",
        alt=f"Precision and recall of {name}, average precision {curve.average_precision:.3f}",
    )
    st.caption(
        f"Precision: how many answers {escape_markdown(name)} are right. "
        f"Recall: how many {escape_markdown(name)} are found."
    )


def _draw_reliability(predictions: Predictions, file: str) -> None:
    bins = calibration(predictions)
    chart(
        reliability_figure(bins, theme=theme()),
        key="eval-reliability",
        name=f"{file}_calibration",
        alt=f"Calibration: expected error {bins.calibration_error:.3f}",
    )
    st.caption(
        "Calibration: of the answers given with 80 % about 80 % should be right; below the diagonal the "
        f"network is too sure of itself. Mean distance, ECE: {bins.calibration_error:.3f}."
    )
