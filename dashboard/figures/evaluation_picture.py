"""ROC, precision and recall, and calibration of a set as a picture to take away."""

from __future__ import annotations

import numpy as np

from cnn_core.evaluation.curves import (
    PrecisionRecall,
    Reliability,
    RocCurve,
    precision_recall_curve,
    reliability,
    roc_curve,
)
from cnn_core.evaluation.predictions import Predictions, answers, probability_of
from dashboard.figures.charts.evaluation_charts import EDGE
from dashboard.figures.colours import UInt8
from dashboard.figures.line_picture import Line, Marks, Panel, Values, panels_pixels
from dashboard.figures.theme import LIGHT

WIDTH_PX = 330
ENDS = (-EDGE, 1 + EDGE)
RULE_PX = 1.2


def evaluation_curves_pixels(
    predictions: Predictions, class_index: int | None, threshold: float | None
) -> UInt8:
    """The three charts side by side, ``(H, W, 3)``, uint8; calibration alone if no class is asked for.

    Args:
        predictions: of the set.
        class_index: whose curves over all thresholds are drawn; the set shows it, and others.
        threshold: whose points are marked; None where none decides.
    """
    given = answers(predictions)
    panels = [_reliability(reliability(probability_of(predictions, given), given == predictions.labels))]
    if class_index is not None:
        scores, truth = predictions.probabilities[:, class_index], predictions.labels == class_index
        name = predictions.classes[class_index]
        panels = [
            _roc(roc_curve(scores, truth), name, threshold),
            _pair(precision_recall_curve(scores, truth), name, threshold),
            *panels,
        ]
    return panels_pixels(panels)


def _roc(curve: RocCurve, name: str, threshold: float | None) -> Panel:
    x, y = curve.false_positive_rate, curve.true_positive_rate
    parts: list[Line | Marks] = [_rule(np.array(ENDS)), Line(x=x, y=y, colour=LIGHT.accent)]
    if threshold is not None:
        parts.append(_point(x[curve.place(threshold)], y[curve.place(threshold)]))
    return _panel(f"ROC of {name}, area {curve.area:.3f}", "others taken for it", parts)


def _pair(curve: PrecisionRecall, name: str, threshold: float | None) -> Panel:
    right = np.concatenate([curve.precision[:1], curve.precision])
    found = np.concatenate([[0.0], curve.recall])
    level = np.full(2, curve.prevalence)
    stair = Line(x=np.repeat(found, 2)[:-1], y=np.repeat(right, 2)[1:], colour=LIGHT.accent)
    parts: list[Line | Marks] = [_rule(level), stair]
    place = None if threshold is None else curve.place(threshold)
    if place is not None:
        parts.append(_point(curve.recall[place], curve.precision[place]))
    return _panel(f"Precision, mean {curve.average_precision:.3f}", f"recall: {name} found", parts)


def _reliability(bins: Reliability) -> Panel:
    filled = bins.counts > 0
    sure, right = bins.confidence[filled], bins.accuracy[filled]
    parts: list[Line | Marks] = [
        _rule(np.array(ENDS)),
        Line(x=sure, y=right, colour=LIGHT.accent),
        Marks(x=sure, y=right, colour=LIGHT.accent, radius_px=4),
    ]
    return _panel(f"Right answers, ECE {bins.calibration_error:.3f}", "confidence in the answer", parts)


def _panel(title: str, x_title: str, parts: list[Line | Marks]) -> Panel:
    return Panel(
        title=title,
        x_title=x_title,
        x_range=ENDS,
        y_range=ENDS,
        parts=parts,
        percent=True,
        width_px=WIDTH_PX,
    )


def _rule(y: Values) -> Line:
    """What chance, or perfect honesty, would give; from edge to edge."""
    return Line(x=np.array(ENDS), y=y, colour=LIGHT.muted, width_px=RULE_PX, dashed=True)


def _point(x: float, y: float) -> Marks:
    """The threshold's point on a curve."""
    return Marks(x=np.array([x]), y=np.array([y]), colour=LIGHT.frame)
