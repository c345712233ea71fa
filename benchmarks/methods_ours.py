"""Time of every attribution method beside a forward pass, each with the settings that the peers get."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from benchmarks.subject import CLASS_INDEX, opened, options, photo_input
from benchmarks.timing import emit_times
from cnn_core.analysis import Analysis, Target
from cnn_core.attribution import METHODS
from cnn_core.progress import SILENT
from cnn_core.results import AttributionMap

SETTINGS = {  # of 150 px: patches of 15 and steps of 5
    "occlusion": {"patch": 0.1, "stride": 0.035, "fill": "black"},
    "smooth_grad": {"samples": 50},
    "rise": {"masks": 1000},
}


def main() -> None:
    """Measure."""
    chosen = options()
    probe = opened(chosen.model)
    inputs = photo_input(chosen.model, chosen.photo, probe.input_shape)
    forward = tf.function(lambda x: probe.model(x, training=False))

    def asked(method: Analysis) -> Callable[[], AttributionMap]:
        layer = probe.default_cam_layer() if method.needs_layer else None
        target = Target(inputs=inputs, class_index=CLASS_INDEX, layer_name=layer)
        settings = method.settings(**SETTINGS.get(method.key, {}))
        return lambda: method.compute(probe, target, settings, SILENT)

    calls = {each.key: asked(each) for each in METHODS if each.inapplicable(probe.outline, 0) is None}
    whole = {"forward pass": lambda: forward(tf.constant(inputs)).numpy(), **calls}
    emit_times("ours", whole, chosen.repeats)


if __name__ == "__main__":
    main()
