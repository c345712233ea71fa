"""Images found by gradient ascent: what a channel looks for."""

from cnn_core.feature_visualization.filter_patterns import (
    FILTER_PATTERNS,
    FilterPatternSettings,
    filter_patterns,
    strongest_patterns,
)

__all__ = [
    "FILTER_PATTERNS",
    "FilterPatternSettings",
    "filter_patterns",
    "strongest_patterns",
]
