"""A network as a graph: a box per layer or closed block, from top to bottom in the order of computation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from dashboard.figures.theme import Theme

ROW_PX, BOX_PX = 46, 30
WIDTH_PX = 760
WIDEST, NARROWEST = 0.62, 0.1  # of a box, as shares of the width
MOST_SIDE_BY_SIDE = 6
LONGEST = 44  # letters in a box


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphBox:
    """What is drawn of a box.

    Attributes:
        title: in it.
        about: when hovered.
        closed: whether it is a block, which is drawn stronger.
        strong: whether it is a layer that is drawn stronger, a convolution.
        inputs: places of the boxes that it takes from.
        depth: row, from 0.
        column: place in its row, and how many there are.
    """

    title: str
    about: str
    closed: bool
    strong: bool
    inputs: tuple[int, ...]
    depth: int
    column: tuple[int, int]


def network_graph_figure(boxes: Sequence[GraphBox], theme: Theme) -> go.Figure:
    """The graph; the number of a box is in the ``customdata`` of its marker.

    Rows are counted downwards on the y axis, x runs from 0 to 1.
    """
    places = [_place(box) for box in boxes]
    figure = go.Figure()
    shapes = []  # set at once: added one by one each is checked with all before it
    for box, (x, width) in zip(boxes, places, strict=True):
        shapes += [_line(boxes, places, source, (x, box.depth), theme) for source in box.inputs]
        shapes.append(
            {
                "type": "rect",
                "x0": x - width / 2,
                "x1": x + width / 2,
                "y0": box.depth - BOX_PX / ROW_PX / 2,
                "y1": box.depth + BOX_PX / ROW_PX / 2,
                "line": {
                    "color": theme.accent if box.closed or box.strong else theme.line,
                    "width": 2 if box.closed else 1,
                },
                "fillcolor": theme.ground,
                "layer": "below",
            }
        )
    figure.add_trace(
        go.Scatter(
            x=[x for x, _ in places],
            y=[box.depth for box in boxes],
            mode="markers+text",
            marker={"symbol": "square", "size": BOX_PX, "opacity": 0, "color": theme.accent},
            text=[_fitting(box.title, width) for box, (_, width) in zip(boxes, places, strict=True)],
            textfont={"color": theme.text, "size": 13},
            customdata=list(range(len(boxes))),
            hovertext=[box.about for box in boxes],
            hovertemplate="%{hovertext}<extra></extra>",
            selected={"marker": {"opacity": 0}},
            unselected={"marker": {"opacity": 0}},
        )
    )
    rows = 1 + max(box.depth for box in boxes)
    plain = {"visible": False, "fixedrange": True}
    figure.update_xaxes(range=(0, 1), **plain)
    figure.update_yaxes(range=(rows - 0.4, -0.6), **plain)
    figure.update_layout(
        shapes=shapes,
        height=ROW_PX * rows,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        dragmode=False,
        clickmode="event+select",
        hovermode="closest",
        hoverdistance=60,
        hoverlabel={"align": "left"},
        showlegend=False,
    )
    return figure


def _place(box: GraphBox) -> tuple[float, float]:
    """Centre and width of a box."""
    place, count = box.column
    width = max(NARROWEST, min(WIDEST, 0.94 / count - 0.02))
    return (place + 0.5) / count, width


def _line(
    boxes: Sequence[GraphBox],
    places: Sequence[tuple[float, float]],
    source: int,
    target: tuple[float, float],
    theme: Theme,
) -> dict[str, Any]:
    """A line from the lower edge of a box to the upper edge of another, around the boxes between."""
    half = BOX_PX / ROW_PX / 2
    x0, y0 = places[source][0], boxes[source].depth + half
    x1, y1 = target[0], target[1] - half
    if boxes[source].depth + 1 == target[1]:
        path = f"M {x0} {y0} C {x0} {y0 + 0.2} {x1} {y1 - 0.2} {x1} {y1}"
    else:
        side = min(0.985, max(x0 + places[source][1] / 2, x1, 0.5 + WIDEST / 2) + 0.04 + 0.012 * (source % 5))
        path = (
            f"M {x0 + places[source][1] / 2} {boxes[source].depth} "
            f"C {side} {boxes[source].depth} {side} {boxes[source].depth} {side} {y0 + 0.3} "
            f"L {side} {y1 - 0.3} C {side} {y1} {x1 + 0.1} {y1 - 0.15} {x1} {y1}"
        )
    return {"type": "path", "path": path, "line": {"color": theme.muted, "width": 1.2}, "layer": "below"}


def _fitting(title: str, width: float) -> str:
    most = max(6, int(LONGEST * width / WIDEST * 1.5))
    return title if len(title) <= most else title[: most - 1] + "…"
