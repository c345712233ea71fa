"""Time of Grad-CAM, HiRes-CAM and saliency beside a forward pass, and the maps themselves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from benchmarks.subject import CLASS_INDEX, Options, opened, options, photo_input
from benchmarks.timing import emit_times
from cnn_core.analysis import Analysis, NoSettings, Target
from cnn_core.attribution import METHODS
from cnn_core.progress import SILENT
from cnn_core.results import AttributionMap


def main() -> None:
    """Measure."""
    chosen = options()
    probe = opened(chosen.model)
    inputs = photo_input(chosen.model, chosen.photo, probe.input_shape)
    forward = tf.function(lambda x: probe.model(x, training=False))

    def asked(method: Analysis) -> Callable[[], AttributionMap]:
        layer = probe.default_cam_layer() if method.needs_layer else None
        target = Target(inputs=inputs, class_index=CLASS_INDEX, layer_name=layer)
        return lambda: method.compute(probe, target, NoSettings(), SILENT)

    calls = {method.key: asked(method) for method in METHODS}
    save_maps(chosen, {key: call().values for key, call in calls.items()})
    emit_times(
        "ours", {"forward pass": lambda: forward(tf.constant(inputs)).numpy(), **calls}, chosen.repeats
    )


def save_maps(chosen: Options, maps: dict[str, np.ndarray]) -> None:
    """Keep the raw maps for ``maps_compared``."""
    if chosen.values is not None:
        np.savez(chosen.values / "ours.npz", **maps)


if __name__ == "__main__":
    main()
