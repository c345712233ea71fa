"""The confusion matrix of a set with its figures in words; a cell of it is chosen, by a click or by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard.figures.charts.confusion import MOST_WRITTEN, cell_of, confusion_figure, fullest_cells
from dashboard.figures.colours import percent
from dashboard.session import address
from dashboard.widgets.chart import chart
from dashboard.widgets.inputs import select
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.picture_grid import clicked_name
from dashboard.widgets.style import theme

if TYPE_CHECKING:
    from cnn_core.evaluation.predictions import Predictions
    from cnn_core.evaluation.scores import Evaluation

MOST_CELLS = 200  # that the list offers; a click chooses any
MOST_NAMED = 12  # cells and classes that are told in words
Cell = tuple[int, int]


def draw_confusion(predictions: Predictions, evaluation: Evaluation, name: str) -> Cell:
    """The matrix with its words; gives the chosen cell (true, answered).

    Args:
        predictions: of the set.
        evaluation: its figures.
        name: of the file of the chart.
    """
    names, place = predictions.classes, st.container()
    chosen = _chosen_cell(names, evaluation)
    involved = involved_classes(evaluation, chosen)
    with place:
        chart(
            confusion_figure(
                np.array(evaluation.confusion)[np.ix_(involved, involved)],
                [names[index] for index in involved],
                chosen=(involved.index(chosen[0]), involved.index(chosen[1])),
                theme=theme(),
            ),
            key="eval-confusion",
            name=f"{name}_confusion",
            on_select=lambda: open_cell(clicked_name("eval-confusion"), involved),
            alt=f"Confusion matrix: {confusion_summary(names, evaluation)}",
        )
    if len(involved) < len(names):
        st.caption(f"Of {len(names):,} classes the {len(involved):,} that are shown or answered.")
    st.markdown("\n".join(class_lines(evaluation)))
    shown = sum(scores.pictures > 0 for scores in evaluation.classes)
    if shown > MOST_NAMED:
        st.caption(f"Of {shown:,} classes the {MOST_NAMED} that are found most rarely.")
    return chosen


def involved_classes(evaluation: Evaluation, chosen: Cell) -> list[int]:
    """The classes in the matrix: all, or of very many those shown, answered, or of the chosen cell."""
    classes = list(enumerate(evaluation.classes))
    if len(classes) <= MOST_WRITTEN:
        return [index for index, _ in classes]
    return [index for index, of in classes if of.pictures + of.predicted > 0 or index in chosen]


def confusion_summary(names: tuple[str, ...], evaluation: Evaluation) -> str:
    """The fullest cells of the matrix in words."""
    cells = fullest_cells(evaluation.confusion, MOST_NAMED)
    words = "; ".join(_cell_words(names, evaluation, *cell) for cell in cells)
    filled = np.count_nonzero(evaluation.confusion)
    return words if filled <= MOST_NAMED else f"{words}; and {filled - MOST_NAMED:,} cells with fewer"


def _cell_words(names: tuple[str, ...], evaluation: Evaluation, true: int, predicted: int) -> str:
    return f"{names[true]} answered {names[predicted]}: {evaluation.confusion[true][predicted]:,}"


def class_lines(evaluation: Evaluation) -> list[str]:
    """Precision and recall in words, as Markdown: of every class, or of many those with the least recall.

    Of many classes those that no picture shows are left out.
    """
    told = list(evaluation.classes)
    if len(told) > MOST_NAMED:
        told = [scores for scores in told if scores.pictures > 0]
        told.sort(key=lambda scores: scores.recall or 0.0)
    return [
        f"- **{escape_markdown(scores.name)}**: precision {_share(scores.correct, scores.predicted)} of "
        f"{_all_of(scores.predicted, 'answer')}, recall {_share(scores.correct, scores.pictures)} of "
        f"{_all_of(scores.pictures, 'picture')}"
        for scores in told[:MOST_NAMED]
    ]


def _all_of(count: int, noun: str) -> str:
    """``the 319 predicted_labels``, ``the only answer``."""
    return f"the only {noun}" if count == 1 else f"the {count:,} {noun}s"


def _share(part: int, whole: int) -> str:
    return "–" if whole == 0 else f"**{percent(part / whole)}**"


def _chosen_cell(names: tuple[str, ...], evaluation: Evaluation) -> Cell:
    """The cell of the address, else that of the most frequent mistake."""
    count = len(names)
    wrong = np.array(evaluation.confusion)
    np.fill_diagonal(wrong, 0)
    most = divmod(int(wrong.argmax()), count) if wrong.any() else (0, 0)
    start = address.current("eval_cell", lambda text: _cell_token(text, count), f"{most[0]}-{most[1]}")
    offered = offered_cells(evaluation, _cell(start))
    token = select(
        "Pictures shown",
        {token: _cell_words(names, evaluation, *_cell(token)) for token in offered},
        key="eval_cell",
        default=start,
        on_change=first_page,
        help="One cell of the matrix; a click on it does the same.",
    )
    return _cell(token)


def offered_cells(evaluation: Evaluation, chosen: Cell) -> list[str]:
    """The cells to choose from, as in the address: those with the most pictures, and the chosen one."""
    cells = {*fullest_cells(evaluation.confusion, MOST_CELLS), chosen}
    return [f"{true}-{predicted}" for true, predicted in sorted(cells)]


def _cell_token(text: str, count: int) -> str | None:
    """A cell as in the address, None where there is no such cell among so many classes."""
    number = address.whole_number(0, count - 1)
    true, _, predicted = text.partition("-")
    row, column = number(true), number(predicted)
    return None if row is None or column is None else f"{row}-{column}"


def _cell(token: str) -> Cell:
    true, predicted = token.split("-")
    return int(true), int(predicted)


def open_cell(name: int | None, involved: Sequence[int]) -> None:
    """Choose the cell whose marker has that name; none, or one of another network, changes nothing.

    Args:
        name: of the marker.
        involved: the classes of the matrix.
    """
    if name is not None and name < len(involved) ** 2:
        true, predicted = cell_of(name, len(involved))
        st.session_state["eval_cell"] = f"{involved[true]}-{involved[predicted]}"
        first_page()


def first_page() -> None:
    """Show the first pictures and the worst mistakes again."""
    st.session_state["eval_page"] = 0
    st.session_state["eval_worst"] = 0
