"""Charts, legends and tables drawn without a browser: what is drawn lies where the axes say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnn_core.evaluation.predictions import Predictions
from dashboard.figures.charts.training_curves import CurveOf
from dashboard.figures.colours import UInt8
from dashboard.figures.curve_picture import training_curves_pixels
from dashboard.figures.evaluation_picture import evaluation_curves_pixels
from dashboard.figures.files.page_png import PAPER
from dashboard.figures.files.table_png import LONGEST_PX, stacked_pixels, table_pixels
from dashboard.figures.legend_picture import LegendEntry, legend_pixels
from dashboard.figures.line_picture import PLOT_PX, TOP_PX, Line, Marks, Panel, panels_pixels, round_ticks
from dashboard.figures.size_picture import size_pixels
from dashboard.figures.theme import LIGHT, rgb

RED = "#ff0000"


def panel(*parts: Line | Marks, **values: Any) -> Panel:
    facts = {"title": "Loss", "x_title": "epoch", "x_range": (0.0, 10.0), "y_range": (0.0, 1.0)}
    return Panel(**(facts | values), parts=parts)


def red_places(pixels: UInt8) -> np.ndarray:
    """Places of red pixels ``(n, 2)``, across and up, as shares of the plot; it ends 12 px from the right."""
    height, width = PLOT_PX
    rows, columns = np.nonzero((pixels == rgb(RED)).all(axis=2))
    left = pixels.shape[1] - 12 - width
    return np.stack([(columns - left) / width, 1 - (rows - TOP_PX) / height], axis=1)


def line(*y: float, **values: Any) -> Line:
    return Line(x=np.linspace(0, 10, len(y)), y=np.array(y), colour=RED, **values)


def test_a_level_line_lies_at_its_value_from_edge_to_edge() -> None:
    places = red_places(panels_pixels([panel(line(0.25, 0.25))]))
    assert places[:, 1].mean() == pytest.approx(0.25, abs=0.01)
    assert (places[:, 0].min(), places[:, 0].max()) == pytest.approx((0, 1), abs=0.01)


def test_a_rising_line_rises() -> None:
    places = red_places(panels_pixels([panel(line(0, 1))]))
    assert np.abs(places[:, 0] - places[:, 1]).max() < 0.02


def test_a_missing_value_is_a_gap_and_a_lone_point_is_no_line() -> None:
    places = red_places(panels_pixels([panel(line(0.5, 0.5, np.nan, 0.5, 0.5))]))
    assert not ((places[:, 0] > 0.27) & (places[:, 0] < 0.73)).any()
    assert len(red_places(panels_pixels([panel(line(np.nan, 0.5, np.nan))]))) == 0


def test_what_lies_outside_the_axes_is_cut_off() -> None:
    places = red_places(panels_pixels([panel(line(5, -4))]))
    assert len(places)
    assert places.min() >= -0.01
    assert places.max() <= 1.01


def test_a_dashed_line_has_pauses_and_keeps_its_course() -> None:
    solid, dashed = (
        red_places(panels_pixels([panel(line(0.5, 0.5, dashed=dashed))])) for dashed in (False, True)
    )
    assert 0.4 < len(dashed) / len(solid) < 0.7
    assert set(np.round(dashed[:, 1], 2)) <= set(np.round(solid[:, 1], 2))


@pytest.mark.parametrize("symbol", ["circle", "diamond", "square", "triangle-up", "x", "star"])
def test_a_symbol_lies_at_its_point_and_has_its_size(symbol: str) -> None:
    marks = Marks(x=np.array([5.0, np.nan]), y=np.array([0.5, 0.5]), colour=RED, symbol=symbol, radius_px=9)
    places = red_places(panels_pixels([panel(marks)]))
    assert places.mean(axis=0) == pytest.approx((0.5, 0.5), abs=0.02)
    assert 9 < np.ptp(places[:, 0]) * PLOT_PX[1] < 23


def test_no_two_symbols_look_the_same() -> None:
    pictures = [
        legend_pixels([LegendEntry(name="", colour=RED, symbol=symbol, line="none")], 60).tobytes()
        for symbol in ("circle", "diamond", "square", "triangle-up", "x", "star")
    ]
    assert len(set(pictures)) == 6


@pytest.mark.parametrize(
    ("ends", "ticks"),
    [
        ((0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]),
        ((0.43, 0.71), [0.45, 0.5, 0.55, 0.6, 0.65, 0.7]),
        ((1, 15), [5, 10, 15]),
        ((2, 2), [2]),
    ],
)
def test_ticks_are_round_and_few(ends: tuple[float, float], ticks: list[float]) -> None:
    assert round_ticks(*ends) == pytest.approx(ticks)


def test_charts_stand_side_by_side() -> None:
    one = panels_pixels([panel(line(0, 1))])
    two = panels_pixels([panel(line(0, 1)), panel(line(0, 1))])
    assert two.shape[0] == one.shape[0]
    assert two.shape[1] > 2 * one.shape[1]
    np.testing.assert_array_equal(two[:, : one.shape[1]], one)


def test_a_legend_breaks_into_as_many_rows_as_its_width_asks_for() -> None:
    entries = [LegendEntry(name=f"a run of some length {i}", colour=RED) for i in range(4)]
    wide, narrow = legend_pixels(entries, 2000), legend_pixels(entries, 250)
    assert narrow.shape[0] == 4 * wide.shape[0]
    assert (wide.shape[1], narrow.shape[1]) == (2000, 250)


def test_a_table_has_a_row_per_run_and_cuts_only_endless_cells() -> None:
    short, more = table_pixels(["Run"], [["a"]]), table_pixels(["Run"], [["a"], ["b"], ["c"]])
    assert more.shape[0] == 2 * short.shape[0]
    assert table_pixels(["Run"], [["x" * 500]]).shape[1] <= LONGEST_PX
    assert short.shape[1] < table_pixels(["Run"], [["much longer than that"]]).shape[1]


def test_pictures_below_each_other_keep_their_pixels() -> None:
    first, second = np.zeros((5, 9, 3), np.uint8), np.full((3, 4, 3), 7, np.uint8)
    page = stacked_pixels([first, second], gap_px=2)
    assert page.shape == (10, 9, 3)
    np.testing.assert_array_equal(page[:5], first)
    np.testing.assert_array_equal(page[7:, :4], second)
    assert (page[5:7] == PAPER).all()
    assert (page[7:, 4:] == PAPER).all()
    assert (stacked_pixels([np.zeros((2, 2, 4), np.uint8)]) == PAPER).all()


def history(*val_loss: float) -> list[dict[str, float]]:
    return [
        {"epoch": i, "loss": 0.5, "accuracy": 0.8, "val_loss": value, "val_accuracy": 0.7}
        for i, value in enumerate(val_loss, start=1)
    ]


def test_the_curves_of_one_run_are_in_the_colours_of_the_splits() -> None:
    drawn = training_curves_pixels([CurveOf(title="a", history=history(0.7, 0.6, 0.65))])
    for colour in (LIGHT.accent, LIGHT.frame):
        assert (drawn == rgb(colour)).all(axis=2).sum() > 300


def test_several_runs_get_a_longer_legend_and_a_run_without_epochs_none() -> None:
    few = [CurveOf(title=f"run {i}", history=history(0.7, 0.6)) for i in range(3)]
    bare = CurveOf(title="new", history=())
    np.testing.assert_array_equal(training_curves_pixels([*few, bare]), training_curves_pixels(few))
    many = [CurveOf(title=f"a run with a longer name {i}", history=history(0.7, 0.6)) for i in range(6)]
    assert training_curves_pixels(many).shape[0] > training_curves_pixels(few).shape[0]


def test_a_loss_above_the_chart_is_told_by_a_triangle_at_its_edge() -> None:
    spiked = training_curves_pixels([CurveOf(title="a", history=history(0.7, 40, 0.6, 0.65))])
    edge = spiked[TOP_PX : TOP_PX + 16, : spiked.shape[1] // 2]
    assert (edge == rgb(LIGHT.frame)).all(axis=2).sum() > 40


def test_runs_without_anything_to_draw_give_empty_axes() -> None:
    drawn = training_curves_pixels([CurveOf(title="new", history=())])
    assert drawn.shape[0] > PLOT_PX[0]
    assert not (drawn == rgb(LIGHT.accent)).all(axis=2).any()


def test_every_split_of_the_sizes_has_a_colour_and_one_picture_is_enough() -> None:
    sizes = {"training": np.array([[300, 200], [10, 20]]), "validation": np.zeros((0, 2), np.int64)}
    drawn = size_pixels(sizes)
    assert (drawn == rgb(LIGHT.accent)).all(axis=2).any()
    assert (size_pixels({"training": np.array([[1, 1]])}) == rgb(LIGHT.accent)).all(axis=2).any()


def answers_of_two() -> Predictions:
    of_dogs = np.array([0.1, 0.2, 0.8, 0.6, 0.9, 0.7], np.float32)
    return Predictions(
        probabilities=np.stack([1 - of_dogs, of_dogs], axis=1),
        labels=np.int64([0, 0, 0, 1, 1, 1]),
        paths=tuple("abcdef"),
        classes=("cats", "dogs"),
    )


def test_an_evaluation_has_three_charts_and_calibration_alone_without_a_class() -> None:
    whole, alone = (evaluation_curves_pixels(answers_of_two(), index, 0.5) for index in (1, None))
    assert whole.shape[1] > 2.9 * alone.shape[1]
    np.testing.assert_array_equal(whole[:, -alone.shape[1] :], alone)


def test_the_threshold_marks_its_point_on_both_curves_and_moves_with_it() -> None:
    pictures = [evaluation_curves_pixels(answers_of_two(), 1, threshold) for threshold in (0.5, 0.75, None)]
    marked = [(picture == rgb(LIGHT.frame)).all(axis=2) for picture in pictures]
    assert [bool(mark.any()) for mark in marked] == [True, True, False]
    third = marked[0].shape[1] // 3
    for part in (slice(0, third), slice(third, 2 * third)):
        assert marked[0][:, part].any()
        assert (marked[0][:, part] != marked[1][:, part]).any()
