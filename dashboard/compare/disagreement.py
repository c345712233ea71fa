"""Where two networks disagree over a data set: counts, and the pictures, each of which opens everywhere."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core.evaluation.class_matching import matched_classes
from cnn_core.evaluation.disagreement import Disagreement, disagreement
from cnn_core.evaluation.folder_evaluation import (
    FolderRequest,
    labelled,
    not_evaluable,
    pictures_of,
)
from dashboard.figures.files.page_png import arrays_npz
from dashboard.run_setup.folder_split import choose_split
from dashboard.session.resources import explorer
from dashboard.widgets.evaluation_pictures import (
    choose_photo,
    missing_html,
    set_picture,
    sure,
    tile_or_reason,
)
from dashboard.widgets.folder_answers import answers_or_progress
from dashboard.widgets.inputs import pager
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.set_figures import pictures_text
from dashboard.widgets.style import photo_buttons_style, theme

if TYPE_CHECKING:
    from cnn_core.evaluation.predictions import Predictions
    from dashboard.compare.sides import Side
    from dashboard.run_setup.folder_split import FolderSplit

COLUMNS, PER_PAGE = 4, 12
TITLES = {
    "both": "Both right",
    "first": "Only A right",
    "second": "Only B right",
    "neither": "Neither right",
}
ONE_NETWORK = "Both sides are the same network, which cannot disagree with itself. Choose another one for B."
P_HELP = (
    "How often chance alone would make the two numbers so unequal, if both networks were equally good "
    "(exact McNemar test)."
)


def draw_disagreement(mine: Side, other: Side) -> None:
    """Name a data set, wait for both networks, see where their answers differ."""
    if mine.view.model_key == other.view.model_key:
        st.info(ONE_NETWORK, icon=":material/info:")
        return
    for side in (mine, other):
        reason = not_evaluable(explorer().heads(side.view.model_key)[side.head])
        if reason is not None:
            st.info(f"{side.name}: {reason}", icon=":material/info:")
            return
    chosen = choose_split()
    if chosen is None:
        return
    found = [_predictions_or_progress(side, chosen) for side in (mine, other)]
    if found[0] is None or found[1] is None:
        return
    pair = disagreement(found[0], found[1])
    if not pair.paths:
        st.info("No picture has a class that both networks know.", icon=":material/info:")
        return
    _draw_counts(pair)
    _draw_pictures(pair, mine)


def _predictions_or_progress(side: Side, chosen: FolderSplit) -> Predictions | None:
    head = explorer().heads(side.view.model_key)[side.head]
    class_of = matched_classes(chosen.files.counts(), head.class_names, head.name)
    if not class_of:
        st.info(
            f"{side.name}: no folder is called like a class of {escape_markdown(side.title)}. "
            "Choose other data, or name the "
            "folders like the classes.",
            icon=":material/info:",
        )
        return None
    request = FolderRequest(
        model_key=side.view.model_key,
        files=pictures_of(chosen.files, class_of),
        class_of=class_of,
        head=side.head,
    )
    count = pictures_text(len(request.files.paths))
    answers = answers_or_progress(request, slot=f"disagree-{side.name}", doing=f"{side.name} answers {count}")
    return None if answers is None else labelled(explorer(), request, answers)


def _draw_counts(pair: Disagreement) -> None:
    counts, total = pair.counts(), len(pair.paths)
    columns = st.columns(4)
    for column, (name, title) in zip(columns, TITLES.items(), strict=True):
        column.metric(title, f"{counts[name]:,}", help=P_HELP if name in ("first", "second") else None)
    st.markdown(
        f"{len(pair.differing):,} of {pictures_text(total)} got two answers. {verdict(pair)}", help=P_HELP
    )


def verdict(pair: Disagreement) -> str:
    """Which network is the better one here, as far as chance lets it be told."""
    counts, p = pair.counts(), pair.p_value()
    if counts["first"] + counts["second"] == 0:
        return "Neither is right where the other is wrong."
    if p >= 0.05:
        return f"Which one is better cannot be told from these pictures (p = {p:.2g})."
    better = "A" if counts["first"] > counts["second"] else "B"
    return f"{better} is the better one on these pictures (p = {p:.2g})."


def _draw_pictures(pair: Disagreement, mine: Side) -> None:
    differing = pair.differing
    if not len(differing):
        return
    place_of_tiles = st.container()
    shown = differing[pager(len(differing), PER_PAGE, key="disagree_page")]
    tiles: dict[str, bytes] = {}
    columns = place_of_tiles.columns(COLUMNS, gap="small")
    for place, index in enumerate(shown.tolist()):
        key, photo = f"photo-differ-{place}", set_picture(pair.paths[index])
        tile = tile_or_reason(photo)
        with columns[place % COLUMNS]:
            if isinstance(tile, str):
                st.html(missing_html(tile, photo.title))
            else:
                tiles[key] = tile
                st.button(
                    escape_markdown(photo.title),
                    key=key,
                    help=f"{escape_markdown(photo.title)}: see in Heat maps what A looks at",
                    on_click=choose_photo,
                    args=(photo, mine.view.model_key),
                    width="stretch",
                )
            st.caption(words(pair, index))
    photo_buttons_style(tiles, None, theme())
    st.download_button(
        "CSV",
        lambda: answers_csv(pair),
        file_name="disagreement.csv",
        mime="text/csv",
        key="disagree-csv",
        on_click="ignore",
        icon=":material/table:",
        help="Every picture with both answers, those that differ first.",
    )
    st.download_button(
        "NPZ",
        lambda: arrays_npz(sure=pair.sure, right=pair.right, differing=differing, paths=np.array(pair.paths)),
        file_name="disagreement.npz",
        key="disagree-npz",
        on_click="ignore",
        icon=":material/data_array:",
        help="The raw arrays, for NumPy.",
    )


def words(pair: Disagreement, index: int) -> str:
    """The truth and both answers of a picture, as Markdown; a tick marks the right one."""
    told = [f"**{escape_markdown(pair.truth[index])}**"]
    for side, name in enumerate("AB"):
        mark = " :material/check:" if pair.right[side, index] else ""
        answer = escape_markdown(pair.answers[side][index])
        told.append(f"{name}: {answer} {sure(float(pair.sure[side, index]))}{mark}")
    return "  \n".join(told)


def answers_csv(pair: Disagreement) -> str:
    """A line per picture, those that differ first."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["picture", "class", "a", "a_probability", "b", "b_probability"])
    differing = pair.differing.tolist()
    rest = sorted(set(range(len(pair.paths))) - set(differing))
    for index in (*differing, *rest):
        answers = [(pair.answers[side][index], f"{pair.sure[side, index]:.6g}") for side in (0, 1)]
        lines.writerow([pair.paths[index], pair.truth[index], *answers[0], *answers[1]])
    return text.getvalue()
