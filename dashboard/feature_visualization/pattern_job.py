"""Patterns that are known, or else the progress of the gradient ascent to them."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from cnn_core.progress import Progress
from cnn_core.results import FilterPatterns
from dashboard.session.resources import explorer
from dashboard.widgets.job_view import Task, result_or_progress
from dashboard.widgets.markdown import literal

if TYPE_CHECKING:
    from cnn_core.feature_visualization import PatternParams
    from cnn_core.probe.layer_info import LayerInfo
    from dashboard.session.view import View


def patterns_or_progress(
    view: View, info: LayerInfo, params: PatternParams, *, channel: int | None = None
) -> FilterPatterns | None:
    """The patterns of a layer or of one channel; new ones are found beside the page, their progress drawn."""
    channels = None if channel is None else [channel]
    fingerprint = explorer().model(view.model_key).fingerprint

    def work(progress: Progress) -> object:
        return explorer().filter_patterns(
            view.model_key,
            info.name,
            channels=channels,
            params=params,
            progress=progress,
            cancelled=progress.cancelled,
        )

    return result_or_progress(
        Task(
            slot="layer" if channel is None else "channel",
            key=json.dumps([fingerprint, info.name, channels, asdict(params)]),
            doing=literal(f"Climbing to the patterns of {info.title}")
            if channel is None
            else f"Following channel {channel}",
            work=work,
            result=FilterPatterns,
            known=lambda: explorer().known_filter_patterns(
                view.model_key, info.name, channels=channels, params=params
            ),
        )
    )
