"""Data sets that need no folder of one's own, as data to train on: fetched or drawn when they are wanted."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from cnn_core.datasets.known_sets import KNOWN_SETS, MNIST, KnownSet, known_set, made
from cnn_core.datasets.recent_folders import downloads
from cnn_core.progress import Progress
from dashboard.session import address
from dashboard.session.resources import data_jobs
from dashboard.session.state import session
from dashboard.widgets.inputs import choice
from dashboard.widgets.job_view import Task, result_or_progress

KNOWN = "known"
TITLES = {known.key: known.title for known in KNOWN_SETS}


def chosen_set() -> KnownSet:
    """The set of this session, whether it is there or not; without a choice that of the address."""
    held = session().data
    if held.known is None:
        held.known = address.current(KNOWN, address.name_in(TITLES), KNOWN_SETS[0].key)
    return known_set(held.known)


def made_folder() -> str:
    """The folder of the chosen set, or nothing while it is not made."""
    folder = chosen_set().folder(downloads())
    return str(folder) if folder.is_dir() else ""


def take_known_set(key: str) -> None:
    """Choose a set, in a callback; it need not be there."""
    st.session_state[KNOWN] = session().data.known = key


def draw_known_sets(use: Callable[[str], None]) -> None:
    """Choose a set; say that it is there, how far it is, or offer to make it.

    Args:
        use: makes another set the data of this session; in a callback.
    """
    st.session_state.setdefault(KNOWN, chosen_set().key)
    session().data.known = choice("Data set", TITLES, key=KNOWN, on_change=_use_chosen, args=(use,))
    known, requested = chosen_set(), session().data.requested_sets
    file = ""
    if known.key == MNIST and not made_folder():
        file = st.text_input(
            "A file of this computer",
            key="mnist-file",
            placeholder="/home/me/mnist.npz",
            help="Keras' mnist.npz, read instead of a download; leave it empty to have it downloaded.",
            persist_state="session",
            on_change=requested.discard,
            args=(known.key,),
        ).strip()
    if known.key in requested and not made_folder():
        result_or_progress(
            Task(
                slot="download",
                key=job_key(known, file),
                doing=f"{known.title} is being made ready",
                work=functools.partial(_make, known.key, downloads(), file),
                result=str,
                jobs=data_jobs(),
                stays=True,
            )
        )
    if made_folder():
        st.markdown(f"{known.summary} It is ready.")
    elif known.key not in requested:
        st.markdown(f"{known.summary} It is kept in the cache folder of Convscope.")
        st.button(
            "Read" if file else known.verb,
            key="download",
            icon=":material/download:" if known.verb == "Download" else ":material/draw:",
            type="primary",
            on_click=requested.add,
            args=(known.key,),
        )


def _use_chosen(use: Callable[[str], None]) -> None:
    use(st.session_state[KNOWN] or chosen_set().key)


def job_key(known: KnownSet, file: str = "") -> str:
    """What the making of a set, perhaps from a file, is called among all jobs."""
    return f"make-{known.key}-{file}"


def _make(key: str, target: Path, file: str, progress: Progress) -> str:
    named = Path(file).expanduser() if file else None
    return str(made(known_set(key), target, progress, file=named))
