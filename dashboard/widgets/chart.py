"""Charts with a button of their own that saves what is seen, as PNG or SVG."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from dashboard.session.state import session

FORMATS = {"png": ":material/photo_camera: PNG", "svg": ":material/photo_camera: SVG"}
SCALE = 2  # pixels of the file for one of the page


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
        config=chart_config(name, session().chart_format),
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


def chart_format(key: str) -> None:
    """Choose whether the buttons of all charts save PNG or SVG; ``key`` is one per place that asks."""
    if st.session_state.get(key) != session().chart_format:
        st.session_state[key] = session().chart_format
    st.segmented_control(
        "Charts are saved as",
        list(FORMATS),
        format_func=FORMATS.__getitem__,
        key=key,
        on_change=_take_format,
        args=(key,),
        required=True,
        label_visibility="collapsed",
        help="What the camera at the upper right of a chart saves: pixels, or lines for print.",
    )


def _take_format(key: str) -> None:
    session().chart_format = st.session_state[key]
