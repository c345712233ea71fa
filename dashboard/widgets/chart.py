"""Charts with a button of their own that saves what is seen, as PNG or SVG."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import streamlit as st

FORMATS = {"png": ":material/photo_camera: PNG", "svg": ":material/photo_camera: SVG"}
SCALE = 2  # pixels of the file for one of the page
_FORMAT = "chart_format"


def chart(
    figure: go.Figure, *, key: str, name: str, alt: str, on_select: Callable[[], None] | None = None
) -> None:
    """Draw a chart; the camera at its upper right saves it, twice as large as it is drawn.

    Args:
        figure: with a title, and the ground of the page.
        key: of the chart.
        name: of the file, without suffix.
        alt: what there is to see.
        on_select: called when a marker was clicked.
    """
    st.plotly_chart(
        figure,
        key=key,
        config=chart_config(name, st.session_state.get(_FORMAT) or "png"),
        on_select="ignore" if on_select is None else on_select,
        selection_mode="points",
        alt=alt,
    )


def chart_config(name: str, kind: str) -> dict[str, Any]:
    """What Plotly is to do: one button, which saves ``name.png`` or ``name.svg``; nothing to zoom."""
    return {
        "displayModeBar": True,
        "displaylogo": False,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"filename": name, "format": kind, "scale": SCALE},
        "scrollZoom": False,
        "doubleClick": False,
    }


def chart_format() -> None:
    """Choose whether the buttons of the charts save PNG or SVG; once per page, for all of them."""
    st.segmented_control(
        "Charts are saved as",
        list(FORMATS),
        format_func=FORMATS.__getitem__,
        default="png",
        key=_FORMAT,
        required=True,
        label_visibility="collapsed",
        help="What the camera at the upper right of a chart saves: pixels, or lines for print.",
        persist_state="session",
    )
