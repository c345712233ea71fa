"""A row of figures per run, sorted by any of them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core.training.verdict import best_epoch, history_column, history_epochs
from dashboard import address
from dashboard.markdown import literal

if TYPE_CHECKING:
    from cnn_core.runs.run_view import RunView


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFigures:
    """The figures of one run; None where nothing was measured yet.

    Attributes:
        run: its name.
        state: queued, running, finished and so on.
        accuracy: highest validation accuracy, 0..1.
        accuracy_epoch: when that was, the first of equals.
        loss: lowest validation loss.
        loss_epoch: when that was.
        gap: training less validation accuracy after the last epoch: what it knows by heart.
        epochs: finished ones.
        parameters: of the network.
        seconds: of all epochs together.
        images_per_second: in the median epoch.
    """

    run: str
    state: str
    accuracy: float | None
    accuracy_epoch: int | None
    loss: float | None
    loss_epoch: int | None
    gap: float | None
    epochs: int
    parameters: int | None
    seconds: float | None
    images_per_second: float | None


@dataclass(frozen=True, slots=True)
class Column:
    """How a figure is shown: title, format, help, width, and whether more is better."""

    title: str
    format: str
    help: str
    width_px: int
    more_is_better: bool = False


COLUMNS = {
    "accuracy": Column("Best accuracy", "%.3f", "Highest validation accuracy of all epochs.", 112, True),
    "loss": Column("Lowest loss", "%.3f", "Lowest validation loss of any epoch.", 98),
    "loss_epoch": Column("in epoch", "%d", "The epoch of the lowest validation loss.", 72),
    "gap": Column("Gap", "%+.3f", "Training less validation accuracy after the last epoch.", 68),
    "epochs": Column("Epochs", "%d", "Finished epochs.", 66, True),
    "parameters": Column("Parameters", "localized", "Weights of the network; known once it is kept.", 98),
    "seconds": Column("Seconds", "%.0f", "Of all epochs together.", 74),
    "images_per_second": Column("Images/s", "%.0f", "Training pictures per second, median epoch.", 76, True),
}
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


def run_figures(run: RunView, title: str) -> RunFigures:
    """The figures of a run from its history."""
    history = run.history
    accuracy, at = history_column(history, "val_accuracy"), history_epochs(history)
    losses, speed = history_column(history, "val_loss"), history_column(history, "images_per_second")
    gaps = history_column(history, "accuracy") - accuracy
    seconds = history_column(history, "seconds")
    highest = int(np.nanargmax(accuracy)) if np.isfinite(accuracy).any() else None
    return RunFigures(
        run=title,
        state=run.state,
        accuracy=None if highest is None else float(accuracy[highest]),
        accuracy_epoch=None if highest is None else int(at[highest]),
        loss=float(np.nanmin(losses)) if np.isfinite(losses).any() else None,
        loss_epoch=best_epoch(history),
        gap=float(gaps[-1]) if len(gaps) and math.isfinite(gaps[-1]) else None,
        epochs=len(history),
        parameters=_parameters(run.folder),
        seconds=float(np.nansum(seconds)) if np.isfinite(seconds).any() else None,
        images_per_second=float(np.nanmedian(speed)) if np.isfinite(speed).any() else None,
    )


def _parameters(folder: Path) -> int | None:
    """Number of weights, from the card of the finished model or of an epoch that was kept."""
    for card in (folder / "model" / "card.json", *sorted(folder.glob("film/epoch_*/card.json"))[:1]):
        try:
            count = json.loads(card.read_text(encoding="utf-8"))["parameters"]
        except (OSError, ValueError, LookupError, TypeError):
            continue
        if isinstance(count, int):
            return count
    return None


def sorted_figures(figures: Sequence[RunFigures], by: str) -> list[RunFigures]:
    """Best first; runs without that figure last, equals in their order."""
    sign = -1 if COLUMNS[by].more_is_better else 1

    def place(one: RunFigures) -> tuple[bool, float]:
        value = getattr(one, by)
        return value is None, 0.0 if value is None else sign * value

    return sorted(figures, key=place)


def draw_table(runs: Sequence[RunView], titles: Sequence[str]) -> None:
    """The figures of some runs, sorted by a column that is chosen."""
    head, chooser = st.columns([3, 1.2], vertical_alignment="bottom")
    head.subheader("Figures")
    with chooser:
        address.restore("compare_sort", address.name_in(COLUMNS), "accuracy")
        by = st.selectbox(
            "Sorted by",
            list(COLUMNS),
            format_func=SORTED_BY.__getitem__,
            key="compare_sort",
            help="The best run comes first. A click on the head of a column sorts by it as well.",
        )
        address.keep({"compare_sort": by})
    figures = [run_figures(run, title) for run, title in zip(runs, titles, strict=True)]
    rows = sorted_figures(figures, by)
    st.dataframe(
        {
            "Run": [row.run for row in rows],
            "State": [row.state for row in rows],
            **{column.title: [getattr(row, key) for row in rows] for key, column in COLUMNS.items()},
        },
        hide_index=True,
        placeholder="–",
        width="stretch",
        column_config={
            "Run": st.column_config.TextColumn(pinned=True),
            "State": st.column_config.TextColumn(width=84),
            **{
                column.title: st.column_config.NumberColumn(
                    format=column.format, help=column.help, width=column.width_px
                )
                for column in COLUMNS.values()
            },
        },
        key="compare-table",
    )
    st.markdown(table_words(figures))


def table_words(figures: Sequence[RunFigures]) -> str:
    """What the table says of the best run, as Markdown; empty if nothing was measured."""
    best, lowest = sorted_figures(figures, "accuracy")[0], sorted_figures(figures, "loss")[0]
    if best.accuracy is None:
        return ""
    words = (
        f"**{literal(best.run)}** reached the highest validation accuracy, {best.accuracy:.3f} in epoch "
        f"{best.accuracy_epoch}"
    )
    if lowest.loss is None:
        return f"{words}."
    who = "it also has" if lowest is best else f"**{literal(lowest.run)}** has"
    return f"{words}; {who} the lowest validation loss, {lowest.loss:.3f} in epoch {lowest.loss_epoch}."
