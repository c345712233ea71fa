"""What all charts have in common: the ground of the page, a title, quiet axes, nothing to zoom."""

from __future__ import annotations

import html
from typing import Any

import plotly.graph_objects as go

from dashboard.figures.theme import Theme

TITLE_PX = 28  # height of the row of the title, which the download button shares
LONGEST_TITLE = 42


def plain_chart(
    figure: go.Figure, theme: Theme, *, title: str, height: int, above_px: int = 0, **layout: Any
) -> None:
    """Give a chart its title and the ground of the page, which its own download takes along.

    Args:
        figure: to be changed.
        theme: colours of the page.
        title: above the chart; plain text, cut when endless.
        height: of all below the title, in pixels.
        above_px: room between the title and the axes, for a legend or notes.
        layout: more of Plotly's layout.
    """
    figure.update_xaxes(**quiet_axis(theme), showgrid=False)
    figure.update_yaxes(**quiet_axis(theme), gridcolor=theme.line, automargin=True)
    figure.update_layout(
        height=height + TITLE_PX,
        title={
            "text": short_title(title),
            "font": {"size": 14, "color": theme.text},
            "x": 0,
            "y": 1,
            "yanchor": "top",
            "pad": {"t": 7, "l": 8},
        },
        margin={"l": 8, "r": 8, "t": TITLE_PX + 8 + above_px, "b": 8},
        paper_bgcolor=theme.ground,
        plot_bgcolor=theme.ground,
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": theme.muted, "activecolor": theme.accent},
        dragmode=False,
        hovermode="closest",
        hoverlabel={"align": "left"},
        showlegend=False,
    )
    figure.update_layout(**layout)


def legend_above(theme: Theme) -> dict[str, Any]:
    """A legend in one row between title and axes; it takes 26 px."""
    font = {"size": 13, "color": theme.muted}
    return {
        "orientation": "h",
        "x": 0,
        "y": 1.01,
        "yanchor": "bottom",
        "font": font,
        "itemsizing": "constant",
    }


def quiet_axis(theme: Theme) -> dict[str, Any]:
    """Small muted letters, no line at zero, no zooming."""
    font = {"size": 13, "color": theme.muted}
    return {
        "zeroline": False,
        "tickfont": font,
        "title_font": font,
        "fixedrange": True,
        "exponentformat": "e",
    }


def short_title(title: str, longest: int = LONGEST_TITLE) -> str:
    """A title of people's own: not endless, and no mark-up of its own."""
    whole = title if len(title) <= longest else title[: longest - 1] + "…"
    return html.escape(whole, quote=False)
