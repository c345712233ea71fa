"""Patterns of the last convolution of each block of a large network: ours and tf-keras-vis' side by side.

    python -m benchmarks.block_patterns ours MODEL [CHANNELS]
    python -m benchmarks.block_patterns tf-keras-vis MODEL [CHANNELS]      # in the environment of the peers

Ours finds the first CHANNELS filters of a layer together, everything included; the peer one after the other,
with its defaults, on images as large as ours. Scores are means of the channel before its ReLU, of the 8-bit
pictures.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import keras
import numpy as np

from benchmarks.record import Record, emit
from cnn_core.analysis import Target
from cnn_core.feature_visualization import FilterPatternSettings, filter_patterns
from cnn_core.feature_visualization.engine.image_size import fitting_size
from cnn_core.models.store import ModelStore, OpenModel
from cnn_core.paths import models_folder
from cnn_core.probe.flat_graph import flat_graph
from cnn_core.probe.probe import unit_tensor


def last_of_blocks(model: OpenModel) -> list[str]:
    """The last convolution before the maps become smaller, for each size of maps."""
    found: dict[Any, str] = {}
    for info in model.probe.layers:
        if info.convolution:
            found[info.output_shape[:2]] = info.name
    return list(found.values())


def ours(model: OpenModel, name: str, count: int) -> tuple[float, float]:
    """Seconds per filter, and their mean score."""
    begun = time.perf_counter()
    target = Target(layer_name=name, channels=tuple(range(count)), statistics=model.statistics)
    found = filter_patterns(model.probe, target, FilterPatternSettings())
    return (time.perf_counter() - begun) / count, float(found.scores.mean())


def theirs(model: OpenModel, name: str, count: int) -> tuple[float, float]:
    """The same by activation maximisation of tf-keras-vis."""
    from tf_keras_vis.activation_maximization import ActivationMaximization
    from tf_keras_vis.utils.scores import CategoricalScore

    network = from_pixels(model, name)
    maximization = ActivationMaximization(network)
    maximization(CategoricalScore(0), steps=2)  # wakes the framework up
    seconds, scores = [], []
    for channel in range(count):
        begun = time.perf_counter()
        picture = np.asarray(maximization(CategoricalScore(channel))[0])
        seconds.append(time.perf_counter() - begun)
        maps = np.asarray(network(np.rint(np.clip(picture, 0, 255))[None], training=False))
        scores.append(float(maps[0, ..., channel].mean()))
    return float(np.mean(seconds)), float(np.mean(scores))


def from_pixels(model: OpenModel, name: str) -> keras.Model:
    """The network from RGB pixels 0..255, as the peer's defaults expect, to a layer before its ReLU."""
    probe, how = model.probe, model.probe.preprocessing
    size = fitting_size(probe, name)
    graph = flat_graph(probe.model, input_size=size, until=probe.unit_node(name).name)
    trunk = keras.Model(graph.input, unit_tensor(graph.nodes[-1]))
    pixels = keras.Input((*size, 3))
    ordered = pixels[..., ::-1] if how.channel_order == "bgr" else pixels
    scaled = ordered * np.asarray(how.scale, np.float32) + np.asarray(how.offset, np.float32)
    return keras.Model(pixels, trunk(scaled))


def main(who: str, key: str, count: int) -> None:
    """Measure."""
    model = ModelStore(models_folder()).open(key)
    for name in last_of_blocks(model):
        seconds, score = (ours if who == "ours" else theirs)(model, name, count)
        emit(Record(who=who, what=f"{name}: seconds per filter", value=seconds))
        emit(Record(who=who, what=f"{name}: score", value=score))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 8)
