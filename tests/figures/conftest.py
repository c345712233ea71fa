"""Results with known contents for the tests of the figures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cnn_core.results import LayerActivations


@pytest.fixture
def layer() -> Callable[..., LayerActivations]:
    """Makes a layer of random maps whose last channel is zero everywhere."""

    def make(count: int = 8, side: int = 6) -> LayerActivations:
        maps = np.random.default_rng(1).random((side, side, count)).astype(np.float32)
        maps[..., -1] = 0
        flat = maps.reshape(-1, count)
        return LayerActivations(
            layer_name="conv",
            maps=maps,
            minimum=flat.min(axis=0),
            maximum=flat.max(axis=0),
            mean=flat.mean(axis=0),
            zero_fraction=(flat == 0).mean(axis=0),
        )

    return make
