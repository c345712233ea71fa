"""The confusion matrix of a set with its figures in words; a cell of it is chosen, by a click or by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard.figures.charts.confusion import cell_of, confusion_figure, fullest_cells
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
    st.subheader("Answers and truth")
    names = predictions.classes
    chosen = _chosen_cell(names, evaluation)
    chart(
        confusion_figure(evaluation.confusion, names, chosen=chosen, theme=theme()),
        key="eval-confusion",
        name=f"{name}_confusion",
        on_select=lambda: open_cell(clicked_name("eval-confusion"), len(names)),
        alt=f"Confusion matrix: {confusion_summary(names, evaluation)}",
    )
    st.markdown("\n".join(class_lines(evaluation)))
    if len(names) > MOST_NAMED:
        st.caption(f"Of {len(names):,} classes the {MOST_NAMED} that are found most rarely.")
    return chosen


def confusion_summary(names: tuple[str, ...], evaluation: Evaluation) -> str:
    """The fullest cells of the matrix in words."""
    cells = fullest_cells(evaluation.confusion, MOST_NAMED)
    words = "; ".join(_cell_words(names, evaluation, *cell) for cell in cells)
    filled = np.count_nonzero(evaluation.confusion)
    return words if filled <= MOST_NAMED else f"{words}; and {filled - MOST_NAMED:,} cells with fewer"


def _cell_words(names: tuple[str, ...], evaluation: Evaluation, true: int, predicted: int) -> str:
    return f"{names[true]} answered {names[predicted]}: {evaluation.confusion[true][predicted]:,}"


def class_lines(evaluation: Evaluation) -> list[str]:
    """Precision and recall in words, as Markdown: of every class, or of many those with the least recall."""
    told = list(evaluation.classes)
    if len(told) > MOST_NAMED:
        told.sort(key=lambda scores: 1.0 if scores.recall is None else scores.recall)
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


def open_cell(name: int | None, classes: int) -> None:
    """Choose the cell whose marker has that name; none, or one of another run, changes nothing."""
    if name is not None and name < classes * classes:
        true, predicted = cell_of(name, classes)
        st.session_state["eval_cell"] = f"{true}-{predicted}"
        first_page()


def first_page() -> None:
    """Show the first pictures and the worst mistakes again."""
    st.session_state["eval_page"] = 0
    st.session_state["eval_worst"] = 0
