"""Lines that leave their chart: exact where they are seen, and cheap however far they go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import ImageDraw

from dashboard.figures.charts.training_curves import CurveOf
from dashboard.figures.colours import UInt8
from dashboard.figures.curve_picture import training_curves_pixels
from dashboard.figures.line_clipping import FARTHEST_PX, dashes, inner_pieces, places

CORNER = (300.0, 100.0)
MOST_STROKES = 2000


@pytest.fixture
def strokes(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """All lines that Pillow is asked for; more than any chart needs are refused, and not drawn for ever."""
    drawn: list[Any] = []
    draw_line = ImageDraw.ImageDraw.line

    def counted(self: ImageDraw.ImageDraw, xy: Any, *args: Any, **values: Any) -> None:
        drawn.append(xy)
        assert len(drawn) < MOST_STROKES
        draw_line(self, xy, *args, **values)

    monkeypatch.setattr(ImageDraw.ImageDraw, "line", counted)
    return drawn


def curves(*val_loss: float) -> UInt8:
    history = [
        {"epoch": epoch, "loss": 0.5, "accuracy": 0.8, "val_loss": value, "val_accuracy": 0.7}
        for epoch, value in enumerate(val_loss, start=1)
    ]
    return training_curves_pixels([CurveOf(title="a", history=history)])


@pytest.mark.parametrize("spike", [1e2, 1e4, 1e9, 1e30])
def test_a_spike_takes_no_more_strokes_than_a_small_one(strokes: list[Any], spike: float) -> None:
    curves(0.7, 0.65, 10.0, 0.6, 0.65)
    needed = len(strokes)
    strokes.clear()
    curves(0.7, 0.65, spike, 0.6, 0.65)
    assert abs(len(strokes) - needed) <= 4


def test_no_stroke_of_a_spike_leaves_the_plot_by_more_than_its_width(strokes: list[Any]) -> None:
    curves(0.7, 0.65, 1e9, 0.6, 0.65)
    assert min(np.min(stroke) for stroke in strokes) > -20
    assert max(np.max(stroke) for stroke in strokes) < 2000


@pytest.mark.parametrize("lost", [np.inf, -np.inf, np.nan])
def test_a_loss_that_is_no_number_is_a_gap_and_the_rest_is_drawn(strokes: list[Any], lost: float) -> None:
    curves(0.7, 0.65, 0.66, 0.6, 0.65)
    whole = len(strokes)
    strokes.clear()
    curves(0.7, 0.65, lost, 0.6, 0.65)
    assert 0.5 * whole < len(strokes) < whole


def test_a_line_is_cut_where_it_crosses_the_edge() -> None:
    (piece,) = inner_pieces([(0.0, 50.0), (100.0, 250.0)], CORNER, 0.0)
    assert np.array(piece) == pytest.approx(np.array([(0, 50), (25, 100)]))


def test_a_line_that_leaves_and_comes_back_is_two_and_one_that_stays_is_whole() -> None:
    inside = [(0.0, 50.0), (100.0, 60.0), (200.0, 0.0)]
    assert inner_pieces(inside, CORNER, 0.0) == [inside]
    spike = [(0.0, 50.0), (100.0, 1e9), (200.0, 50.0)]
    pieces = inner_pieces(spike, CORNER, 0.0)
    assert [len(piece) for piece in pieces] == [2, 2]
    assert max(y for piece in pieces for _, y in piece) <= 100 + 1e-6
    far = inner_pieces([(0.0, 200.0), (100.0, 1e9), (150.0, 1e9)], CORNER, 0.0)
    assert far == []


@pytest.mark.parametrize("gap", [np.nan, np.inf, -np.inf])
def test_a_point_that_is_nowhere_parts_the_line(gap: float) -> None:
    points = [(0.0, 10.0), (10.0, 10.0), (20.0, gap), (30.0, 10.0), (40.0, 10.0)]
    assert inner_pieces(points, CORNER, 0.0) == [points[:2], points[3:]]


@pytest.mark.parametrize("line", [lambda x: 20 + 0.2 * x, lambda x: 90 - 0.1 * x])
def test_a_segment_cut_at_both_sides_keeps_its_course(line: Callable[[float], float]) -> None:
    (piece,) = inner_pieces([(x, line(x)) for x in (-50.0, 350.0)], CORNER, 0.0)
    assert np.array(piece) == pytest.approx(np.array([(0, line(0)), (300, line(300))]))


def test_values_too_large_to_place_are_told_from_those_that_are_none() -> None:
    found = places(np.array([0.0, 1.0, 1e308, -1e308, np.inf, np.nan]), 0.0, 1.0, 300)
    np.testing.assert_array_equal(found, [0, 300, FARTHEST_PX, -FARTHEST_PX, np.nan, np.nan])


def test_dashes_go_on_around_a_corner() -> None:
    found = list(dashes([(0.0, 0.0), (12.0, 0.0), (12.0, 20.0)], 8.0, 8.0))
    assert np.array(found) == pytest.approx(np.array([[(0, 0), (8, 0)], [(12, 4), (12, 12)]]), abs=1e-4)
