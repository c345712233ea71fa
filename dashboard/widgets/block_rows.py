"""A network block by block: one convolution of each, a row of pictures for it, and a link to the layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.figures.colours import UInt8
from dashboard.figures.pictures.pattern_grid import row_pixels
from dashboard.figures.pictures.pictures import png
from dashboard.widgets.markdown import escape_markdown

if TYPE_CHECKING:
    from cnn_core.probe.layer_info import LayerInfo
    from dashboard.session.view import View

PER_BLOCK = 8
PICTURE_PX = 128


def blocks_of(layers: Sequence[LayerInfo]) -> list[list[LayerInfo]]:
    """Convolutions that follow one another with equally large maps, in order."""
    blocks: list[list[LayerInfo]] = []
    for info in layers:
        if blocks and blocks[-1][-1].output_shape[:2] == info.output_shape[:2]:
            blocks[-1].append(info)
        else:
            blocks.append([info])
    return blocks


def draw_block_rows(
    view: View,
    rows: Mapping[LayerInfo, Sequence[UInt8]],
    page: str,
    words: Callable[[LayerInfo], str],
) -> None:
    """Draw a row of pictures for each layer, eight side by side.

    Args:
        view: the network.
        rows: square pictures by layer.
        page: of the link to a layer.
        words: what stands beneath a row.
    """
    for info, pictures in rows.items():
        title, link = st.columns([5, 1], vertical_alignment="bottom")
        title.markdown(f"**{escape_markdown(info.title)}**")
        link.page_link(
            page,
            label="Open",
            icon=":material/arrow_outward:",
            icon_position="right",
            query_params={"layer": info.name, "model": view.model_key},
        )
        st.image(png(row_pixels(pictures)), width="stretch", alt=f"{len(pictures)} pictures of {info.title}")
        st.caption(words(info))


def grid_pixels(rows: Mapping[LayerInfo, Sequence[UInt8]]) -> UInt8:
    """All rows as one picture; shorter rows end early."""
    longest = max(len(pictures) for pictures in rows.values())
    blank = next(iter(rows.values()))[0] * 0 + 255
    padded = [[*pictures, *[blank] * (longest - len(pictures))] for pictures in rows.values()]
    return row_pixels([picture for row in padded for picture in row], longest)
