"""The tournament: the maps of all methods put to the test on the photo."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import streamlit as st

from cnn_core.faithfulness.tournament import CONTROLS, TOURNAMENT, Tournament, title_of
from cnn_core.named_arrays import named_arrays
from dashboard.figures.charts.tournament_charts import agreement_figure, curves_figure
from dashboard.heat_maps.best_settings import draw_best_settings
from dashboard.heat_maps.tournament_over_photos import draw_over_photos
from dashboard.widgets.analysis_view import analysis_result, check_text, code_of
from dashboard.widgets.chart import chart
from dashboard.widgets.export_bar import Export, export_bar, file_name
from dashboard.widgets.form import SettingsForm
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.style import theme

if TYPE_CHECKING:
    from dashboard.heat_maps.heat_map import HeatMapSelection
    from dashboard.session.view import View

DRAWN = 4  # curves, of the best methods and what they are compared with
MAP_PX = 172  # of the column of the titles
ALIKE = 0.98  # rank correlation from which on two maps are nearly the same
WORDS = (
    "Deletion: the pixels that a map names first are taken away first; the sooner the score falls, the "
    "better the map. Insertion: they are brought first; the sooner it rises, the better. A map that stays "
    "the same when the weights are shuffled (rank correlation ρ near 1) does not show what the network "
    "has learned. p: how likely so large a lead is if no map knew where anything is; real: below 0.05."
)
GAP = "Insertion minus deletion (logits)"


def draw_tournament(view: View, selection: HeatMapSelection) -> None:
    """Settings, then the ranking as it grows."""
    st.caption(f"{TOURNAMENT.summary} {TOURNAMENT.reference}.", help=WORDS)
    settings = SettingsForm(TOURNAMENT.settings(), "tournament_").draw()
    found = analysis_result(TOURNAMENT, selection.request, settings, slot="tournament", preview=_preview)
    if found is None:
        return
    st.markdown(check_text(TOURNAMENT.check(found)))
    _draw_table(found)
    _draw_curves(found)
    _draw_agreement(found)
    _draw_left_out(found)
    export_bar(
        Export(
            name=file_name("tournament", selection.class_name, view.photo.title),
            title=f"Tournament for {selection.asked}",
            arrays=lambda: named_arrays(found),
            table=lambda: ranking_csv(found),
            code=code_of(view, TOURNAMENT, selection.request, settings)
            + "print(dict(zip(result.methods, result.gap.round(3))))",
        ),
        key="tournament-export",
    )
    draw_over_photos(view, selection, settings)
    draw_best_settings(view, selection, settings)


def _preview(found: Tournament | None) -> None:
    if found is not None:
        _draw_table(found)


def rows(found: Tournament) -> dict[str, list[object]]:
    """The ranking, column by column."""
    count = len(found.methods)
    known = [name not in CONTROLS for name in found.methods]
    columns: dict[str, list[object]] = {
        "Rank": list(range(1, count + 1)),
        "Map": [title_of(name) for name in found.methods],
        GAP: [round(float(value), 4) for value in found.gap],
        "Insertion (logits)": [round(float(value), 4) for value in found.insertion],
        "Deletion (logits)": [round(float(value), 4) for value in found.deletion],
    }
    if found.shuffled.shape[1] > 0:
        columns["Weights shuffled (ρ)"] = [
            round(float(row[-1]), 2) if own else None for row, own in zip(found.shuffled, known, strict=True)
        ]
    columns["Seconds"] = [
        round(each, 3) if own and each > 0 else None for each, own in zip(found.seconds, known, strict=True)
    ]
    return columns


def ranking_csv(found: Tournament) -> str:
    """The ranking for spreadsheets."""
    text = io.StringIO()
    columns = rows(found)
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def _draw_table(found: Tournament) -> None:
    low, high = float(min(found.gap.min(), 0)), float(max(found.gap.max(), 1e-6))
    bar = st.column_config.ProgressColumn(min_value=low, max_value=high, format="%.3g")
    st.dataframe(
        rows(found),
        column_config={GAP: bar, "Map": st.column_config.TextColumn(width=MAP_PX)},
        hide_index=True,
        width="stretch",
        height="content",
    )


def best_different(found: Tournament, count: int) -> list[str]:
    """The best methods whose maps are not nearly that of a better one, so that no curve hides another."""
    shown: list[int] = []
    for place, name in enumerate(found.methods):
        alike = any(found.agreement[place, other] > ALIKE for other in shown)
        if name not in CONTROLS and not alike and len(shown) < count:
            shown.append(place)
    return [found.methods[place] for place in shown]


def _draw_curves(found: Tournament) -> None:
    shown = [*best_different(found, DRAWN - 1), "random"]
    places, titles = [found.of(name) for name in shown], [title_of(name) for name in shown]
    columns = st.columns(2, gap="large")
    for index, (column, name) in enumerate(zip(columns, ("Deletion", "Insertion"), strict=True)):
        with column:
            chart(
                curves_figure(
                    found.logits[places, index], titles, title=name, axis="score (logit)", theme=theme()
                ),
                key=f"tournament-{name.lower()}",
                name=f"tournament_{name.lower()}",
                alt=f"{name}: the score against the share of the pixels, for {', '.join(titles)}.",
            )


def _draw_agreement(found: Tournament) -> None:
    titles = [title_of(name) for name in found.methods]
    chart(
        agreement_figure(found.agreement, titles, theme=theme()),
        key="tournament-agreement",
        name="tournament_agreement",
        alt="Rank correlation between the maps of all methods.",
    )
    if found.shuffled.shape[1] == 0:
        return
    blind = [title_of(name) for name in found.insensitive]
    if blind:
        st.warning(
            f"{escape_markdown(', '.join(blind))}: nearly the same map from a network of noise. It does not "
            "show what this network has learned.",
            icon=":material/visibility_off:",
        )


def _draw_left_out(found: Tournament) -> None:
    if found.left_out:
        with st.expander(f"{len(found.left_out)} methods did not take part"):
            for title, reason in found.left_out:
                st.markdown(f"**{escape_markdown(title)}**: {escape_markdown(reason, longest=None)}")
