"""Train: from a folder of photos to a network of one's own."""

from __future__ import annotations

import streamlit as st

from dashboard.session import address
from dashboard.session.view import View, chosen_or_none
from dashboard.widgets.page_fragment import page_fragment

SECTIONS = {
    "data": ":material/photo_library: Data",
    "augmentation": ":material/auto_awesome_motion: Augmentation",
    "settings": ":material/tune: Settings",
    "progress": ":material/monitoring: Progress",
    "evaluation": ":material/fact_check: Evaluation",
    "compare": ":material/compare_arrows: Compare",
}


def follow_launch() -> None:
    """Draw the sidebar anew too when a run was started here, or another preset chosen."""
    if st.session_state.pop("_sidebar_behind", False):
        st.rerun()


def choose_section() -> str:
    """The row of sections; the chosen one is in the address."""
    address.restore("section", address.titled(SECTIONS), "data")
    chosen = st.segmented_control(
        "Section",
        list(SECTIONS),
        format_func=SECTIONS.__getitem__,
        key="section",
        required=True,
        label_visibility="collapsed",
    )
    section = "data" if chosen is None else str(chosen)
    address.keep({"section": section})
    return section


def draw_data() -> None:
    """What there is to train on."""
    from dashboard.training import data as train_data

    train_data.draw_data()


def draw_augmentation(view: View | None) -> None:
    """What happens to a training picture."""
    from dashboard.training import augmentation as train_augmentation

    train_augmentation.draw_augmentation(view)


def draw_settings() -> None:
    """How a network is trained, and the start."""
    from dashboard.training import settings as train_settings

    train_settings.draw_settings()


def draw_comparison() -> None:
    """Runs side by side."""
    from dashboard.run_comparison import comparison as run_comparison
    from dashboard.session.resources import runs

    run_comparison.draw_comparison(runs().all())


def draw_run(section: str, view: View | None) -> None:
    """One run: on its way, and what came of it."""
    from dashboard.run_setup import run_picker as train_run
    from dashboard.session.resources import runs
    from dashboard.training import progress as train_progress

    if section == "progress":
        train_progress.draw_progress()
        return
    run = train_run.choose_run(runs().all())
    if run is None:
        return
    if view is None:
        st.info("Add a photo in the sidebar, and choose a network.", icon=":material/add_a_photo:")
    else:
        from dashboard.evaluation.evaluation import draw_evaluation

        draw_evaluation(view, run)


@page_fragment
def body(view: View | None) -> None:
    """Choose a section and draw it; what a section needs is imported when it is drawn."""
    follow_launch()
    section = choose_section()
    if section == "data":
        draw_data()
    elif section == "augmentation":
        draw_augmentation(view)
    elif section == "settings":
        draw_settings()
    elif section == "compare":
        draw_comparison()
    else:
        draw_run(section, view)


st.title("Train")
body(chosen_or_none(__file__))
