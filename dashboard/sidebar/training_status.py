"""Training in the sidebar of every page: the run that is on its way, or a way to start one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from cnn_core.runs.run_summary import epoch_text, fraction_done, last_accuracy
from dashboard.figures.colours import percent
from dashboard.run_setup.settings_choice import (
    chosen_config,
    chosen_preset,
    start_from_preset,
)
from dashboard.session.resources import runs
from dashboard.session.state import session
from dashboard.session.warm_up import prepare_training
from dashboard.widgets.errors import deferred_errors, show_deferred_errors, show_errors
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.run_words import STOP_HELP, run_on_its_way, state_word, time_left

if TYPE_CHECKING:
    from cnn_core.runs.run_view import RunView

REDRAWN_SECONDS = 3.0
PAGE = "pages/train.py"


def sidebar_training() -> None:
    """The state of the run on its way, redrawn by itself, or a preset and Start."""
    st.markdown("**Training**")
    with show_errors():
        run = run_on_its_way()
        redrawn = st.fragment(_draw, run_every=None if run is None else REDRAWN_SECONDS)
        redrawn(None if run is None else run.key)


def _draw(key: str | None) -> None:
    _follow()
    with show_errors():
        run = run_on_its_way()
        if (None if run is None else run.key) != key:
            st.rerun()  # it has ended, or another one has begun: networks and pages follow
        if run is None:
            _draw_launcher()
        else:
            _draw_run(run)
        show_deferred_errors("sidebar")


def _follow() -> None:
    """Go where the button led: to the progress of a run that was started, or draw a new preset everywhere."""
    held = session()
    key, held.launched_run = held.launched_run, None
    if key is not None:
        st.switch_page(PAGE, query_params={"section": "progress", "run": key})
    if held.sidebar_behind:
        held.sidebar_behind = False
        st.rerun()


def _draw_run(run: RunView) -> None:
    accuracy = last_accuracy(run)
    known = "" if accuracy is None else f" · {percent(accuracy)} right"
    st.progress(
        fraction_done(run), text=f"{escape_markdown(run.title, longest=28)}, {percent(fraction_done(run))}"
    )
    left = time_left(run)
    words = f"{epoch_text(run).partition(' · ')[0]} · {left}" if left else state_word(run).capitalize()
    st.caption(f"{words}{known}")
    with st.container(horizontal=True, gap="small"):
        for label, icon, state in (("Pause", "pause", "paused"), ("Cancel", "close", "cancelled")):
            st.button(
                label,
                key=f"sidebar-{label.lower()}",
                icon=f":material/{icon}:",
                on_click=_stop,
                args=(run.key, state),
                disabled=run.stopping == state,
                help=STOP_HELP,
            )
    st.page_link(
        PAGE,
        label="Watch it",
        icon=":material/monitoring:",
        query_params={"section": "progress", "run": run.key},
    )


def _stop(key: str, state: str) -> None:
    with deferred_errors("sidebar"):
        runs().stop(key, "paused" if state == "paused" else "cancelled")


def _draw_launcher() -> None:
    from cnn_core.datasets.source import source_name
    from cnn_core.training.settings.presets import PRESETS
    from dashboard.run_setup.data_choice import can_train, chosen_source

    source, ready = None, False
    with show_errors():
        source = chosen_source()
        if source is not None:
            titles = {preset.key: preset.title for preset in PRESETS}
            st.session_state["sidebar-preset"] = chosen_preset().key
            st.selectbox(
                "Train a network",
                list(titles),
                format_func=titles.__getitem__,
                key="sidebar-preset",
                on_change=_choose_preset,
                help="The same preset and settings as on the page Train, which changes them.",
            )
            ready = can_train(source)
            name = escape_markdown(source_name(source), longest=40)
            st.caption(f"On {name}" if ready else f"{name} cannot be trained on as it is; Data says why.")
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if ready:
            prepare_training()
            st.button("Start", key="sidebar-start", icon=":material/play_arrow:", on_click=_start)
        section, label = ("settings", "Settings") if ready else ("data", "Choose photos")
        st.page_link(PAGE, label=label, icon=":material/tune:", query_params={"section": section})


def _choose_preset() -> None:
    st.session_state["preset"] = st.session_state["sidebar-preset"]
    start_from_preset()


def _start() -> None:
    from cnn_core.training.settings.batch_rule import check_batch
    from dashboard.run_setup.data_choice import chosen_source, splits_of
    from dashboard.run_setup.scan_job import left_of

    with deferred_errors("sidebar"):
        source = chosen_source()
        if source is not None:
            config = chosen_config()
            check_batch(len(left_of(source, splits_of(source)).training.paths), config.batch_size)
            session().launched_run = runs().launch(config, source)
