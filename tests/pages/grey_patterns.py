"""Patterns without the climb, as tests of the film need them."""

from __future__ import annotations

import numpy as np

from cnn_core.results import FilterPatterns


def patterns_of(layer_name: str, channel: int, *, value: int, score: float) -> FilterPatterns:
    """One even grey pattern."""
    return FilterPatterns(
        layer_name=layer_name,
        channels=np.int64([channel]),
        patterns=np.full((1, 16, 16, 3), value, np.uint8),
        scores=np.float32([score]),
        history=np.zeros((2, 1), np.float32),
        z_scores=np.zeros(1, np.float32),
        has_z_scores=False,
        exceeds_dataset_maximum=np.zeros(1, bool),
        active=np.ones(1, bool),
        growth=np.zeros((0, 1, 16, 16, 3), np.uint8),
        growth_steps=np.zeros(0, np.int64),
    )
