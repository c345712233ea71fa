"""Runs side by side: their curves on one another, a sorted table, and the settings that differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cnn_core.runs.validation_sets import apart_words
from dashboard.figures.charts.training_curves import CurveOf, training_curves_alt, training_curves_figure
from dashboard.run_comparison.export import draw_exports
from dashboard.run_comparison.settings import draw_settings
from dashboard.run_comparison.table import draw_table
from dashboard.session import address
from dashboard.widgets.chart import chart, chart_format
from dashboard.widgets.markdown import literal
from dashboard.widgets.run_names import run_names
from dashboard.widgets.style import theme

if TYPE_CHECKING:
    from cnn_core.runs.run_view import RunView

MOST_RUNS = 6  # as many colours and symbols as curves can be told apart by
FIRST_RUNS = 4
NO_RUNS = (
    "There is no run to compare yet. Choose a preset under Settings and launch it; two runs with one setting "
    "changed say more than any text about that setting."
)
NONE = "none"


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
        st.warning(literal(apart, longest=None), icon=":material/difference:")
    _draw_curves(runs, titles)
    draw_table(runs, titles, ranked=not apart)
    draw_settings(runs, titles)
    draw_exports(runs, titles)


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
    chart_format()
    bare = [literal(title) for run, title in zip(runs, titles, strict=True) if not run.history]
    if bare:
        st.caption(f"No finished epoch yet: {', '.join(bare)}.")
