"""The settings of the chosen method, a few of them compared on the photo."""

from __future__ import annotations

import csv
import functools
import io
from typing import TYPE_CHECKING

import streamlit as st

from cnn_core.faithfulness.best_settings import (
    SettingsTrials,
    TrialSettings,
    best_settings_of,
    tried_changes,
)
from cnn_core.named_arrays import named_arrays
from cnn_core.settings import label_with_unit
from dashboard.widgets.analysis_view import analysis_result, check_text, code_of
from dashboard.widgets.export_bar import Export, export_bar, file_name
from dashboard.widgets.inputs import box

if TYPE_CHECKING:
    from cnn_core.analysis import Analysis
    from cnn_core.faithfulness.results import TournamentSettings
    from dashboard.heat_maps.heat_map import HeatMapSelection
    from dashboard.session.view import View

SLOT = "best-settings"
GAP = "Insertion minus deletion (logits)"
USUAL = "the usual settings"


def draw_best_settings(view: View, selection: HeatMapSelection, settings: TournamentSettings) -> None:
    """A box for the chosen method, filled when it is opened; nothing for a method without a number to set.

    Args:
        view: model and photo.
        selection: method and what it is asked.
        settings: of the tournament, whose fill and steps are taken.
    """
    if selection.impossible is not None or not tried_changes(selection.analysis.settings):
        return
    opened = box(f"Best settings of {selection.analysis.title}", key=SLOT, icon=":material/tune:")
    if not opened.open:
        return
    analysis = best_settings_of(selection.analysis)
    asked = TrialSettings(steps=settings.steps, fill=settings.fill, seed=settings.seed)
    with opened:
        st.caption(
            f"{analysis.summary} Each number of {selection.analysis.title} is doubled and halved, one by one."
        )
        found = analysis_result(
            analysis,
            selection.request,
            asked,
            slot=SLOT,
            preview=functools.partial(_draw_growing, selection.analysis),
        )
        if found is not None:
            st.markdown(check_text(analysis.check(found)))
            _draw_table(selection.analysis, found)
            export_bar(export(view, selection, found, asked), key=f"{SLOT}-export")


def _draw_growing(method: Analysis, found: SettingsTrials | None) -> None:
    if found is not None:
        _draw_table(method, found)


def _draw_table(method: Analysis, found: SettingsTrials) -> None:
    low, high = float(min(found.gap.min(), 0)), float(max(found.gap.max(), 1e-6))
    bar = st.column_config.ProgressColumn(min_value=low, max_value=high, format="%.3g")
    st.dataframe(
        rows(method, found), column_config={GAP: bar}, hide_index=True, width="stretch", height="content"
    )


def rows(method: Analysis, found: SettingsTrials) -> dict[str, list[object]]:
    """What was tried, column by column, the best first."""
    order = sorted(range(len(found.changes)), key=lambda place: -found.gap[place])
    return {
        "With": [change_text(method, found.changes[place]) for place in order],
        GAP: [round(float(found.gap[place]), 4) for place in order],
        "Seconds": [round(found.seconds[place], 2) for place in order],
    }


def change_text(method: Analysis, change: str) -> str:
    """A change as the page calls it: ``Masks: 32 instead of 16``."""
    if not change:
        return USUAL
    name, _, value = change.partition("=")
    (field,) = [one for one in method.settings.__dataclass_fields__.values() if one.name == name]
    return f"{label_with_unit(field.metadata)}: {value} instead of {field.default}"


def trials_csv(method: Analysis, found: SettingsTrials) -> str:
    """The table for spreadsheets."""
    text, columns = io.StringIO(), rows(method, found)
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(columns)
    lines.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def export(view: View, selection: HeatMapSelection, found: SettingsTrials, asked: TrialSettings) -> Export:
    """The figures, and the code that makes them again."""
    method = selection.analysis
    analysis = best_settings_of(method)
    code = code_of(view, analysis, selection.request, asked).replace(
        f"analysis_named({analysis.key!r})", f"best_settings_of(analysis_named({method.key!r}))"
    )
    return Export(
        name=file_name(SLOT, method.key, selection.class_name, view.photo.title),
        title=analysis.title,
        chart=False,
        arrays=lambda: named_arrays(found),
        table=lambda: trials_csv(method, found),
        code=f"from cnn_core.faithfulness.best_settings import best_settings_of\n{code}"
        "print(dict(zip(result.changes, result.gap.round(3))))",
    )
