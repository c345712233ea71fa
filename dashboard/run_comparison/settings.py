"""The data and settings of some runs side by side, what differs marked."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from cnn_core.training.settings.comparison import SettingRow, compared_settings
from dashboard.widgets.inputs import toggle

if TYPE_CHECKING:
    from cnn_core.runs.run_view import RunView

ONLY_HELP = "Leave out what all chosen runs have in common."


def draw_settings(runs: Sequence[RunView], titles: Sequence[str]) -> None:
    """A column per run and a row per setting."""
    head, chooser = st.columns([3, 1.2], vertical_alignment="bottom")
    head.subheader("Settings")
    rows = setting_rows(runs, titles)
    differing = sum(row.differs for row in rows)
    with chooser:
        only = toggle("Only differences", key="compare_only", default=differing > 0, help=ONLY_HELP)
    st.html(settings_html(rows, titles, only=only))
    if differing:
        mark = "≠" if only else "≠ and bold letters"
        st.caption(f"{mark}: the runs differ, in {differing} of {len(rows)} settings.")
    elif len(runs) > 1:
        st.caption("All settings are the same: what differs between these runs is chance.")


def setting_rows(runs: Sequence[RunView], titles: Sequence[str]) -> list[SettingRow]:
    """Data and settings of some runs, those that differ first.

    Args:
        runs: which.
        titles: a name of its own for each.
    """
    named = dict(zip(titles, runs, strict=True))
    rows = [
        *compared_settings({title: run.source for title, run in named.items()}),
        *compared_settings({title: run.config for title, run in named.items()}),
    ]
    return sorted(rows, key=lambda row: not row.differs)


def settings_html(rows: Sequence[SettingRow], titles: Sequence[str], *, only: bool) -> str:
    """The rows as a table; what differs has a sign, and bold letters beside what does not.

    Args:
        rows: the settings.
        titles: of the columns.
        only: leave out what is the same in all.
    """
    heads = "".join(f'<th scope="col">{html.escape(title)}</th>' for title in titles)
    lines = "".join(_line(row, titles) for row in rows if row.differs or not only)
    if not lines:
        return "<p>No setting differs.</p>"
    kind = "settings" if only else "settings all"
    return (
        f'<div style="overflow-x:auto"><table class="{kind}"><thead><tr><th class="mark"></th>'
        f'<th scope="col">Setting</th>{heads}</tr></thead><tbody>{lines}</tbody></table></div>'
    )


def _breakable(text: str) -> str:
    """Escaped, and free to break after the signs that join the words of a path."""
    return html.escape(text).replace("_", "_<wbr>").replace("/", "/<wbr>")


def _line(row: SettingRow, titles: Sequence[str]) -> str:
    cells = "".join(f"<td>{_breakable(row.texts[title])}</td>" for title in titles)
    kind, mark = ("differs", "≠") if row.differs else ("same", "")
    return (
        f'<tr class="{kind}"><td class="mark">{mark}</td>'
        f'<th scope="row">{html.escape(row.label)}</th>{cells}</tr>'
    )
