"""Curves of a run: both splits of both metrics, the best epoch, the live line, and sensible axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from dashboard.figures.charts.curve_ranges import CurveOf, accuracy_range, epoch_ticks, loss_range, step_line
from dashboard.figures.charts.curve_traces import cut_off, line_style, split_line
from dashboard.figures.charts.training_curves import training_curves_alt, training_curves_figure
from dashboard.figures.theme import DARK, LIGHT

# Lowest validation loss in epoch 2.
LOSSES, VAL_LOSSES = (0.7, 0.5, 0.3, 0.2), (0.65, 0.55, 0.6, 0.75)
ACCURACIES, VAL_ACCURACIES = (0.55, 0.75, 0.9, 0.95), (0.6, 0.7, 0.72, 0.73)


def rows(**changed: Any) -> list[dict[str, Any]]:
    columns = {
        "epoch": (1, 2, 3, 4),
        "loss": LOSSES,
        "accuracy": ACCURACIES,
        "val_loss": VAL_LOSSES,
        "val_accuracy": VAL_ACCURACIES,
    } | changed
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def groups(count: int, of: int = 10, value: float = 0.5) -> list[dict[str, float]]:
    """``count`` rows of the live line, ``of`` in each epoch."""
    return [
        {"epoch": 1 + i // of, "step": 1 + i % of, "steps": of, "loss": value, "accuracy": value}
        for i in range(count)
    ]


def lines(figure: go.Figure) -> list[go.Scatter]:
    """The lines of the epochs: loss of both splits, then accuracy of both, run by run."""
    return [t for t in figure.data if "lines" in t.mode and t.opacity is None and t.x[0] is not None]


def points(figure: go.Figure) -> list[go.Scatter]:
    return [trace for trace in figure.data if trace.mode == "markers"]


def run(**values: Any) -> CurveOf:
    return CurveOf(**({"title": "first", "history": rows()} | values))


def test_loss_is_on_the_left_and_accuracy_on_the_right_with_both_splits() -> None:
    as_text = [{name: str(value) for name, value in row.items()} for row in rows()]  # as files give it
    expected = (LOSSES, VAL_LOSSES, ACCURACIES, VAL_ACCURACIES)
    for theme, history in ((DARK, as_text), (LIGHT, rows())):
        drawn = lines(training_curves_figure([run(history=history)], theme=theme))
        for trace, values in zip(drawn, expected, strict=True):
            np.testing.assert_array_equal(trace.y, np.float32(values))
            np.testing.assert_array_equal(trace.x, [1, 2, 3, 4])
        assert [trace.line.color for trace in drawn[:2]] == [theme.accent, theme.frame]
    assert [trace.xaxis for trace in drawn] == ["x", "x", "x2", "x2"]
    dashes = [trace.line.dash for trace in drawn]  # the splits differ by more than their colour
    assert dashes[0] == dashes[2] == "solid"
    assert dashes[1] == dashes[3] != "solid"


def test_the_epoch_of_the_lowest_validation_loss_is_marked_in_both_charts() -> None:
    figure = training_curves_figure([run()], theme=LIGHT)
    assert [shape.x0 for shape in figure.layout.shapes] == [2, 2]
    assert [(point.x[0], point.y[0]) for point in points(figure)] == [(2, 0.55), (2, 0.7)]
    note = figure.layout.annotations[-1]
    assert note.text == "lowest validation loss: epoch 2"
    # above the chart, where no curve runs
    assert (note.yref, note.y, note.yanchor) == ("y domain", 1, "bottom")
    assert (note.xref, note.x, note.xanchor) == ("x domain", 1, "right")


@pytest.mark.parametrize("missing", [None, "", "nan", float("nan")])
def test_a_missing_value_is_a_gap(missing: object) -> None:
    figure = training_curves_figure([run(history=rows(loss=(missing, 0.5, 0.3, 0.2)))], theme=LIGHT)
    drawn = lines(figure)[0]
    assert np.isnan(drawn.y[0])
    assert not drawn.connectgaps
    assert figure.layout.yaxis.range[1] == pytest.approx(0.75 + 0.06 * (0.75 - 0.2))


def test_a_spike_is_told_at_the_edge_and_does_not_squash_the_curve() -> None:
    figure = training_curves_figure([run(history=rows(val_loss=(0.65, 40, 0.6, 0.75)))], theme=LIGHT)
    assert figure.layout.yaxis.range[1] < 1
    triangle = points(figure)[0]
    assert (triangle.marker.symbol, list(triangle.x), list(triangle.customdata)) == ("triangle-up", [2], [40])
    assert triangle.y[0] == pytest.approx(figure.layout.yaxis.range[1], rel=1e-3)


@pytest.mark.parametrize("top", [1.1925318, 0.7231, 12.345678, 3.3])
def test_no_triangle_is_lifted_above_the_edge_by_rounding(top: float) -> None:
    look = line_style(0, 1, LIGHT)
    line = split_line(np.arange(2.0), np.array([1.0, 99.0]), "training loss", look)
    assert float(cut_off(np.arange(2.0), np.array([1.0, 99.0]), top, line).y[0]) < top


@pytest.mark.parametrize(
    ("val_loss", "whole"),
    [
        ((0.7, 0.9, 1.6, 2.8), True),
        ((3.0, 1.2, 0.5, 0.4), True),
        ((0.693, 0.3, 0.25, 0.2), True),
        ((40, 0.7, 0.6, 0.5), False),
        ((0.7, 0.6, 40, 0.5), False),
        ((0.7, 0.6, 0.5, 40), False),
    ],
)
def test_a_loss_that_lasts_is_shown_whole_and_a_spike_is_not_also_at_the_ends(
    val_loss: tuple[float, ...], whole: bool
) -> None:
    low, high = loss_range([run(history=rows(val_loss=val_loss))])
    assert low == 0
    assert (high > max(val_loss)) == whole
    assert whole or high < 1


def test_losses_far_from_zero_get_an_axis_of_their_own() -> None:
    """A network that learns little: from 0.69 to 0.64 is something to see."""
    flat = (0.69, 0.67, 0.65, 0.64)
    low, high = loss_range([run(history=rows(loss=flat, val_loss=flat))])
    assert 0.6 < low < 0.64
    assert 0.69 < high < 0.75


def test_a_run_that_blew_up_does_not_hide_the_others() -> None:
    wild = run(history=rows(val_loss=(9, 80, 900, 1e4)))
    assert loss_range([run(), wild])[1] < 1
    assert loss_range([wild])[1] > 900


@pytest.mark.parametrize(
    ("accuracy", "expected"),
    [
        ((0.55, 0.75, 0.9, 0.95), (0.55, 0.95)),
        ((0.61, 0.62, 0.63, 0.64), (0.6, 0.7)),
        ((1, 1, 1, 1), (0.9, 1)),
    ],
)
def test_the_axis_of_accuracy_follows_the_data(
    accuracy: tuple[float, ...], expected: tuple[float, float]
) -> None:
    low, high = accuracy_range([run(history=rows(accuracy=accuracy, val_accuracy=accuracy))])
    edge = 0.03 * (expected[1] - expected[0])
    assert (low, high) == pytest.approx((expected[0] - edge, expected[1] + edge))


@pytest.mark.parametrize(("last", "step"), [(1, 1), (8, 1), (9, 2), (15, 2), (48, 10), (99, 20), (2000, 500)])
def test_ticks_are_whole_epochs_and_at_most_eight(last: int, step: int) -> None:
    assert epoch_ticks(last) == step


def test_groups_lie_within_their_epoch_and_many_are_averaged_to_few_points() -> None:
    row = {"epoch": 2, "step": 30, "steps": 120, "loss": 0.4, "accuracy": 0.8}
    x, y = step_line([row], "loss", 100)
    assert (x.tolist(), y.tolist()) == ([1.25], [pytest.approx(0.4)])
    steps = groups(1000, of=100)
    for index, row in enumerate(steps):
        row["loss"] = float(index)
    x, y = step_line(steps, "loss", 100)
    assert len(x) == len(y) == 100
    assert y[0] == 4.5  # the mean of 0 to 9
    assert y.mean() == pytest.approx(499.5)
    assert x[0] == pytest.approx(0.055)
    steps = groups(4)  # those without a usable value are left out
    steps[0]["loss"], steps[1]["loss"], steps[2]["steps"] = float("nan"), None, 0  # type: ignore[assignment]
    assert step_line(steps, "loss", 10)[0].tolist() == [pytest.approx(0.4)]


def test_the_live_line_is_below_and_fainter_than_the_epochs_and_there_before_any_has_finished() -> None:
    figure = training_curves_figure([run(steps=groups(45))], theme=LIGHT)
    assert [trace.opacity for trace in figure.data[:2]] == [0.4, 0.4]
    assert figure.data[0].x[-1] == pytest.approx(4.5)
    assert figure.layout.xaxis.range[1] >= 5
    first = training_curves_figure([run(history=[], steps=groups(3), epochs=15)], theme=LIGHT)
    assert len(first.data[0].x) == 3
    assert "of a few batches" in first.data[0].hovertemplate
    assert 10 <= first.layout.xaxis.range[1] < 15
    # the line of a hidden run stays hidden when the chart is drawn again
    assert first.layout.uirevision == figure.layout.uirevision is not None


@pytest.mark.parametrize(("planned", "low", "high"), [(9, 9, 10), (150, 10, 15), (None, 4, 5)])
def test_a_planned_run_shows_how_far_it_has_to_go(planned: int | None, low: float, high: float) -> None:
    """Of a long run only as much as lets the curve be seen."""
    assert low < training_curves_figure([run(epochs=planned)], theme=LIGHT).layout.xaxis.range[1] < high


@pytest.mark.parametrize("runs", [[], [CurveOf(title="new", history=[])]], ids=["none", "one without rows"])
def test_nothing_to_draw_gives_axes_that_say_so(runs: list[CurveOf]) -> None:
    figure = training_curves_figure(runs, theme=LIGHT)
    assert any("Nothing to draw yet" in note.text for note in figure.layout.annotations)
    assert tuple(figure.layout.yaxis2.range) == (0.5, 1)
    assert {trace.yaxis for trace in figure.data} == {"y", "y2"}


def test_a_run_without_a_single_finite_loss_is_drawn_all_the_same() -> None:
    nothing = (None,) * 4
    figure = training_curves_figure([run(history=rows(loss=nothing, val_loss=nothing))], theme=LIGHT)
    assert points(figure) == []
    assert tuple(figure.layout.yaxis.range) == (0, 1)
    assert len(lines(figure)) == 4


def test_several_runs_have_a_colour_a_symbol_and_a_name_each() -> None:
    figure = training_curves_figure(
        [run(steps=groups(9)), run(title="<b>a"), run(title="x" * 90)], theme=DARK
    )
    colours = [trace.line.color for trace in lines(figure)]
    assert [len(set(colours[i : i + 4])) for i in (0, 4, 8)] == [1, 1, 1]
    assert len(set(colours)) == 3
    assert len({point.marker.symbol for point in points(figure)}) == 3
    named = [trace.name for trace in figure.data if trace.showlegend is None]
    assert named == ["first", "&lt;b&gt;a", "x" * 41 + "…", "training", "validation"]
    of_first = [trace for trace in figure.data if trace.legendgroup == "run 0"]  # a click hides them all
    assert len(of_first) == 2 + 4 + 2 + 1  # live lines, lines, best epoch, entry of the legend


def test_an_hour_of_batches_takes_a_few_kilobytes() -> None:
    figure = training_curves_figure([run(steps=groups(2000, of=100))], theme=LIGHT)
    empty = training_curves_figure([], theme=LIGHT)
    assert len(figure.to_json()) - len(empty.to_json()) < 16_000


def test_the_alternative_text_tells_the_ends_and_the_best_epoch() -> None:
    text = training_curves_alt([run(), CurveOf(title="new", history=[])])
    assert "first: after 4 epochs training loss 0.200, validation loss 0.750" in text
    assert "lowest validation loss in epoch 2" in text
    assert "new: no finished epoch yet" in text
