"""Patterns that are known, or else the climb to them with its progress."""

from __future__ import annotations

import functools
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import streamlit as st

from cnn_core.results import FilterPatterns
from dashboard.session.jobs import jobs
from dashboard.session.resources import explorer, session_name
from dashboard.widgets.job_view import job_progress
from dashboard.widgets.markdown import literal

if TYPE_CHECKING:
    from cnn_core.feature_visualization import PatternParams
    from cnn_core.probe.layer_info import LayerInfo
    from dashboard.session.view import View


def patterns_or_progress(
    view: View, info: LayerInfo, params: PatternParams, *, channel: int | None = None
) -> FilterPatterns | None:
    """The patterns of a layer or of one channel; new ones are climbed to, and the progress is drawn."""
    channels = None if channel is None else [channel]
    fingerprint = explorer().model(view.model_key).fingerprint
    key = json.dumps([fingerprint, info.name, channels, asdict(params)])
    slot = "layer" if channel is None else "channel"
    _leave_what_is_no_longer_wanted(key, slot)
    known = explorer().known_filter_patterns(view.model_key, info.name, channels=channels, params=params)
    if known is not None:
        return known
    job = jobs().find(key)
    if job is not None and isinstance(job.result, FilterPatterns):
        return job.result  # where results cannot be kept
    if job is not None and job.finished.is_set() and job.error is not None:
        st.error(literal(job.error, longest=None), icon=":material/error:")
        _draw_start_again(key, slot)
        return None
    if st.session_state.get(_stopped(slot)) == key:
        st.info(
            "Stopped. What was found before is kept: set the sliders back to see it.",
            icon=":material/pause_circle:",
        )
        _draw_start_again(key, slot)
        return None

    def work(progress: Any, cancelled: Any) -> object:
        return explorer().filter_patterns(
            view.model_key,
            info.name,
            channels=channels,
            params=params,
            progress=progress,
            cancelled=cancelled,
        )

    what = f"Climbing to the patterns of {info.title}" if channel is None else f"Following channel {channel}"
    job = jobs().start(key, work, session_name())
    job_progress(job, literal(what), slot, session_name(), functools.partial(_stop, key, slot))
    return None


def _stopped(slot: str) -> str:
    return f"_stopped_{slot}"


def _leave_what_is_no_longer_wanted(key: str, slot: str) -> None:
    """Wait no longer for what this session asked for before: here, or in a layer that is left."""
    if st.session_state.get(f"_job_{slot}") == key:
        return
    for place in ("layer", "channel") if slot == "layer" else (slot,):
        before = st.session_state.pop(f"_job_{place}", None)
        if before is not None:
            jobs().leave(before, session_name())
        st.session_state.pop(_stopped(place), None)
    st.session_state[f"_job_{slot}"] = key


def _stop(key: str, slot: str) -> None:
    """The person pressed Cancel; the work goes on if another session waits for it."""
    st.session_state[_stopped(slot)] = key
    jobs().leave(key, session_name())


def _start_again(key: str, slot: str) -> None:
    st.session_state.pop(_stopped(slot), None)
    jobs().forget(key)


def _draw_start_again(key: str, slot: str) -> None:
    st.button(
        "Start again", key=f"{slot}-again", on_click=_start_again, args=(key, slot), icon=":material/replay:"
    )
