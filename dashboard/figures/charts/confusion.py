"""The confusion matrix: numbers to read, cells to click."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from dashboard.figures.charts.layout import plain_chart, short_title
from dashboard.figures.colours import percent
from dashboard.figures.theme import Theme, rgb

LONGEST_NAME = 18
SHADES = 9
FAINTEST = 0.05  # strength of the accent in a cell of 0 %
MATRIX_PX = 520  # of the cells together, about: the size of letters and targets follows from it
FRAME_WIDTH_PX = 4
ANSWERS_PX = 42  # names of the answers above the matrix
EQUAL_CONTRAST = 0.179  # luminance from which black letters stand out more than white ones, by WCAG 2.1
MOST_WRITTEN = 24  # classes up to which every cell has its number; cells of more are told by hovering
MOST_CELLS = 2000  # that can be hovered over and clicked then
MOST_TICKS = 40


def confusion_figure(
    counts: ArrayLike, classes: Sequence[str], *, chosen: tuple[int, int] | None, theme: Theme
) -> go.Figure:
    """Pictures per true class (row) and answer (column), with their share of the row.

    A cell is as strong as its share; mistakes have a colour of their own. A click gives
    ``true * classes + predicted`` as ``customdata``; see ``cell_of``.

    Args:
        counts: ``(classes, classes)``, ``[true][predicted]``.
        classes: names.
        chosen: (true, answered) of the cell to frame, or None.
        theme: colours of the page.
    """
    cells = np.asarray(counts, np.int64)
    shares = cells / np.maximum(cells.sum(axis=1, keepdims=True), 1)
    right = np.eye(len(cells), dtype=bool)
    signed = np.where(right, shares, -shares)  # mistakes lie below 0
    gap = 3 if len(cells) <= MOST_WRITTEN else 0
    figure = go.Figure(
        go.Heatmap(
            z=np.asarray(signed, np.float32),
            zmin=-1,
            zmax=1,
            colorscale=_colour_scale(theme),
            showscale=False,
            xgap=gap,
            ygap=gap,
            hoverinfo="skip",
        )
    )
    if len(cells) <= MOST_WRITTEN:
        figure.add_trace(_numbers(cells, shares, theme))
    figure.add_trace(_targets(cells, shares, classes))
    if chosen is not None:
        figure.add_shape(**_frame(chosen, theme))
    _layout(figure, classes, theme)
    return figure


def cell_of(name: int, classes: int) -> tuple[int, int]:
    """(true, answered) of the ``customdata`` that a click gave."""
    return divmod(name, classes)


def fullest_cells(counts: ArrayLike, most: int) -> list[tuple[int, int]]:
    """The cells (true, answered) with any pictures, at most ``most``, those with the most; row by row."""
    flat = np.asarray(counts, np.int64).ravel()
    filled = np.flatnonzero(flat)
    chosen = filled[np.argsort(-flat[filled], kind="stable")[:most]]
    width = math.isqrt(flat.size)
    return [divmod(int(place), width) for place in np.sort(chosen)]


def _numbers(cells: NDArray[np.int64], shares: NDArray[np.float64], theme: Theme) -> go.Scatter:
    """Count and share in every cell, in letters that stand out from its colour."""
    y, x = np.divmod(np.arange(cells.size), len(cells))
    shown = cells.sum(axis=1)
    size = max(10, min(20, MATRIX_PX // (8 * len(cells))))
    texts = [
        f"<b>{count:,}</b><br>{percent(share) if shown[row] else '–'}".replace(",", "\N{THIN SPACE}")
        for count, share, row in zip(cells.ravel().tolist(), shares.ravel().tolist(), y, strict=True)
    ]
    return go.Scatter(
        x=x,
        y=y,
        mode="text",
        text=texts,
        textfont={
            "size": size,
            "color": [
                _letters(theme, share, mistake=i % (len(cells) + 1) > 0)
                for i, share in enumerate(shares.ravel())
            ],
        },
        hoverinfo="skip",
    )


def _clickable(cells: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the cells that lead somewhere: all, or of very many those with pictures."""
    if len(cells) <= MOST_WRITTEN:
        y, x = np.divmod(np.arange(cells.size), len(cells))
        return y, x
    pairs = np.array(fullest_cells(cells, MOST_CELLS), np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _targets(cells: NDArray[np.int64], shares: NDArray[np.float64], classes: Sequence[str]) -> go.Scatter:
    """An invisible square on each cell, as wide as the cell or nearly so, to be hovered over and clicked."""
    names = [html.escape(name, quote=False) for name in classes]
    shown = cells.sum(axis=1)
    y, x = _clickable(cells)
    metadata = [
        f"true: <b>{names[true]}</b>, answered: <b>{names[predicted]}</b><br>"
        f"{cells[true, predicted]} of {shown[true]} pictures of {names[true]}"
        + (f", {percent(float(shares[true, predicted]))}" if shown[true] else "")
        for true, predicted in zip(y.tolist(), x.tolist(), strict=True)
    ]
    invisible = {"marker": {"opacity": 0}}
    return go.Scatter(
        x=x,
        y=y,
        mode="markers",
        marker={"symbol": "square", "size": max(3, MATRIX_PX // len(cells)), "opacity": 0},
        selected=invisible,
        unselected=invisible,
        customdata=y * len(cells) + x,
        text=metadata,
        hovertemplate="%{text}<extra></extra>",
    )


def _frame(cell: tuple[int, int], theme: Theme) -> dict[str, object]:
    true, predicted = cell
    return {
        "type": "rect",
        "x0": predicted - 0.5,
        "x1": predicted + 0.5,
        "y0": true - 0.5,
        "y1": true + 0.5,
        "line": {"color": theme.text, "width": FRAME_WIDTH_PX},
    }


def _layout(figure: go.Figure, classes: Sequence[str], theme: Theme) -> None:
    count = len(classes)
    ticks = range(0, count, -(-count // MOST_TICKS))
    plain_chart(
        figure,
        theme,
        title="Confusion matrix",
        height=90 + max(220, min(MATRIX_PX, 130 * count)),
        above_px=ANSWERS_PX,
        clickmode="event+select",
        hoverdistance=-1,  # everywhere belongs to the nearest cell
    )
    axis = {
        "tickvals": list(ticks),  # places, because two classes may have one name
        "ticktext": [short_title(classes[place], LONGEST_NAME) for place in ticks],
        "tickfont": {"size": 13 if count <= 10 else 11, "color": theme.text},
        "showgrid": False,
        "automargin": True,
    }
    ends = [-0.53, count - 0.47]  # the frame of a cell at the border stays whole
    figure.update_xaxes(**axis, range=ends, side="top", title={"text": "answer", "standoff": 8})
    figure.update_yaxes(**axis, range=ends[::-1], title={"text": "true class", "standoff": 8})
    figure.update_yaxes(ticklabelstandoff=6)


def _blend(theme: Theme, share: float, *, mistake: bool) -> tuple[float, ...]:
    """The colour of a cell, of mistakes or of right answers on the ground: red, green, blue, 0..255."""
    strength = FAINTEST + (1 - FAINTEST) * share
    pairs = zip(rgb(theme.ground), rgb(theme.frame if mistake else theme.accent), strict=True)
    return tuple(ground + (colour - ground) * strength for ground, colour in pairs)


def _colour_scale(theme: Theme) -> list[list[float | str]]:
    """From a share of 1 that is a mistake, over 0, to a share of 1 that is right."""
    shares = np.linspace(0, 1, SHADES)
    sides = [(-share, True) for share in shares[::-1]] + [(share, False) for share in shares]
    return [
        [(1 + share) / 2, "rgb({},{},{})".format(*map(round, _blend(theme, abs(share), mistake=mistake)))]
        for share, mistake in sides
    ]


def _letters(theme: Theme, share: float, *, mistake: bool) -> str:
    """Black or white on the cell of ``share``; that one has a contrast of 4.5 or more on any colour."""
    cell = _blend(theme, share, mistake=mistake)
    return "#000000" if _luminance(cell) > EQUAL_CONTRAST else "#ffffff"


def _luminance(colour: Sequence[float]) -> float:
    linear = [part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
