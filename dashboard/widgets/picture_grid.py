"""Many small pictures as one that can be hovered over and clicked, and charts that keep their proportions."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import plotly.graph_objects as go
import streamlit as st

from dashboard.figures.pictures.channel_grid import grid_aspect
from dashboard.session.state import session

if TYPE_CHECKING:
    from dashboard.figures.pictures.mosaic import Tiling

# Nothing to zoom or pan in a picture; the exports are the page's own.
PLAIN = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}


def picture_grid(
    figure: go.Figure,
    tiles: Tiling,
    *,
    key: str,
    alt: str,
    opens: str | None = None,
    max_width_px: int | None = None,
) -> None:
    """Draw pictures side by side.

    Args:
        figure: the pictures as one, with a marker for each.
        tiles: how they are laid out.
        key: of the chart.
        alt: what there is to see.
        opens: key in the session state that gets the number of the picture that is clicked.
        max_width_px: limit of the width, for pictures that gain nothing from more.
    """
    framed_chart(
        figure,
        key=key,
        aspect=grid_aspect(tiles),
        alt=alt,
        on_select=None if opens is None else functools.partial(open_clicked, key, opens),
        max_width_px=max_width_px,
    )


def open_clicked(key: str, opens: str) -> None:
    """In a callback of a chart: put the number of what was clicked into the session state."""
    clicked = clicked_name(key)
    if clicked is not None:
        st.session_state[opens] = clicked


def framed_chart(
    figure: go.Figure,
    *,
    key: str,
    aspect: float,
    alt: str,
    on_select: Callable[[], None] | None = None,
    max_width_px: int | None = None,
    selects: tuple[Literal["points", "box", "lasso"], ...] = ("points",),
) -> Any:
    """Draw a chart as wide as its column and as high as its proportions ask for.

    Args:
        figure: without a height of its own.
        key: of the chart.
        aspect: width over height.
        alt: what there is to see.
        on_select: called when something was selected.
        max_width_px: limit of the width, for pictures that gain nothing from more.
        selects: what can be: markers by a click, or a region that is drawn.
    """
    limit = "" if max_width_px is None else f"max-width:{max_width_px}px;"
    box = f".st-key-{key}-box"
    inner = f'{box}>div,{box} [data-testid="stElementContainer"],{box} [data-testid="stFullScreenFrame"]'
    wrapper = f'[data-testid="stLayoutWrapper"]:has(>{box})'
    rules = (
        f"{wrapper}{{flex:none!important;height:auto!important}}{inner}{{height:100%}}"
        f"{box}{{aspect-ratio:{aspect:.4f};flex:none!important;min-height:0;{limit}}}"
    )
    st.html(f"<style>{rules}</style>")
    with st.container(key=f"{key}-box", height="stretch"):
        return st.plotly_chart(
            figure,
            key=key,
            height="stretch",
            config=PLAIN,
            on_select="ignore" if on_select is None else on_select,
            selection_mode=selects,
            alt=alt,
        )


def clicked_name(key: str) -> int | None:
    """The ``customdata`` of the marker that was clicked last in a chart.

    A second click on the same marker takes the selection back; it opens the same thing all the same.
    """
    points = st.session_state[key].selection.points
    if points:
        data = points[0]["customdata"]
        session().clicked[key] = int(data[0] if isinstance(data, list) else data)
    return session().clicked.get(key)
