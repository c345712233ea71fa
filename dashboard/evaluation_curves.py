"""ROC, precision and recall, and calibration of a set, with the threshold's points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from cnn_core.evaluation.curves import best_threshold, precision_recall_curve, reliability, roc_curve
from cnn_core.evaluation.predictions import answers, probability_of
from dashboard.figures.evaluation_charts import precision_recall_figure, reliability_figure, roc_figure
from dashboard.frames import PLAIN
from dashboard.markdown import literal
from dashboard.page import theme

if TYPE_CHECKING:
    from cnn_core.evaluation.predictions import Predictions


def draw_curves(predictions: Predictions, threshold: float) -> None:
    """Two classes: both curves over all thresholds, and calibration; more classes: calibration alone."""
    st.subheader("Thresholds and calibration" if predictions.two_classes else "Calibration")
    present = len(set(predictions.labels.tolist()))
    if not predictions.two_classes or present < 2:
        if present < 2:
            st.caption("This set shows one class only, so there are no curves over thresholds.")
        plain, _ = st.columns([1, 1.35])
        with plain:
            _draw_reliability(predictions)
        return
    roc, pair, calibration = st.columns(3, gap="medium")
    with roc:
        _draw_roc(predictions, threshold)
    with pair:
        _draw_precision_recall(predictions, threshold)
    with calibration:
        _draw_reliability(predictions)


def _draw_roc(predictions: Predictions, threshold: float) -> None:
    name = predictions.classes[1]
    curve = roc_curve(predictions.probabilities[:, 1], predictions.labels == 1)
    st.plotly_chart(
        roc_figure(curve, name=name, threshold=threshold, theme=theme()),
        key="eval-roc",
        config=PLAIN,
        alt=f"ROC curve of {name}, area {curve.area:.3f}",
    )
    best = best_threshold(curve, "accuracy")
    st.caption(
        f"ROC: how many {literal(name)} are found, against how many others are taken for them. "
        f"On these pictures a threshold of {best:.2f} answers most right."
    )


def _draw_precision_recall(predictions: Predictions, threshold: float) -> None:
    name = predictions.classes[1]
    curve = precision_recall_curve(predictions.probabilities[:, 1], predictions.labels == 1)
    st.plotly_chart(
        precision_recall_figure(curve, name=name, threshold=threshold, theme=theme()),
        key="eval-pr",
        config=PLAIN,
        alt=f"Precision and recall of {name}, average precision {curve.average_precision:.3f}",
    )
    st.caption(
        f"Precision: how many answers {literal(name)} are right. Recall: how many {literal(name)} are found."
    )


def _draw_reliability(predictions: Predictions) -> None:
    given = answers(predictions)
    bins = reliability(probability_of(predictions, given), given == predictions.labels)
    st.plotly_chart(
        reliability_figure(bins, theme=theme()),
        key="eval-reliability",
        config=PLAIN,
        alt=f"Calibration: expected error {bins.calibration_error:.3f}",
    )
    st.caption(
        "Calibration: of the answers given with 80 % about 80 % should be right; below the diagonal the "
        f"network is too sure of itself. Mean distance, ECE: {bins.calibration_error:.3f}."
    )
