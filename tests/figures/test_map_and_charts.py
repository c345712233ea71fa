"""The enlarged map keeps real values; charts keep the order of the layers."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.figures.charts.charts import ascent_figure, sparsity_figure, units_figure
from dashboard.figures.pictures.enlarged_map import map_figure
from dashboard.figures.theme import DARK, LIGHT


def test_the_enlarged_map_holds_the_raw_values_and_shows_their_range():
    values = np.random.default_rng(4).random((5, 7)).astype(np.float32)
    trace = map_figure(values, theme=LIGHT).data[0]
    assert np.array_equal(np.asarray(trace.z), values)
    assert (trace.zmin, trace.zmax) == (0, float(values.max()))
    assert trace.showscale


def test_a_signed_map_is_centred_on_zero():
    trace = map_figure(np.float32([[-1, 3]]), theme=DARK).data[0]
    assert (trace.zmin, trace.zmax) == (-3, 3)


def test_a_constant_map_is_flat_and_has_no_scale():
    trace = map_figure(np.zeros((3, 3), np.float32), theme=LIGHT).data[0]
    assert not trace.showscale
    assert trace.colorscale[0][1] == trace.colorscale[1][1]


def test_the_first_row_of_a_map_is_drawn_at_the_top():
    figure = map_figure(np.zeros((3, 4), np.float32), theme=LIGHT)
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]


def test_sparsity_bars_follow_the_layers():
    figure = sparsity_figure(
        ["a", "b"], np.float32([0.2, 0.6]), np.float32([0, 0.5]), selected=1, theme=LIGHT
    )
    assert list(figure.data[0].text) == ["20\u00a0%", "60\u00a0%"]
    assert list(figure.data[0].marker.opacity) == [0.45, 1.0]
    assert list(figure.data[1].x) == [0, 0.5]
    assert figure.layout.yaxis.autorange == "reversed"


def test_the_ascent_starts_at_step_0():
    assert list(ascent_figure(np.float32([1, 2, 4]), label="score", theme=LIGHT).data[0].y) == [1, 2, 4]


@pytest.mark.parametrize(("count", "side"), [(1, "h"), (10, "h"), (2048, "v")])
def test_the_units_of_a_layer_without_maps_are_bars_from_zero(count: int, side: str) -> None:
    values = np.linspace(-1, 2, count, dtype=np.float32)
    (bars,) = units_figure(values, None, selected=count - 1, theme=LIGHT).data
    assert bars.orientation == side
    np.testing.assert_array_equal(bars.x if side == "h" else bars.y, values.astype(np.float64))
    assert list(bars.customdata) == list(range(count))
    assert bars.marker.opacity[-1] == 1.0


def test_units_that_stand_for_classes_are_called_so() -> None:
    figure = units_figure(np.float32([0.2, 0.8]), ("cats", "dogs"), selected=0, theme=LIGHT)
    assert list(figure.layout.yaxis.ticktext) == list(figure.data[0].hovertext) == ["cats", "dogs"]
