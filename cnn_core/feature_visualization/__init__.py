"""Pictures found by gradient ascent: what a channel looks for."""

from cnn_core.feature_visualization.filter_patterns import (
    filter_patterns,
    first_layer_kernels,
    strongest_patterns,
)
from cnn_core.feature_visualization.settings import PatternParams

__all__ = ["PatternParams", "filter_patterns", "first_layer_kernels", "strongest_patterns"]
