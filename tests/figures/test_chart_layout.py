"""What all charts have in common: a title, the ground of the page, and a file as large as asked for."""

from __future__ import annotations

import json

import numpy as np
import plotly.graph_objects as go
import pytest

from cnn_core.evaluation.curves import precision_recall_curve, reliability, roc_curve
from dashboard.figures.charts.charts import ascent_figure, sparsity_figure
from dashboard.figures.charts.confusion import confusion_figure
from dashboard.figures.charts.curve_ranges import CurveOf
from dashboard.figures.charts.evaluation_charts import (
    precision_recall_figure,
    reliability_figure,
    roc_figure,
)
from dashboard.figures.charts.layout import LONGEST_TITLE
from dashboard.figures.charts.size_chart import MOST_POINTS, size_figure
from dashboard.figures.charts.training_curves import training_curves_figure
from dashboard.figures.theme import DARK, LIGHT, Theme

SCORES = np.array([0.1, 0.4, 0.35, 0.8], np.float32)
TRUTH = np.array([False, False, True, True])
EPOCH = {"epoch": 1, "loss": 0.5, "accuracy": 0.8, "val_loss": 0.6, "val_accuracy": 0.7}


def every_chart(theme: Theme) -> dict[str, go.Figure]:
    """One of each kind, by what its title must name."""
    roc, pair = roc_curve(SCORES, TRUTH), precision_recall_curve(SCORES, TRUTH)
    run = CurveOf(title="My <run>", history=[EPOCH])
    return {
        "Confusion": confusion_figure(((45, 5), (30, 120)), ("a", "b"), chosen=None, theme=theme),
        "ROC curve of dogs": roc_figure(roc, name="dogs", threshold=0.5, theme=theme),
        "recall of dogs": precision_recall_figure(pair, name="dogs", threshold=0.5, theme=theme),
        "Calibration": reliability_figure(reliability(SCORES, TRUTH), theme=theme),
        "My &lt;run&gt;": training_curves_figure([run], theme=theme),
        "several runs": training_curves_figure([run, run], theme=theme),
        "Sizes": size_figure({"training": np.array([[30, 20]])}, theme=theme),
        "Zeros": sparsity_figure(["a"], np.float32([0.2]), np.float32([0]), selected=0, theme=theme),
        "score": ascent_figure(np.float32([1, 2]), label="score", theme=theme),
    }


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_chart_has_its_title_and_the_plain_ground_of_the_page(theme: Theme) -> None:
    for title, figure in every_chart(theme).items():
        assert title in figure.layout.title.text
        assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == theme.ground
        assert json.loads(figure.to_json())["data"]
        assert theme.accent in figure.to_json() or title == "Confusion"


def test_an_endless_title_is_cut() -> None:
    figure = training_curves_figure([CurveOf(title="x" * 90, history=[EPOCH])], theme=LIGHT)
    assert len(figure.layout.title.text) == LONGEST_TITLE


def test_every_split_of_the_sizes_has_a_colour_and_a_symbol_and_many_pictures_are_thinned() -> None:
    many = np.stack([np.arange(3000), np.arange(3000) // 2], axis=1)
    drawn = size_figure({"training": many, "validation": np.zeros((0, 2), np.int64)}, theme=LIGHT).data
    assert [trace.name for trace in drawn] == ["training", "validation"]
    assert drawn[0].marker.color != drawn[1].marker.color
    assert drawn[0].marker.symbol != drawn[1].marker.symbol
    assert (len(drawn[0].x), len(drawn[1].x)) == (MOST_POINTS, 0)
    np.testing.assert_array_equal(drawn[0].y, drawn[0].x // 2)
