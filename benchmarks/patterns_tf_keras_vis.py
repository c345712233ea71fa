"""tf-keras-vis: time of activation maximisation per filter with its defaults, images as large as ours."""

from __future__ import annotations

import time

import keras
import numpy as np
from numpy.typing import NDArray
from tf_keras_vis.activation_maximization import ActivationMaximization
from tf_keras_vis.utils.scores import CategoricalScore

from benchmarks.record import Record, emit
from benchmarks.subject import Float, options
from cnn_core.feature_visualization.engine.image_size import fitting_size
from cnn_core.models.store import ModelStore, OpenModel
from cnn_core.paths import models_folder
from cnn_core.probe.flat_graph import flat_graph
from cnn_core.probe.probe import unit_tensor


def main() -> None:
    """Measure."""
    chosen = options()
    model = ModelStore(models_folder()).open(chosen.model)
    for name in [info.name for info in model.probe.layers if info.convolution]:
        network = up_to(model, name)
        maximization = ActivationMaximization(network)
        known = model.statistics[name]
        channels = evenly_spread(np.flatnonzero(known.active), chosen.channels)
        maximization(CategoricalScore(int(channels[0])), steps=3)  # wakes the framework up
        begun = time.perf_counter()
        pictures = [np.asarray(maximization(CategoricalScore(int(channel)))[0]) for channel in channels]
        seconds = (time.perf_counter() - begun) / len(channels)
        scores = measured(network, np.stack(pictures), channels)
        z_scores = (scores - known.mean[channels]) / known.std[channels]
        figures = {
            "seconds per filter": seconds,
            "median z-score": float(np.median(z_scores)),
            "share above all photos": float((scores > known.maximum[channels]).mean()),
            "side in pixels": network.input_shape[1],
        }
        for what, value in figures.items():
            emit(Record(who="tf-keras-vis", what=f"{name}: {what}", value=value))


def up_to(model: OpenModel, layer_name: str) -> keras.Model:
    """The network from pixels 0..255, as the peer's defaults expect, to a layer before its ReLU."""
    probe = model.probe
    size = fitting_size(probe, layer_name)
    graph = flat_graph(probe.model, input_size=size, until=probe.unit_node(layer_name).name)
    trunk = keras.Model(graph.input, unit_tensor(graph.nodes[-1]))
    pixels = keras.Input((*size, probe.input_shape[2]))
    scale, offset = (
        _one_or_all(values) for values in (probe.preprocessing.scale, probe.preprocessing.offset)
    )
    return keras.Model(pixels, trunk(keras.layers.Rescaling(scale, offset)(pixels)))


def measured(network: keras.Model, pictures: Float, channels: NDArray[np.intp]) -> Float:
    """Mean of each picture's channel, of the 8-bit pictures, as ours are measured too: ``(n,)``."""
    maps = np.asarray(network(np.rint(np.clip(pictures, 0, 255)), training=False))  # (n, h, w, k)
    return np.asarray(maps.mean(axis=(1, 2))[np.arange(len(channels)), channels])


def evenly_spread(indices: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """At most ``count`` of ``indices``, from the first to the last."""
    return indices[np.unique(np.linspace(0, len(indices) - 1, count).round().astype(np.intp))]


def _one_or_all(values: tuple[float, ...]) -> float | list[float]:
    return values[0] if len(values) == 1 else list(values)


if __name__ == "__main__":
    main()
