"""All maps of a layer as one picture that can be hovered over and clicked."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from cnn_core.results import LayerActivations
from dashboard.figures.colours import UInt8, percent, short
from dashboard.figures.files.page_png import indexed_pixels
from dashboard.figures.pictures.mosaic import (
    Tiling,
    bare_picture,
    channel_mosaic,
    data_uri,
    palette_png,
    tiling,
)
from dashboard.figures.theme import LIGHT, Theme, rgb

FRAME_WIDTH_PX = 4


def channel_grid_figure(
    layer: LayerActivations, *, selected: int | None, common: bool, theme: Theme
) -> go.Figure:
    """All channels of ``layer``; hovering tells a channel's figures, clicking selects its marker.

    Grey cells are maps that are zero everywhere for this picture.

    Args:
        layer: what to draw.
        selected: channel to frame, or None.
        common: all maps on one scale, instead of each on its own.
        theme: colours of the page.
    """
    tiles = layer_tiling(layer)
    indices, colours = channel_mosaic(layer.maps, tiles, common=common, blank=rgb(theme.blank))
    figure = picture_grid(palette_png(indices, colours), tiles, selected=selected, theme=theme)
    add_markers(figure, tiles, channel_facts(layer), names=np.arange(tiles.count), theme=theme)
    return figure


def layer_mosaic(layer: LayerActivations, *, common: bool) -> UInt8:
    """The same as a picture ``(H, W, 4)`` on its own, gaps see-through; ``common``: on one scale."""
    blank = rgb(LIGHT.blank)
    return indexed_pixels(*channel_mosaic(layer.maps, layer_tiling(layer), common=common, blank=blank))


def layer_tiling(layer: LayerActivations) -> Tiling:
    """The tiling of all maps of a layer."""
    height, width, count = layer.maps.shape
    return tiling(count, (height, width))


def channel_facts(layer: LayerActivations) -> list[str]:
    """The hover text of each channel: its number, range, mean and share of zeros."""
    rows = zip(layer.minimum, layer.maximum, layer.mean, layer.zero_fraction, strict=True)
    return [
        f"<b>Channel {channel}</b><br>"
        + ("zero everywhere" if zeros == 1 and high == 0 else _range(low, high, mean, zeros))
        for channel, (low, high, mean, zeros) in enumerate(rows)
    ]


def _range(low: float, high: float, mean: float, zeros: float) -> str:
    return f"{short(low)} to {short(high)}, mean {short(mean)}<br>{percent(zeros)} zeros"


def picture_grid(content: bytes, tiles: Tiling, *, selected: int | None, theme: Theme) -> go.Figure:
    """A mosaic picture, PNG bytes, without axes, one cell framed."""
    height, width = tiles.size
    figure = go.Figure(go.Image(source=data_uri(content), hoverinfo="skip"))
    margin = tiles.gap + FRAME_WIDTH_PX / 2
    bare_picture(figure, (-margin, width + margin), (height + margin, -margin))
    figure.update_layout(clickmode="event+select", hoverlabel={"align": "left"}, showlegend=False)
    if selected is not None and 0 <= selected < tiles.count:
        figure.add_shape(**_frame(tiles, selected, theme))
    return figure


def add_markers(
    figure: go.Figure, tiles: Tiling, metadata: list[str], *, names: UInt8 | np.ndarray, theme: Theme
) -> None:
    """One invisible square per cell: ``metadata`` when hovered, ``names`` in a click's ``customdata``."""
    x, y = tiles.centres()
    invisible = {"opacity": 0}
    figure.add_trace(
        go.Scatter(
            x=x,
            y=y,
            mode="markers",
            # In screen pixels: wide enough that neighbours touch; Plotly takes the nearest centre.
            marker={"symbol": "square", "size": 40, "color": theme.accent, "opacity": 0},
            selected={"marker": invisible},
            unselected={"marker": invisible},
            customdata=np.asarray(names),
            text=metadata,
            hovertemplate="%{text}<extra></extra>",
        )
    )
    figure.update_layout(hovermode="closest", hoverdistance=40)


def grid_aspect(tiles: Tiling) -> float:
    """Width over height of the grid's picture with its margin."""
    height, width = tiles.size
    margin = 2 * tiles.gap + FRAME_WIDTH_PX
    return (width + margin) / (height + margin)


def _frame(tiles: Tiling, index: int, theme: Theme) -> dict[str, object]:
    top, left = tiles.corner(index)
    height, width = tiles.cell
    return {
        "type": "rect",
        "x0": left - 1.5,
        "x1": left + width + 0.5,
        "y0": top - 1.5,
        "y1": top + height + 0.5,
        "line": {"color": theme.frame, "width": FRAME_WIDTH_PX},
    }
