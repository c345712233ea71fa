"""Models of one's own in the sidebar: uploaded, described, downloaded and removed."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import streamlit as st

from cnn_core import paths
from cnn_core.errors import ModelError
from cnn_core.models.applications import APPLICATIONS, application_named
from cnn_core.models.card import run_and_epoch
from cnn_core.uploads.fetching import fetched
from cnn_core.uploads.uploads import MAX_UPLOAD_BYTES, UploadedModels
from dashboard.session.resources import data_jobs, explorer
from dashboard.session.state import session
from dashboard.sidebar.model_form import card_form, try_pixels
from dashboard.widgets.errors import deferred_errors, show_deferred_errors
from dashboard.widgets.job_view import Task, leave, result_or_progress
from dashboard.widgets.markdown import escape_markdown

if TYPE_CHECKING:
    from cnn_core.models.card import ModelCard
    from cnn_core.progress import Progress

SLOT = "model-upload"
UPLOAD_HELP = (
    "A `.keras` or `.h5` file of Keras 2 or 3. It is read apart from the dashboard, with limits; code in it "
    "is never run."
)
APPLICATION_HELP = (
    "Its weights come from where Keras publishes them, checked by their digest, and stay on this computer. A "
    "weight file of your own is taken above, with or without its classifier."
)


def uploaded_models() -> UploadedModels:
    """The models that were uploaded, of everybody or of this session."""
    return UploadedModels(paths.uploads_folder())


def is_hidden(key: str) -> bool:
    """Whether a model was uploaded by another session and is not for this one."""
    return paths.uploads_end_with_session() and key in set(uploaded_models().kept()) - session().own_models


def draw_upload() -> None:
    """Take a model in, and say how far its reading is; pages go on meanwhile."""
    held = session()
    made = st.expander("Add a model", icon=":material/upload:", key="add-model", on_change="rerun")
    if not made.open and held.model_file is None and held.application is None:
        return
    with made:
        file = st.file_uploader(
            "Keras model",
            type=["keras", "h5", "hdf5"],
            key=f"model-{held.model_turn}",
            max_upload_size=MAX_UPLOAD_BYTES // 2**20,
            help=UPLOAD_HELP,
        )
        if file is not None:
            held.model_file, held.model_turn = file, held.model_turn + 1
            held.application = None
            leave(SLOT)
            st.rerun()  # an empty uploader takes the next one
        _choose_application()
        _draw_reading()


def _choose_application() -> None:
    name = st.selectbox(
        "Network of keras.applications",
        [application.name for application in APPLICATIONS],
        index=None,
        key="application",
        format_func=lambda name: f"{name}, {application_named(name).megabytes:,} MB",
        placeholder="Or one trained on ImageNet",
        help=APPLICATION_HELP,
    )
    if name is not None:
        st.button(
            "Fetch",
            icon=":material/download:",
            key="fetch-application",
            on_click=_fetch_application,
            args=(name,),
        )


def _fetch_application(name: str) -> None:
    held = session()
    held.model_file, held.application = None, name
    held.model_turn += 1
    leave(SLOT)


def _draw_reading() -> None:
    held = session()
    file, application = held.model_file, held.application
    if file is None and application is None:
        return
    name = application or Path(str(getattr(file, "name", "model"))).name
    doing = "Reading" if application is None else "Fetching"
    key = result_or_progress(
        Task(
            slot=SLOT,
            key=f"{SLOT}-{held.name}-{held.model_turn}",
            doing=f"{doing} {escape_markdown(name, longest=40)}",
            work=functools.partial(_fetch, name) if file is None else functools.partial(_read, file, name),
            result=str,
            jobs=data_jobs(),
            stays=True,
        )
    )
    if key is not None:
        held.model_file, held.application, held.new_model = None, None, key
        held.own_models.add(key)
        leave(SLOT)
        st.rerun()


def _read(file: BinaryIO, name: str, progress: Progress) -> str:
    progress(0.0)
    file.seek(0)
    return uploaded_models().add(file, name, private=paths.uploads_end_with_session())


def _fetch(name: str, progress: Progress) -> str:
    folder = paths.cache_folder() / "weights"
    return fetched(uploaded_models(), name, folder, progress, private=paths.uploads_end_with_session())


def draw_description(card: ModelCard) -> None:
    """What the card of an uploaded model says, to be put right, and what can be done with the model."""
    key = run_and_epoch(card.key)[0]
    if key not in uploaded_models().kept():
        return
    with st.expander("Describe this model", icon=":material/edit_note:"):
        with deferred_errors("describe"):
            changes = card_form(key, card)
            if changes is not None:
                _describe(key, changes)
                st.rerun()
        show_deferred_errors("describe")
        if st.button("See and try the pixels", icon=":material/science:", width="stretch"):
            try_pixels(key)
        st.button(
            "Remove this model", icon=":material/delete:", on_click=_remove, args=(key,), width="stretch"
        )


def _describe(key: str, changes: dict[str, Any]) -> None:
    before = explorer().card(key).metadata
    uploaded_models().describe(key, changes)
    try:
        explorer().model(key)  # refuses a wrong number of classes
    except ModelError:
        uploaded_models().describe(key, {name: before[name] for name in changes if name in before})
        raise


def _remove(key: str) -> None:
    with deferred_errors("describe"):
        uploaded_models().remove(key)
        session().own_models.discard(key)
