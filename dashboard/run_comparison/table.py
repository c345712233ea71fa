"""A row of figures per run, sorted by any of them."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from cnn_core.runs.run_summary import RunFigures, run_figures
from dashboard.figures.charts.curve_traces import SIGNS, line_style
from dashboard.figures.theme import Theme
from dashboard.widgets.inputs import select
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.run_words import duration, share_text
from dashboard.widgets.style import theme

if TYPE_CHECKING:
    from cnn_core.runs.run_view import RunView


@dataclass(frozen=True, slots=True)
class Column:
    """How a figure is shown: title, how it is written, what it is, and whether more is better."""

    title: str
    written: Callable[[Any], str]
    help: str
    more_is_better: bool = False


def signed(value: float) -> str:
    """A difference of shares in percentage points, with its sign, a true minus."""
    return f"{100 * value:+.1f}\u00a0pp".replace("-", "\u2212")


COLUMNS = {
    "accuracy": Column("Best accuracy", share_text, "Highest validation accuracy of all epochs.", True),
    "loss": Column("Lowest loss", "{:.3f}".format, "Lowest validation loss of any epoch."),
    "loss_epoch": Column("in epoch", "{:d}".format, "The epoch of the lowest validation loss."),
    "gap": Column("Gap, last epoch", signed, "Training less validation accuracy, in percentage points (pp)."),
    "epochs": Column("Epochs", "{:d}".format, "Finished epochs.", True),
    "parameters": Column("Parameters", "{:,}".format, "Weights of the network; known once it is kept."),
    "seconds": Column("Time", duration, "Of all epochs together."),
    "images_per_second": Column(
        "Images a second", "{:.0f}".format, "Training pictures per second, median epoch.", True
    ),
}
EXPLAINED = (
    "Accuracy and loss are those of the validation pictures, measured during the training; Evaluation asks "
    "the saved network, in float32, and may tell a little more or less. Gap: training less validation "
    "accuracy after the last epoch, in percentage points: what a network knows by heart."
)
SORTED_BY = {
    "accuracy": "Highest accuracy",
    "loss": "Lowest loss",
    "loss_epoch": "Epoch of the lowest loss",
    "gap": "Smallest gap",
    "epochs": "Most epochs",
    "parameters": "Fewest parameters",
    "seconds": "Shortest time",
    "images_per_second": "Most images per second",
}


def sorted_figures(figures: Sequence[RunFigures], by: str) -> list[RunFigures]:
    """Best first; runs without that figure last, equals in their order."""
    sign = -1 if COLUMNS[by].more_is_better else 1

    def place(one: RunFigures) -> tuple[bool, float]:
        value = getattr(one, by)
        return value is None, 0.0 if value is None else sign * value

    return sorted(figures, key=place)


def draw_table(runs: Sequence[RunView], titles: Sequence[str], *, ranked: bool = True) -> None:
    """The figures of some runs, sorted by a column that is chosen.

    Args:
        runs: that are compared.
        titles: a name of its own for each.
        ranked: whether the best one is named.
    """
    head, chooser = st.columns([3, 1.2], vertical_alignment="bottom")
    head.subheader("Figures")
    with chooser:
        by = select(
            "Sorted by",
            {name: SORTED_BY[name] for name in COLUMNS},
            key="compare_sort",
            default="accuracy",
            help="The best run comes first." if ranked else "The highest or lowest figure comes first.",
        )
    figures = [run_figures(run, title) for run, title in zip(runs, titles, strict=True)]
    st.html(table_html(figures, by, line_signs(runs, titles, theme())))
    if ranked:
        st.markdown(table_words(figures))
    st.caption(EXPLAINED)


def line_signs(runs: Sequence[RunView], titles: Sequence[str], theme: Theme) -> dict[str, tuple[str, str]]:
    """Symbol and colour of the curves of each run that has some, by its title."""
    drawn = [title for run, title in zip(runs, titles, strict=True) if run.history]
    if len(drawn) < 2:
        return {}
    return {
        title: (SIGNS[place % len(SIGNS)], line_style(place, len(drawn), theme).training)
        for place, title in enumerate(drawn)
    }


def table_html(figures: Sequence[RunFigures], by: str, signs: Mapping[str, tuple[str, str]]) -> str:
    """A row per run with its symbol and its figures, best first; the column sorted by in bold letters.

    Args:
        figures: of the runs.
        by: a key of ``COLUMNS``.
        signs: symbol and colour of some runs, by name.
    """
    heads = "".join(
        f'<th scope="col" class="{_kind(key, by)}" title="{html.escape(column.help, quote=True)}">'
        f"{html.escape(column.title)}</th>"
        for key, column in COLUMNS.items()
    )
    lines = "".join(_line(row, by, signs.get(row.run)) for row in sorted_figures(figures, by))
    return (
        '<div style="overflow-x:auto"><table class="run-figures"><thead><tr><th scope="col">Run</th>'
        f'<th scope="col">State</th>{heads}</tr></thead><tbody>{lines}</tbody></table></div>'
    )


def _line(row: RunFigures, by: str, sign: tuple[str, str] | None) -> str:
    mark = "" if sign is None else f'<span aria-hidden="true" style="color:{sign[1]}">{sign[0]}</span> '
    cells = "".join(f'<td class="{_kind(key, by)}">{text}</td>' for key, text in figure_texts(row).items())
    head = f'<th scope="row">{mark}{html.escape(row.run)}</th>'
    return f"<tr>{head}<td>{html.escape(row.state)}</td>{cells}</tr>"


def _kind(key: str, by: str) -> str:
    return "number chosen" if key == by else "number"


def figure_texts(row: RunFigures) -> dict[str, str]:
    """The figures of a run as they are written, by their keys; a dash for what is not known."""
    return {
        key: "–" if getattr(row, key) is None else column.written(getattr(row, key))
        for key, column in COLUMNS.items()
    }


def table_words(figures: Sequence[RunFigures]) -> str:
    """What the table says of the best run, as Markdown; empty if nothing was measured."""
    best, lowest = sorted_figures(figures, "accuracy")[0], sorted_figures(figures, "loss")[0]
    if best.accuracy is None:
        return ""
    words = (
        f"**{escape_markdown(best.run)}** reached the highest validation accuracy, "
        f"{share_text(best.accuracy)} in epoch {best.accuracy_epoch}"
    )
    if lowest.loss is None:
        return f"{words}."
    who = "it also has" if lowest is best else f"**{escape_markdown(lowest.run)}** has"
    return f"{words}; {who} the lowest validation loss, {lowest.loss:.3f} in epoch {lowest.loss_epoch}."
