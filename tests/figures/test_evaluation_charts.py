"""Charts of an evaluation: the right numbers in the right places, and cells to click."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from cnn_core.evaluation.curves import precision_recall_curve, reliability, roc_curve
from dashboard.figures.charts.confusion import cell_of, confusion_figure, fullest_cells
from dashboard.figures.charts.evaluation_charts import (
    MOST_POINTS,
    precision_recall_figure,
    reliability_figure,
    roc_figure,
    thinned,
)
from dashboard.figures.theme import DARK, LIGHT, Theme

COUNTS = ((45, 5), (30, 120))
NAMES = ("cats", "dogs")
SCORES = np.array([0.1, 0.4, 0.35, 0.8], np.float32)
TRUTH = np.array([False, False, True, True])


def matrix(counts: object = COUNTS, names: tuple[str, ...] = NAMES, theme: Theme = LIGHT) -> go.Figure:
    return confusion_figure(counts, names, chosen=None, theme=theme)


def notes(figure: go.Figure) -> str:
    return " | ".join(note.text for note in figure.layout.annotations)


def point(figure: go.Figure) -> tuple[float, float] | None:
    """Where the chosen threshold is marked."""
    marked = [trace for trace in figure.data if trace.mode == "markers"]
    return (marked[0].x[0], marked[0].y[0]) if marked else None


def test_a_cell_tells_its_count_and_its_share_of_the_true_class() -> None:
    figure = matrix()
    shares, numbers = figure.data[:2]
    cells = ((45, 90), (5, 10), (30, 20), (120, 80))
    assert list(numbers.text) == [f"<b>{count}</b><br>{share}\u00a0%" for count, share in cells]
    np.testing.assert_allclose(shares.z, [[0.9, -0.1], [-0.2, 0.8]], rtol=1e-6)
    assert (numbers.x[1], numbers.y[1]) == (1, 0)  # 5 cats answered as dogs
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]
    assert figure.layout.yaxis.title.text == "true class"
    assert list(figure.layout.xaxis.ticktext) == list(NAMES)
    large = matrix(((12345, 1), (0, 0)))
    assert "12\u2009345" in large.data[1].text[0]
    assert large.data[1].text[2] == "<b>0</b><br>–"  # a class without pictures has no shares
    assert np.isfinite(large.data[0].z).all()


def test_a_click_leads_back_to_the_cell_and_the_chosen_one_is_framed() -> None:
    figure = confusion_figure(COUNTS, NAMES, chosen=(1, 0), theme=LIGHT)
    targets, layout = figure.data[2], figure.layout
    assert [cell_of(int(name), 2) for name in targets.customdata] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert [(y, x) for x, y in zip(targets.x, targets.y, strict=True)] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert targets.marker.opacity == targets.selected.marker.opacity == targets.unselected.marker.opacity == 0
    assert "true: <b>dogs</b>, answered: <b>cats</b>" in targets.text[2]
    assert "30 of 150 pictures of dogs" in targets.text[2]
    # the whole cell can be clicked
    assert (layout.clickmode, layout.hovermode, layout.hoverdistance) == ("event+select", "closest", -1)
    (frame,) = layout.shapes
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (-0.5, 0.5, 0.5, 1.5)
    assert frame.line.color == LIGHT.text
    assert matrix().layout.shapes == ()


def test_ten_classes_fit_with_smaller_letters_and_long_names_are_cut() -> None:
    names = tuple(f"a class with a long name {i}" for i in range(10))
    figure = matrix(np.eye(10, dtype=int) * 7, names)
    assert len(figure.data[2].customdata) == 100
    assert figure.data[1].textfont.size < matrix().data[1].textfont.size
    assert all(len(name) == 18 for name in figure.layout.xaxis.ticktext)
    assert names[9] in figure.data[2].text[99]


def test_hundreds_of_classes_make_a_figure_that_is_still_small() -> None:
    counts = np.eye(300, dtype=int) * 7
    counts[2, 5] = 3
    figure = matrix(counts, tuple(f"class {i}" for i in range(300)))
    targets = figure.data[-1]
    assert len(targets.customdata) == 301
    assert cell_of(int(targets.customdata[3]), 300) == (2, 5)
    assert (targets.y[3], targets.x[3]) == (2, 5)
    assert len(figure.layout.xaxis.ticktext) <= 40
    assert len(figure.to_json()) < 1_000_000


def test_the_fullest_cells_come_row_by_row() -> None:
    assert fullest_cells(((4, 0), (1, 9)), 2) == [(0, 0), (1, 1)]
    assert fullest_cells(((4, 0), (1, 9)), 9) == [(0, 0), (1, 0), (1, 1)]


def test_names_with_mark_up_are_shown_as_they_are_and_equal_ones_stay_apart() -> None:
    figure = matrix(names=("<b>x", "<b>x"))
    assert list(figure.layout.yaxis.ticktext) == ["&lt;b&gt;x"] * 2
    assert list(figure.layout.yaxis.tickvals) == [0, 1]


def roc(threshold: float | None, name: str = "dogs") -> go.Figure:
    return roc_figure(roc_curve(SCORES, TRUTH), name=name, threshold=threshold, theme=LIGHT)


def test_the_roc_curve_goes_through_its_points_and_marks_that_of_the_threshold() -> None:
    figure = roc(0.4)
    np.testing.assert_array_equal(figure.data[0].x, [0, 0, 0.5, 0.5, 1])
    np.testing.assert_array_equal(figure.data[0].y, [0, 0.5, 0.5, 1, 1])
    assert figure.data[0].line.shape == "linear"
    assert "dogs" in figure.layout.xaxis.title.text
    assert "dogs" in figure.layout.yaxis.title.text
    assert point(figure) == (0.5, 0.5)
    for words in ("area <b>0.750</b>", "threshold 0.40", "finds 50\u00a0%"):
        assert words in notes(figure)
    assert point(roc(1.0)) == (0, 0)
    assert point(roc(None)) is None
    odd = roc(0.5, "<i>a very long name of a class")
    assert "“&lt;i&gt;a very long name o…”" in odd.layout.yaxis.title.text


def test_the_stair_of_precision_has_the_average_precision_below_it() -> None:
    """Between two recalls the line is as high as the precision at the right one."""
    rng = np.random.default_rng(3)
    curve = precision_recall_curve(rng.random(50), rng.random(50) < 0.3)
    line = precision_recall_figure(curve, name="dogs", threshold=0.5, theme=LIGHT).data[0]
    assert line.line.shape == "vh"
    assert line.x[0] == 0
    below = np.sum(np.diff(line.x) * line.y[1:])
    assert below == pytest.approx(curve.average_precision, abs=1e-6)


def test_the_point_of_the_threshold_is_marked_on_the_stair() -> None:
    curve = precision_recall_curve(SCORES, TRUTH)
    figure = precision_recall_figure(curve, name="dogs", threshold=0.35, theme=LIGHT)
    assert point(figure) == (1, pytest.approx(2 / 3))
    assert "average precision <b>0.833</b>" in notes(figure)
    assert list(figure.data[1].y) == [0.5, 0.5]  # the precision of answering at random
    for threshold in (0.9, None):  # no picture is answered there; none decides
        bare = precision_recall_figure(curve, name="dogs", threshold=threshold, theme=LIGHT)
        assert point(bare) is None


def test_the_bars_of_reliability_are_shares_and_the_hatched_part_is_the_gap() -> None:
    """Of two answers of 0.95 one is right; of two of 0.55 both are."""
    bins = reliability(np.array([0.95, 0.95, 0.55, 0.55]), np.array([True, False, True, True]), bins=10)
    bars, gaps, counts = (
        trace for trace in reliability_figure(bins, theme=LIGHT).data if trace.type == "bar"
    )
    np.testing.assert_allclose(bars.x, [0.55, 0.95])
    np.testing.assert_allclose(bars.y, [1, 0.5])
    np.testing.assert_allclose(gaps.base, [0.55, 0.5])
    np.testing.assert_allclose(gaps.y, [0.45, 0.45])
    np.testing.assert_array_equal(counts.y, [2, 2])
    assert "95.0\u00a0% on average" in bars.text[1]
    assert "<b>50.0\u00a0%</b> of 2 answers right" in bars.text[1]


def test_reliability_names_its_error_and_begins_where_answers_begin() -> None:
    bins = reliability(np.array([0.95, 0.55]), np.array([True, True]), bins=10)
    figure = reliability_figure(bins, theme=DARK)
    assert "ECE) <b>25.0\u00a0%" in notes(figure)
    assert figure.layout.xaxis.range[0] == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("confidence", [0.0, 0.5, 1.0])
def test_reliability_of_one_answer_can_be_drawn(confidence: float) -> None:
    figure = reliability_figure(reliability(np.array([confidence]), np.array([True])), theme=LIGHT)
    assert len(figure.data[0].x) == 1


def test_corners_are_kept_and_points_between_them_are_not() -> None:
    x, y = np.array([0, 0, 0, 0.5, 1.0]), np.array([0, 0.25, 0.5, 0.5, 0.5])
    assert thinned(x, y).tolist() == [0, 2, 4]
    assert thinned(np.array([0.0]), np.array([1.0])).tolist() == [0]


def test_a_curve_over_25000_pictures_stays_small() -> None:
    rng = np.random.default_rng(5)
    truth = rng.random(25_000) < 0.5
    scores = np.clip(rng.normal(0.4 + 0.2 * truth, 0.2), 0, 1).astype(np.float32)
    curve = roc_figure(roc_curve(scores, truth), name="dogs", threshold=0.5, theme=LIGHT)
    pair = precision_recall_figure(
        precision_recall_curve(scores, truth), name="dogs", threshold=0.5, theme=LIGHT
    )
    for figure in (curve, pair):
        assert len(figure.data[0].x) <= MOST_POINTS + 1
        assert len(figure.to_json()) < 25_000
    assert (curve.data[0].x[-1], curve.data[0].y[-1]) == (1, 1)
