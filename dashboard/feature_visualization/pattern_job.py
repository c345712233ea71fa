"""Patterns that are known, or else the progress of the gradient ascent to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnn_core.analysis import Request
from cnn_core.feature_visualization import FILTER_PATTERNS
from cnn_core.results import FilterPatterns
from dashboard.session.resources import explorer
from dashboard.widgets.job_view import Task, result_or_progress
from dashboard.widgets.markdown import literal

if TYPE_CHECKING:
    from cnn_core.feature_visualization import FilterPatternSettings
    from cnn_core.probe.layer_info import LayerInfo
    from dashboard.session.view import View


def patterns_or_progress(
    view: View, info: LayerInfo, params: FilterPatternSettings, *, channel: int | None = None
) -> FilterPatterns | None:
    """The patterns of a layer or of one channel; new ones are found beside the page, their progress drawn."""
    request = Request(
        model_key=view.model_key, layer_name=info.name, channels=None if channel is None else (channel,)
    )
    return result_or_progress(
        Task(
            slot="layer" if channel is None else "channel",
            key=explorer().result_key(FILTER_PATTERNS, request, params),
            doing=literal(f"Climbing to the patterns of {info.title}")
            if channel is None
            else f"Following channel {channel}",
            work=lambda progress: explorer().run(FILTER_PATTERNS, request, params, progress),
            result=FilterPatterns,
            known=lambda: explorer().known(FILTER_PATTERNS, request, params),
        )
    )
