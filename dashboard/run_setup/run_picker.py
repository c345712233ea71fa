"""One chosen run, shared by the sections that look at one: the chooser, its state, its buttons."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from cnn_core.runs.stop_request import StopState
from dashboard.session import address
from dashboard.session.resources import runs
from dashboard.session.state import session
from dashboard.widgets.errors import deferred_errors, show_deferred_errors
from dashboard.widgets.inputs import select
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.run_names import listed_names
from dashboard.widgets.run_words import STOP_HELP

if TYPE_CHECKING:
    from cnn_core.runs.run_view import RunView

NO_RUNS = (
    "**No run yet.** Choose photos in Data and a preset in Settings, then start. A run goes on with the "
    "browser closed; everything of it is found here again."
)
FINISH = "Finish with the epochs so far"
STOPS: tuple[tuple[str, str, StopState], ...] = (
    ("Pause", "pause", "paused"),
    ("Cancel", "close", "cancelled"),
)


def go_to(section: str, run: str | None = None) -> None:
    """Open a section, of a run if named; in a callback."""
    st.session_state["section"] = section
    if run is not None:
        st.session_state["run"] = run


def choose_run(known: Sequence[RunView]) -> RunView | None:
    """The picker of runs, newest first; without any, what to do."""
    held = session()
    if held.removed_run is not None:
        st.toast(f"Removed: {escape_markdown(held.removed_run)}", icon=":material/delete:")
        held.removed_run = None
    if not known:
        st.info(NO_RUNS, icon=":material/model_training:")
        st.page_link(
            "pages/train.py",
            label="Choose settings",
            icon=":material/tune:",
            query_params={"section": "settings"},
        )
        return None
    by_key = {run.key: run for run in known}
    names = listed_names(known)
    titles = {key: names[key] for key in by_key}
    return by_key[select("Run", titles, key="run", help="Progress and Evaluation look at this one.")]


def draw_buttons(run: RunView) -> None:
    """What can be done with a run now."""
    with st.container(horizontal=True, vertical_alignment="center", key="run-buttons"):
        if run.is_alive:
            for label, icon, state in STOPS:
                action = functools.partial(runs().stop, run.key, state)
                _button(label, icon, action, disabled=run.stopping == state, help_text=STOP_HELP)
        elif run.can_resume:
            resume = functools.partial(runs().resume, run.key)
            _button("Resume", "play_arrow", resume, primary=True, help_text=resume_help(run))
            if run.can_finish:
                finish = functools.partial(runs().finish_now, run.key)
                _button(FINISH, "flag", finish, help_text=finish_help(run))
        if not run.is_alive:
            _button("Change settings", "tune", functools.partial(_settings_of, run))
        if run.model_key is not None:
            st.page_link(
                "pages/activations.py",
                label="Open in Activations",
                icon=":material/arrow_outward:",
                query_params={"model": run.model_key},
            )
        if not run.is_alive:
            _remove(run)
    show_deferred_errors("run")


def _button(
    label: str,
    icon: str,
    action: Callable[[], None],
    *,
    primary: bool = False,
    disabled: bool = False,
    help_text: str | None = None,
) -> None:
    st.button(
        label,
        key=f"run-{label.lower().replace(' ', '-')}",
        icon=f":material/{icon}:",
        type="primary" if primary else "secondary",
        on_click=_do,
        args=(action,),
        disabled=disabled,
        help=help_text,
    )


def resume_help(run: RunView) -> str:
    """Where a run goes on that has stopped, and what of it is lost."""
    if run.kept_steps:
        return f"Goes on after step {run.kept_steps} of epoch {len(run.history) + 1}. Nothing is lost."
    return f"Goes on with the first step of epoch {len(run.history) + 1}."


def finish_help(run: RunView) -> str:
    """What becomes the network where no further epoch is trained."""
    lost = f" The {run.kept_steps} steps of the next one are discarded." if run.kept_steps else ""
    return f"Trains no more: makes the network of the {len(run.history)} finished epochs.{lost}"


def _do(action: Callable[[], None]) -> None:
    with deferred_errors("run"):
        action()


def _settings_of(run: RunView) -> None:
    """Open Settings with those of a run, and its data."""
    from dashboard.run_setup.data_choice import take_source
    from dashboard.run_setup.settings_choice import take_config

    take_config(run.config)
    take_source(run.source)
    go_to("settings")


def _remove(run: RunView) -> None:
    # The key makes it another one, and closed, for the run that is shown after this one was removed.
    with st.popover("Remove", icon=":material/delete:", key=f"remove-{run.key}"):
        what = "its curves and its network" if run.model_key is not None else "its curves"
        st.markdown(f"Remove **{escape_markdown(run.title)}** with {what}? This cannot be undone.")
        st.button(
            "Remove for good",
            key="run-remove",
            icon=":material/delete_forever:",
            on_click=_do,
            args=(functools.partial(_forget, run.key, run.title),),
        )


def _forget(key: str, title: str) -> None:
    runs().remove(key)
    session().removed_run = title
    st.session_state.pop("run", None)
    address.keep({"run": None})
