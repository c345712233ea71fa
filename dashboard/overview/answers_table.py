"""The answers to many photos at once: a table to sort, with the heat map of each, and a file of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import streamlit as st

from cnn_core import paths
from cnn_core.analysis import Analysis
from cnn_core.errors import ConvscopeError
from cnn_core.prediction import PREDICTION
from cnn_core.results import AttributionMap, HeadAnswer
from cnn_core.snippet import Call
from dashboard.figures.pictures.mosaic import data_uri
from dashboard.figures.pictures.pictures import jpeg, squared
from dashboard.session.photos import Photo, all_photos, data_groups, data_photo
from dashboard.session.view import View
from dashboard.widgets.analysis_view import request_about, row_of_results, usual_attribution
from dashboard.widgets.export_bar import file_name
from dashboard.widgets.inputs import select
from dashboard.widgets.overlay_view import attribution_pixels, evidence_strength, scale_of
from dashboard.widgets.sentences import headline

HEAD = 0
MOST_PHOTOS = 60
THUMBNAIL_PX = 96
MINE = "Your photos and the samples"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Row:
    """What a network says about one photo.

    Attributes:
        view: the network and the photo.
        answer: of the first output.
        attribution: the heat map of that answer.
    """

    view: View
    answer: HeadAnswer
    attribution: AttributionMap


def draw_answers(view: View) -> None:
    """Choose which photos, and see what the network says about each."""
    groups = _data_groups()
    group = select("Photos", {name: name for name in (MINE, *groups)}, key="answers") if groups else MINE
    photos, unread = _readable(_photos_of(group, groups, view.model_key))
    if not photos:
        st.info("None of these photos can be opened.", icon=":material/broken_image:")
        return
    method = usual_attribution(view.model_key)
    rows = _rows_or_progress(view.model_key, photos, method)
    if rows is None:
        return
    st.dataframe(
        _columns(rows), column_config=_COLUMN_LOOKS, hide_index=True, row_height=72, key="answers-table"
    )
    count = len(groups.get(group, ()))
    shown = (
        f"The first {len(rows)} of {count:,} photos" if count > len(rows) + unread else f"{len(rows)} photos"
    )
    left = f" {unread} cannot be opened and are left out." if unread else ""
    st.caption(f"{shown}, {method.title} for each answer. Click the head of a column to sort by it.{left}")
    st.download_button(
        "CSV",
        lambda: answers_csv(rows),
        file_name=file_name("answers", view.model_key, group) + ".csv",
        mime="text/csv",
        key="answers-csv",
        on_click="ignore",
        icon=":material/table:",
        help="Every photo with its answer and the probability of every class.",
    )


def answers_csv(rows: Sequence[Row]) -> str:
    """The table as a file: photo, answer, and the probability of every class."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["photo", "answer", *rows[0].answer.class_names])
    for row in rows:
        answer = row.answer
        probabilities = [f"{float(value):.6g}" for value in answer.probabilities]
        lines.writerow([row.view.photo.title, answer.class_names[answer.best], *probabilities])
    return text.getvalue()


def _data_groups() -> Mapping[str, Sequence[str]]:
    """The folders of the data set with the names of their photos."""
    folder = paths.data_folder()
    try:
        return {} if folder is None else data_groups(folder)
    except OSError:
        return {}  # the browser of the data set says so


def _photos_of(group: str, groups: Mapping[str, Sequence[str]], model_key: str) -> list[Photo]:
    """Those of the sidebar, or the first ones of a folder of the data set."""
    if group not in groups:
        return list(all_photos(model_key).values())[:MOST_PHOTOS]
    photos = (data_photo(f"{group}/{name}") for name in groups[group][:MOST_PHOTOS])
    return [photo for photo in photos if photo is not None]


def _readable(photos: Sequence[Photo]) -> tuple[list[Photo], int]:
    """The photos that can be opened, and how many cannot."""
    found = []
    for photo in photos:
        with suppress(ConvscopeError, OSError):
            photo.image()
            found.append(photo)
    return found, len(photos) - len(found)


def _rows_or_progress(model_key: str, photos: Sequence[Photo], method: Analysis) -> list[Row] | None:
    views = [View(model_key, photo) for photo in photos]
    calls = [
        Call(analysis=analysis, request=request_about(view, head=HEAD), picture=view.photo.path)
        for view in views
        for analysis in (PREDICTION, method)
    ]
    found = row_of_results(calls, slot="answers", doing=f"Asking about {len(photos)} photos")
    return None if found is None else _rows(views, found)


def _rows(views: Sequence[View], found: Sequence[Any]) -> list[Row]:
    return [
        Row(view=view, answer=prediction.heads[HEAD], attribution=attribution)
        for view, prediction, attribution in zip(views, found[0::2], found[1::2], strict=True)
    ]


_COLUMN_LOOKS = {
    "Photo": st.column_config.ImageColumn(width="small"),
    "Heat map": st.column_config.ImageColumn(width="small"),
    "Probability": st.column_config.ProgressColumn(min_value=0.0, max_value=1.0, format="percent"),
}


def _columns(rows: Sequence[Row]) -> Mapping[str, Sequence[object]]:
    return {
        "Photo": [data_uri(row.view.photo.thumbnail(THUMBNAIL_PX), "jpeg") for row in rows],
        "Heat map": [_heat_map(row) for row in rows],
        "Name": [row.view.photo.title for row in rows],
        "Answer": [headline(row.answer) for row in rows],
        "Probability": [
            None if row.answer.kind == "regression" else float(row.answer.probabilities[row.answer.best])
            for row in rows
        ],
    }


def _heat_map(row: Row) -> str:
    scale = scale_of(row.attribution, row.answer.class_names).faded(evidence_strength(row.answer))
    return data_uri(
        jpeg(squared(attribution_pixels(row.view, row.attribution, scale=scale), THUMBNAIL_PX)), "jpeg"
    )
