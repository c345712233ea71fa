"""Images found by gradient ascent: what a channel looks for."""

from cnn_core.feature_visualization.filter_patterns import (
    FILTER_PATTERNS,
    filter_patterns,
    strongest_patterns,
)
from cnn_core.feature_visualization.layer_ascent import FilterPatternSettings
from cnn_core.feature_visualization.strongest import STRONGEST_PATTERNS

__all__ = [
    "FILTER_PATTERNS",
    "STRONGEST_PATTERNS",
    "FilterPatternSettings",
    "filter_patterns",
    "strongest_patterns",
]
