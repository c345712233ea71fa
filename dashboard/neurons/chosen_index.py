"""The data set that the page looks through: its index, or the progress of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from cnn_core import paths
from cnn_core.indexed_model import indexed_model
from cnn_core.neurons.columns import DamagedFileError
from cnn_core.neurons.indexing import index_folder, index_photos, known_index
from cnn_core.neurons.photo_index import PhotoIndex
from cnn_core.neurons.photo_set import PhotoSet, photo_set
from dashboard.run_setup.folder_offers import folder_times
from dashboard.run_setup.folder_split import choose_split
from dashboard.session.resources import explorer
from dashboard.widgets.evaluation_pictures import DAMAGED
from dashboard.widgets.job_view import Task, result_or_progress
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.set_figures import pictures_text

if TYPE_CHECKING:
    from pathlib import Path

    from cnn_core.progress import Progress

SLOT = "neurons-index"
NOTHING_NAMED = (
    "**No photos to look through yet.** Name a folder of this computer with photos, best in one folder per "
    "class: every photo then goes through the network once, and the page shows what makes each neuron fire."
)
MOST_NAMED = 5


def choose_index(model_key: str) -> PhotoIndex | None:
    """The index of a network over photos that the person names; None, with the reason, while there is none.

    Raises:
        DataError: a folder that cannot be read, or none of its photos.
    """
    chosen = choose_split(NOTHING_NAMED)
    if chosen is None:
        return None
    folder = chosen.folders[0]
    if len(chosen.folders) > 1:
        st.info("Choose one split: a data set is looked through split by split.", icon=":material/info:")
        return None
    photos = _photos(folder, folder_times((str(folder),)))
    fingerprint = explorer().fingerprint(model_key)

    def work(progress: Progress) -> PhotoIndex:
        return index_photos(indexed_model(explorer(), model_key), photos, paths.cache_folder(), progress)

    index = result_or_progress(
        Task(
            slot=SLOT,
            key=str(index_folder(paths.cache_folder(), fingerprint, photos)),
            doing=f"Sending {pictures_text(len(photos.files))} through the network, once",
            work=work,
            result=PhotoIndex,
            known=lambda: _known(fingerprint, photos),
            preview=lambda _: st.caption(
                "What is done is kept: whoever stops and comes back goes on from there. In a terminal: "
                f"`python -m cnn_core index {escape_markdown(model_key)} FOLDER`"
            ),
        )
    )
    if index is not None:
        _draw_left_out(index)
    return index


def _known(fingerprint: str, photos: PhotoSet) -> PhotoIndex | None:
    try:
        return known_index(paths.cache_folder(), fingerprint, photos)
    except DamagedFileError:
        return None  # made anew


def _draw_left_out(index: PhotoIndex) -> None:
    left_out = list(index.unread)
    if left_out:
        named = ", ".join(escape_markdown(path) for path in left_out[:MOST_NAMED])
        more = f" and {len(left_out) - MOST_NAMED:,} more" if len(left_out) > MOST_NAMED else ""
        st.caption(f":material/broken_image: {DAMAGED}, and is left out: {named}{more}.")
    if empty := index.metadata["empty_classes"]:
        st.caption(f"Without a photo: {', '.join(map(escape_markdown, empty))}.")


@st.cache_resource(show_spinner=False, max_entries=4)
def _photos(folder: Path, times: object) -> PhotoSet:
    """The photos of a folder, listed anew when it changes."""
    return photo_set(folder)
