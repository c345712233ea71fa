"""The grid of channels: markers over their maps, the chosen one framed."""

from __future__ import annotations

from dashboard.figures.pictures.channel_grid import channel_grid_figure, layer_tiling
from dashboard.figures.theme import DARK, LIGHT


def test_customdata_and_hover_text_belong_to_the_channel_under_the_marker(layer):
    answer, tiles = layer(), layer_tiling(layer())
    figure = channel_grid_figure(answer, selected=5, common=False, theme=LIGHT)
    markers = figure.data[1]
    assert list(markers.customdata) == list(range(8))
    for channel in range(8):
        top, left = tiles.corner(channel)
        assert left <= markers.x[channel] < left + tiles.cell[1]
        assert top <= markers.y[channel] < top + tiles.cell[0]
        assert f"Channel {channel}<" in markers.text[channel]
    assert "zero everywhere" in markers.text[7]


def test_the_frame_surrounds_the_selected_cell(layer):
    tiles = layer_tiling(layer())
    (frame,) = channel_grid_figure(layer(), selected=5, common=False, theme=DARK).layout.shapes
    top, left = tiles.corner(5)
    assert frame.x0 < left < left + tiles.cell[1] - 1 < frame.x1
    assert frame.y0 < top < top + tiles.cell[0] - 1 < frame.y1


def test_no_frame_without_a_selection(layer):
    assert channel_grid_figure(layer(), selected=None, common=True, theme=LIGHT).layout.shapes == ()


def test_the_grid_is_one_picture_of_few_bytes(layer):
    figure = channel_grid_figure(layer(256, 9), selected=0, common=False, theme=LIGHT)
    assert len(figure.data) == 2
    assert len(figure.to_json()) < 250_000
