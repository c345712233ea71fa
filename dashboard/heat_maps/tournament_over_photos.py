"""The tournament over the photos of the sidebar: means that say how sure they are."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn_core.faithfulness.over_photos import MethodMean, PhotoTournaments, method_means, tournaments_csv
from cnn_core.faithfulness.results import title_of
from cnn_core.faithfulness.tournament import TOURNAMENT
from cnn_core.snippet import Call, snippet
from dashboard.figures.charts.tournament_charts import means_figure
from dashboard.session.photos import all_photos
from dashboard.widgets.analysis_view import row_of_results
from dashboard.widgets.chart import chart
from dashboard.widgets.export_bar import Export, export_bar, file_name
from dashboard.widgets.inputs import box
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.style import theme

if TYPE_CHECKING:
    from cnn_core.faithfulness.results import Tournament, TournamentSettings
    from dashboard.heat_maps.heat_map import HeatMapSelection
    from dashboard.session.photo import Photo
    from dashboard.session.view import View

SLOT = "tournament-photos"
MOST_PHOTOS = 24
MOST_NAMED = 4
AXIS = "insertion minus deletion, as a share of what hiding does"


def draw_over_photos(view: View, selection: HeatMapSelection, settings: TournamentSettings) -> None:
    """A box, filled when it is opened: the tournament on every photo, for what the network answers to it.

    Args:
        view: model and photo.
        selection: which output is asked about.
        settings: of the tournament on each photo.
    """
    opened = box("Over all photos", key=SLOT, icon=":material/photo_library:")
    if not opened.open:
        return
    photos = list({view.photo.key: view.photo, **all_photos(view.model_key)}.values())[:MOST_PHOTOS]
    asked = dataclasses.replace(selection.request, layer_name=None, class_index=None, against=None)
    calls = [
        Call(
            analysis=TOURNAMENT,
            request=dataclasses.replace(asked, image=photo.image()),
            settings=settings,
            picture=photo.path,
        )
        for photo in photos
    ]
    with opened:
        st.caption(
            "The same tournament on every photo of the sidebar, for the class that the network answers. The "
            "command `python -m cnn_core tournament` does so for a folder of photos.",
            help="The line through each mean is its 95 % confidence interval: where the mean of other such "
            "photos would mostly lie. It is found by drawing photos with repetition (bootstrap), and is too "
            "narrow for few photos.",
        )
        draw = functools.partial(_draw, selection, photos)
        found = row_of_results(calls, slot=SLOT, doing="Holding a tournament on every photo", preview=draw)
        if found is not None:
            draw(found)
            collected = collect(selection, photos, found)
            export_bar(export(view, collected, calls), key=f"{SLOT}-export")


def collect(
    selection: HeatMapSelection, photos: Sequence[Photo], found: Sequence[Tournament]
) -> PhotoTournaments:
    """The tournaments of the first photos, with what each was asked about."""
    names = selection.answer.class_names
    return PhotoTournaments(
        photos=tuple(photo.title for photo in photos[: len(found)]),
        classes=tuple(names[one.class_index] for one in found),
        tournaments=tuple(found),
    )


def _draw(selection: HeatMapSelection, photos: Sequence[Photo], found: Sequence[Tournament]) -> None:
    """The means of the photos so far."""
    means = method_means(collect(selection, photos, found))
    st.markdown(escape_markdown(means_text(means, len(found)), longest=None))
    intervals = [(each, each.low, each.high) for each in means if each.low is not None]
    if not intervals:
        return
    titles = [title_of(each.method) for each in means]
    values, low, high = _ends(means)
    chart(
        means_figure(titles, values, low, high, title="Over all photos", axis=AXIS, theme=theme()),
        key=f"{SLOT}-means",
        name="tournament_over_photos",
        alt=f"Mean and interval of every map, the best first: {', '.join(titles)}.",
    )


def _ends(means: Sequence[MethodMean]) -> tuple[NDArray[np.float32], ...]:
    """Means, lower and upper ends ``(m,)``; a mean without an interval is its own."""
    ends = [
        (each.mean, *(each.mean if end is None else end for end in (each.low, each.high))) for each in means
    ]
    values, low, high = np.array(ends, np.float32).reshape(-1, 3).T
    return values, low, high


def means_text(means: Sequence[MethodMean], photos: int) -> str:
    """Who is ahead, of how many photos, and whether the runner-up may be as good, in plain words."""
    if not means:
        return f"On {photos} photos hiding pixels hardly moves the score: nothing to compare."
    best, count = means[0], means[0].photos
    words = f"{title_of(best.method)} is ahead on average over {count} of {photos} photos"
    words += f", and above the random map on {best.above_random} of them."
    if best.low is None:
        return f"{words} One photo says nothing about others."
    rivals = [title_of(each.method) for each in means[1:] if each.high is not None and each.high >= best.mean]
    if not rivals:
        return f"{words} The intervals of all others end below its mean."
    named = ", ".join(rivals[:MOST_NAMED]) + (" and others" if len(rivals) > MOST_NAMED else "")
    return f"{words} With so few photos {named} may be as good."


def export(view: View, found: PhotoTournaments, calls: Sequence[Call]) -> Export:
    """The figures, and the code that makes them again."""
    means = method_means(found)
    values, low, high = _ends(means)
    return Export(
        name=file_name("tournament-over-photos", view.model_key),
        title="Tournament over all photos",
        arrays=lambda: {
            "methods": np.array([each.method for each in means]),
            "mean": values,
            "low": low,
            "high": high,
        },
        table=lambda: tournaments_csv(found),
        code="from cnn_core.faithfulness.over_photos import PhotoTournaments, method_means\n"
        + snippet(tuple(calls))
        + "names = tuple(str(number) for number in range(len(results)))\n"
        "found = PhotoTournaments(photos=names, classes=names, tournaments=tuple(results))\n"
        "for mean in method_means(found):\n"
        "    print(mean)",
    )
