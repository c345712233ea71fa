"""Time of one forward pass, of all activations, and of all activations with their grids as pictures."""

from __future__ import annotations

import tensorflow as tf

from benchmarks.subject import opened, options, photo_input
from benchmarks.timing import emit_times
from cnn_core.activations import layer_activations
from cnn_core.probe.probe import Probe
from cnn_core.results import LayerActivations
from dashboard.figures.pictures.channel_grid import layer_tiling
from dashboard.figures.pictures.mosaic import channel_mosaic, palette_png
from dashboard.figures.theme import LIGHT, rgb


def grid_png(layer: LayerActivations) -> bytes:
    """The picture of all maps of a layer that the dashboard sends."""
    tiles = layer_tiling(layer)
    return palette_png(*channel_mosaic(layer.maps, tiles, common=False, blank=rgb(LIGHT.blank)))


def main() -> None:
    """Measure."""
    chosen = options()
    probe: Probe = opened(chosen.model)
    inputs = photo_input(chosen.model, chosen.photo, probe.input_shape)
    forward = tf.function(lambda x: probe.model(x, training=False))
    names = [info.name for info in probe.layers if not info.padding]
    spatial = {info.name for info in probe.layers if info.spatial}

    def pictures() -> list[bytes]:
        return [
            grid_png(layer) for name, layer in layer_activations(probe, inputs).items() if name in spatial
        ]

    calls = {
        "forward pass": lambda: forward(tf.constant(inputs)).numpy(),
        "scores": lambda: probe.scores(inputs),
        "activations": lambda: probe.activations(inputs, names),
        "activations with figures": lambda: layer_activations(probe, inputs),
    }
    emit_times("ours", calls, chosen.repeats)
    emit_times("ours", {"activations and grids": pictures}, chosen.repeats)


if __name__ == "__main__":
    main()
