"""The strongest patterns by successive halving: the same pictures as those of the whole layer."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers
from model_matrix import with_seeded_weights

from cnn_core.analysis import Target
from cnn_core.errors import Cancelled
from cnn_core.feature_visualization import (
    FILTER_PATTERNS,
    STRONGEST_PATTERNS,
    FilterPatternSettings,
    strongest_patterns,
)
from cnn_core.neurons.statistics import ChannelStatistics
from cnn_core.probe.probe import Probe
from cnn_core.progress import SILENT, Progress
from cnn_core.results import FilterPatterns

CHANNELS = 120
STEPS = 32


@pytest.fixture(scope="module")
def probe() -> Probe:
    """A net whose first layer has more channels than any round but the first lets go on."""
    inputs = keras.Input((20, 20, 3))
    x = layers.Conv2D(CHANNELS, 5, padding="same", activation="relu", name="conv")(inputs)
    return Probe(
        with_seeded_weights(keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling2D()(x))))
    )


def statistics(active: int) -> ChannelStatistics:
    """Of a layer in which only the first channels are active."""
    maximum = np.where(np.arange(CHANNELS) < active, 1, 0).astype(np.float32)
    return ChannelStatistics(
        mean=np.zeros(CHANNELS, np.float32),
        std=np.ones(CHANNELS, np.float32),
        maximum=maximum,
        fires=maximum,
    )


def found(probe: Probe, progress: Progress = SILENT, active: int = CHANNELS) -> FilterPatterns:
    target = Target(layer_name="conv", statistics={"conv": statistics(active)})
    result: FilterPatterns = STRONGEST_PATTERNS.compute(
        probe, target, FilterPatternSettings(steps=STEPS), progress
    )
    return result


def test_they_are_those_of_the_whole_layer_step_for_step(probe: Probe) -> None:
    target = Target(layer_name="conv", statistics={"conv": statistics(CHANNELS)})
    whole = FILTER_PATTERNS.compute(probe, target, FilterPatternSettings(steps=STEPS), SILENT)
    expected, strongest = strongest_patterns(whole), found(probe)

    assert len(strongest.channels) == 25
    assert strongest.scores.tolist() == sorted(strongest.scores.tolist(), reverse=True)
    assert len(set(strongest.channels.tolist()) & set(expected.channels.tolist())) >= 23
    for place, channel in enumerate(strongest.channels):
        np.testing.assert_array_equal(strongest.patterns[place], whole.patterns[channel])
        np.testing.assert_allclose(strongest.history[:, place], whole.history[:, channel], rtol=1e-5)


def test_most_are_left_on_the_way_and_the_strongest_so_far_are_shown(probe: Probe) -> None:
    previews: list[FilterPatterns] = []
    shares: list[float] = []

    def tell(share: float, preview: object) -> None:
        shares.append(share)
        if isinstance(preview, FilterPatterns):
            previews.append(preview)

    last = found(probe, Progress(tell=tell))

    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)
    assert len(previews[0].channels) == 25
    assert all((each.scores == np.sort(each.scores)[::-1]).all() for each in previews)
    np.testing.assert_array_equal(previews[-1].channels, last.channels)


def test_few_living_channels_come_first_and_dead_ones_fill_the_rest(probe: Probe) -> None:
    strongest = found(probe, active=3)

    assert sorted(strongest.channels[:3].tolist()) == [0, 1, 2]
    assert strongest.active.tolist() == [True] * 3 + [False] * 22
    assert (strongest.patterns[3:] == 128).all()


def test_a_layer_of_dead_channels_has_grey_pictures_only(probe: Probe) -> None:
    assert not found(probe, active=0).active.any()


def test_it_stops_when_nobody_waits_any_longer(probe: Probe) -> None:
    told: list[float] = []
    with pytest.raises(Cancelled):
        found(probe, Progress(tell=lambda share, _: told.append(share), cancelled=lambda: len(told) >= 3))
    assert told[-1] < 0.5
