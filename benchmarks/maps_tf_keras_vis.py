"""tf-keras-vis: time of Grad-CAM and saliency beside a forward pass, and the maps themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.saliency import Saliency
from tf_keras_vis.utils.model_modifiers import ReplaceToLinear

from benchmarks.subject import keras_model, opened, options, photo_input
from benchmarks.timing import emit_times


def cats(outputs: Any) -> Any:
    """The logit of the first class of one sigmoid unit, made linear by ``ReplaceToLinear``."""
    return -outputs[:, 0]


def main() -> None:
    """Measure."""
    chosen = options()
    model = keras_model(chosen.model)
    layer = opened(chosen.model).default_cam_layer()
    inputs = photo_input(chosen.model, chosen.photo, model.input_shape[1:])
    forward = tf.function(lambda x: model(x, training=False))
    cam = Gradcam(model, model_modifier=ReplaceToLinear())
    slopes = Saliency(model, model_modifier=ReplaceToLinear())
    where = {"penultimate_layer": layer, "seek_penultimate_conv_layer": False}
    calls = {
        "forward pass": lambda: forward(tf.constant(inputs)).numpy(),
        "grad_cam": lambda: cam(cats, inputs, **where),
        "saliency": lambda: slopes(cats, inputs),
    }
    if chosen.values is not None:
        np.savez(
            chosen.values / "tf-keras-vis.npz",
            grad_cam=cam(cats, inputs, expand_cam=False, normalize_cam=False, **where)[0],
            grad_cam_shown=cam(cats, inputs, **where)[0],
            saliency=slopes(cats, inputs, normalize_map=False)[0],
        )
    emit_times("tf-keras-vis", calls, chosen.repeats)


if __name__ == "__main__":
    main()
