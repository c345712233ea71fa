"""Runs side by side: their curves on one another, a sorted table, and the settings that differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core.runs.run_summary import run_figures
from cnn_core.runs.validation_sets import apart_words
from dashboard.figures.charts.curve_ranges import CurveOf
from dashboard.figures.charts.training_curves import training_curves_alt, training_curves_figure
from dashboard.figures.files.table_png import stacked_pixels, table_pixels
from dashboard.run_comparison.settings import draw_settings, setting_rows
from dashboard.run_comparison.table import COLUMNS, draw_table, figure_texts
from dashboard.session import address
from dashboard.widgets.chart import chart, chart_format
from dashboard.widgets.export_bar import Export, export_bar, file_name
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.run_names import run_names
from dashboard.widgets.run_words import history_arrays
from dashboard.widgets.style import theme

if TYPE_CHECKING:
    from cnn_core.runs.run_view import RunView
    from dashboard.figures.colours import UInt8

MOST_RUNS = 6  # as many colours and symbols as curves can be told apart by
FIRST_RUNS = 4
NO_RUNS = (
    "There is no run to compare yet. Choose a preset under Train, Settings, and launch it; two runs with one "
    "setting changed say more than any text about that setting."
)
NONE = "none"
NOTE = "Accuracy and loss are those of the validation pictures; gap: training less validation accuracy."


def draw_comparison(every: tuple[RunView, ...]) -> None:
    """Choose some runs; see their curves, figures and settings.

    Args:
        every: all runs, newest first.
    """
    if not every:
        st.info(NO_RUNS, icon=":material/compare_arrows:")
        return
    names = run_names(every)
    runs = _choose(every, names)
    if not runs:
        st.markdown("Choose one or more runs above.")
        return
    titles = [names[run.key] for run in runs]
    apart = apart_words(runs, titles)
    if apart:
        st.warning(escape_markdown(apart, longest=None), icon=":material/difference:")
    _draw_curves(runs, titles)
    draw_table(runs, titles, ranked=not apart)
    draw_settings(runs, titles)
    export_bar(comparison_export(runs, titles), "compare-export")


def _choose(every: Sequence[RunView], names: dict[str, str]) -> list[RunView]:
    by_key = {run.key: run for run in every}
    started = [run.key for run in every if run.history] or list(by_key)
    text = address.restore("compare_runs", _KnownKeys(tuple(by_key)), ",".join(started[:FIRST_RUNS]))
    address.put("compare_runs_picked", address.titled(names), [] if text == NONE else text.split(","))
    picked = st.multiselect(
        "Runs",
        list(by_key),
        format_func=names.__getitem__,
        key="compare_runs_picked",
        max_selections=MOST_RUNS,
        on_change=_picked,
        help=f"Newest first; up to {MOST_RUNS}, as more curves cannot be told apart.",
    )
    address.keep({"compare_runs": text})
    return [by_key[key] for key in picked]


@dataclass(frozen=True, slots=True)
class _KnownKeys:
    """A parser for the runs in the address, those that are gone left out; None if all are."""

    known: tuple[str, ...]

    def __call__(self, text: str) -> str | None:
        if text == NONE:
            return NONE
        keys = [key for key in dict.fromkeys(text.split(",")) if key in self.known][:MOST_RUNS]
        return ",".join(keys) if keys else None


def _picked() -> None:
    st.session_state["compare_runs"] = ",".join(st.session_state["compare_runs_picked"]) or NONE


def _draw_curves(runs: Sequence[RunView], titles: Sequence[str]) -> None:
    curves = [
        CurveOf(title=title, history=run.history, epochs=run.config.epochs if run.is_alive else None)
        for run, title in zip(runs, titles, strict=True)
    ]
    chart(
        training_curves_figure(curves, theme=theme()),
        key="compare-curves",
        name="runs_compared",
        alt=training_curves_alt(curves),
    )
    chart_format("compare-format")
    bare = [escape_markdown(title) for run, title in zip(runs, titles, strict=True) if not run.history]
    if bare:
        st.caption(f"No finished epoch yet: {', '.join(bare)}.")


def comparison_export(runs: Sequence[RunView], titles: Sequence[str]) -> Export:
    """The figures and the settings that differ, all histories and all settings.

    Args:
        runs: that are compared.
        titles: a name of its own for each.
    """
    settings = setting_rows(runs, titles)
    histories = {
        f"{name}_{number}": values
        for number, run in enumerate(runs)
        for name, values in history_arrays(run.history).items()
    }
    return Export(
        name=file_name("compared", *(run.key for run in runs)),
        title="Runs compared",
        note=" ".join(words for words in (apart_words(runs, titles), NOTE) if words),
        image=lambda: tables_pixels(runs, titles),
        arrays=lambda: {
            "titles": np.array(titles),
            "runs": np.array([run.key for run in runs]),
            "setting_names": np.array([row.field for row in settings]),
            "settings": np.array([[row.texts[title] for title in titles] for row in settings]),
            **histories,
        },
        code=comparison_code(runs, titles),
        drawing="from dashboard.run_comparison.comparison import tables_pixels\n"
        "picture = tables_pixels(list(runs.values()), list(runs))\n",
    )


def tables_pixels(runs: Sequence[RunView], titles: Sequence[str]) -> UInt8:
    """The table of figures, below it that of the settings that differ, if any do."""
    heads = ["Run", "State", *(column.title for column in COLUMNS.values())]
    rows = [
        [title, run.state, *figure_texts(run_figures(run, title)).values()]
        for run, title in zip(runs, titles, strict=True)
    ]
    tables = [table_pixels(heads, rows)]
    differing = [row for row in setting_rows(runs, titles) if row.differs]
    if differing:
        lines = [[row.label, *(row.texts[title] for title in titles)] for row in differing]
        tables.append(table_pixels(["What differs", *titles], lines))
    return stacked_pixels(tables)


def comparison_code(runs: Sequence[RunView], titles: Sequence[str]) -> str:
    """Python that reads the runs again with ``cnn_core`` alone."""
    named = "".join(f"    {title!r}: {str(run.folder)!r},\n" for run, title in zip(runs, titles, strict=True))
    return (
        "from pathlib import Path\n\n"
        "from cnn_core.runs.run_view import RunReader\n"
        "from cnn_core.training.settings.comparison import compared_settings\n"
        "from cnn_core.training.diagnosis.history import best_epoch, history_column\n\n"
        f"folders = {{\n{named}}}\n"
        "runs = {title: RunReader().view(Path(folder)) for title, folder in folders.items()}\n"
        "for title, run in runs.items():\n"
        "    print(title, 'lowest validation loss in epoch', best_epoch(run.history))\n"
        "    for name in ('loss', 'accuracy', 'val_loss', 'val_accuracy'):\n"
        "        print(name, history_column(run.history, name).round(3))\n"
        "for row in compared_settings({title: run.config for title, run in runs.items()}):\n"
        "    if row.differs:\n"
        "        print(row.label, row.texts)\n"
    )
