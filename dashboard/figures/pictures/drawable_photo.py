"""A photo that a region can be drawn on with the mouse, and what was drawn as text for an address."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import plotly.graph_objects as go

from dashboard.figures.colours import UInt8
from dashboard.figures.pictures.mosaic import bare_picture, data_uri
from dashboard.figures.pictures.pictures import jpeg
from dashboard.figures.theme import Theme

Polygon = tuple[tuple[float, float], ...]  # (x, y), shares of width and height

PARTS = 1000  # of width and height: the exactness of a corner
MOST_CORNERS = 400  # of all that is drawn, so that an address stays one that a browser takes
SMOOTHED = (3.0, 8.0, 20.0, 50.0)  # parts by which a drawn line may be made straighter, as little as will do
MARKS_EACH_WAY = 24
WRITTEN = re.compile(r"\d{1,4},\d{1,4}(;\d{1,4},\d{1,4}){2,}(\|\d{1,4},\d{1,4}(;\d{1,4},\d{1,4}){2,})*")


def drawable_photo(pixels: UInt8, polygons: Sequence[Polygon], *, tool: str, theme: Theme) -> go.Figure:
    """A photo on which dragging draws a box or a line around a region.

    Args:
        pixels: ``(H, W, 3)``.
        polygons: that were drawn before, and are shown.
        tool: ``box`` or ``lasso``.
        theme: colours of the page.
    """
    height, width = pixels.shape[:2]
    figure = go.Figure(go.Image(source=data_uri(jpeg(pixels, quality=92), "jpeg"), hoverinfo="skip"))
    x, y = np.meshgrid(*((np.arange(MARKS_EACH_WAY) + 0.5) / MARKS_EACH_WAY for _ in range(2)))
    unseen = {"marker": {"opacity": 0}}
    # Plotly tells what was drawn only where there are points that it could hold.
    marks = {"marker": {"opacity": 0}, "selected": unseen, "unselected": unseen, "hoverinfo": "skip"}
    places = {"x": x.ravel() * width - 0.5, "y": y.ravel() * height - 0.5}
    figure.add_trace(go.Scatter(**places, mode="markers", **marks))
    bare_picture(figure, (-0.5, width - 0.5), (height - 0.5, -0.5))
    line = {"color": theme.frame, "width": 2.5, "dash": "solid"}
    figure.update_layout(dragmode="select" if tool == "box" else "lasso", newselection={"line": line})
    for corners in polygons:
        path = " L ".join(f"{x * width - 0.5:.2f},{y * height - 0.5:.2f}" for x, y in corners)
        figure.add_shape(type="path", path=f"M {path} Z", line=line, fillcolor="rgba(0,0,0,0)")
    return figure


def drawn_text(selection: Mapping[str, Any], size: tuple[int, int]) -> str | None:
    """What a selection in ``drawable_photo`` holds, as text for an address; None if there is nothing.

    Args:
        selection: with ``box`` and ``lasso``, lists of ``x`` and ``y``, as Streamlit has it.
        size: (height, width) of the photo in the figure.
    """
    outlines: list[Any] = [_corners_of_box(each["x"], each["y"]) for each in selection.get("box", ())]
    outlines += [np.stack([each["x"], each["y"]], axis=1) for each in selection.get("lasso", ())]
    for smoothed in SMOOTHED:
        text = "|".join(filter(None, (_outline_text(each, size, smoothed) for each in outlines)))
        if text.count(",") <= MOST_CORNERS:
            return text or None
    return None


def drawn_polygons(text: str) -> tuple[Polygon, ...] | None:
    """The polygons of ``drawn_text``, none for an empty text; None for a text that is none of its."""
    if text == "":
        return ()
    if not WRITTEN.fullmatch(text):
        return None
    corners = [[pair.split(",") for pair in outline.split(";")] for outline in text.split("|")]
    return tuple(tuple((int(x) / PARTS, int(y) / PARTS) for x, y in outline) for outline in corners)


def _outline_text(outline: Any, size: tuple[int, int], smoothed: float) -> str:
    """The corners ``(n, 2)`` of one outline; nothing for one without area."""
    shares = (np.asarray(outline, np.float64) + 0.5) / (size[1], size[0])
    parts = np.clip(np.rint(shares * PARTS), 0, PARTS).astype(np.int32)
    corners = cv2.approxPolyDP(parts[:, None], smoothed, closed=True)[:, 0]
    return ";".join(f"{x},{y}" for x, y in corners) if len(corners) >= 3 else ""


def _corners_of_box(x: Sequence[float], y: Sequence[float]) -> list[tuple[float, float]]:
    return [(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])]
