"""The data and settings of some runs side by side, what differs marked."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from cnn_core.files import read_json
from cnn_core.training.run_folder import SCAN_FILE
from cnn_core.training.settings.comparison import SettingRow, compared_settings
from dashboard.widgets.inputs import toggle

if TYPE_CHECKING:
    from cnn_core.runs.run_view import RunView

SET_ASIDE = frozenset({"validation", "test", "seed"})
OWN_FOLDER, NOTHING_DRAWN = "a folder of its own", "nothing is drawn"
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
    of_data = compared_settings({title: run.source for title, run in named.items()})
    rows = [
        *(_in_effect(row, named) for row in of_data),
        *compared_settings({title: run.config for title, run in named.items()}),
    ]
    return sorted(rows, key=lambda row: not row.differs)


def _in_effect(row: SettingRow, named: Mapping[str, RunView]) -> SettingRow:
    """The row of what is set aside, where a set has a folder of its own and the setting did nothing."""
    if row.field not in SET_ASIDE:
        return row
    texts = {title: _used(row.field, row.texts[title], run) for title, run in named.items()}
    return replace(row, texts=texts, differs=len(set(texts.values())) > 1)


def _used(field: str, text: str, run: RunView) -> str:
    scanned = read_json(run.folder / SCAN_FILE)
    drawn, counts = scanned.get("drawn"), scanned.get("counts") or {}
    if not isinstance(drawn, list):
        return text  # a run that has not looked through its pictures yet
    if field == "seed":
        return text if drawn else NOTHING_DRAWN
    return OWN_FOLDER if field in counts and field not in drawn else text


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
