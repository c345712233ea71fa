"""Patterns that are known, or else the climb to them with its progress."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import streamlit as st

from cnn_core.results import FilterPatterns
from dashboard.jobs import Job, job_progress, jobs
from dashboard.resources import explorer

if TYPE_CHECKING:
    from cnn_core.layer_info import LayerInfo
    from cnn_core.patterns import PatternParams
    from dashboard.sidebar import View


def patterns_or_progress(
    view: View, info: LayerInfo, params: PatternParams, *, channel: int | None = None
) -> FilterPatterns | None:
    """The patterns of a layer or of one channel; new ones are climbed to, and the progress is drawn."""
    channels = None if channel is None else [channel]
    known = explorer().known_filter_patterns(view.model_key, info.name, channels=channels, params=params)
    if known is not None:
        return known
    key = json.dumps([view.model_key, info.name, channels, asdict(params)])
    job = jobs().find(key)
    if job is not None and isinstance(job.result, FilterPatterns):
        return job.result  # where results cannot be kept
    slot = "layer" if channel is None else "channel"
    if job is not None and job.finished.is_set() and (job.error is not None or job.cancelled.is_set()):
        _draw_stopped(job, key, slot)
        return None
    _only_one_at_a_time(key, slot)

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
    job_progress(jobs().start(key, work), what, slot)
    return None


def _only_one_at_a_time(key: str, slot: str) -> None:
    """Stop what this session waited for before: its answer is no longer wanted."""
    name = f"_job_{slot}"
    before = st.session_state.get(name)
    if before is not None and before != key:
        job = jobs().find(before)
        if job is not None:
            job.cancelled.set()
    st.session_state[name] = key


def _draw_stopped(job: Job, key: str, slot: str) -> None:
    if job.error is not None:
        st.error(job.error, icon=":material/error:")
    else:
        st.info(
            "Stopped. Nothing is lost; what was found before is still there.", icon=":material/pause_circle:"
        )
    st.button(
        "Start again", key=f"{slot}-again", on_click=jobs().forget, args=(key,), icon=":material/replay:"
    )
