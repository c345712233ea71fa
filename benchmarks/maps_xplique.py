"""Xplique: time of Grad-CAM and saliency beside a forward pass, and the maps themselves."""

from __future__ import annotations

import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # read when TensorFlow is imported

import numpy as np
import tensorflow as tf
from xplique.attributions import GradCAM, Saliency

from benchmarks.legacy_twin import legacy_twin
from benchmarks.subject import keras_model, opened, options, photo_input
from benchmarks.timing import emit_times

CATS = np.array([[-1.0]], np.float32)  # multiplied with the one logit


def main() -> None:
    """Measure."""
    chosen = options()
    original = keras_model(chosen.model)
    layer = opened(chosen.model).default_cam_layer()
    inputs = photo_input(chosen.model, chosen.photo, original.input_shape[1:])
    model = legacy_twin(original)
    forward = tf.function(lambda x: model(x, training=False))
    cam, slopes = GradCAM(model, conv_layer=layer), Saliency(model)
    calls = {
        "forward pass": lambda: forward(tf.constant(inputs)).numpy(),
        "grad_cam": lambda: cam(inputs, CATS).numpy(),
        "saliency": lambda: slopes(inputs, CATS).numpy(),
    }
    if chosen.values is not None:
        np.savez(
            chosen.values / "xplique.npz",
            grad_cam_shown=calls["grad_cam"]()[0, ..., 0],
            saliency=calls["saliency"]()[0, ..., 0],
        )
    emit_times("xplique", calls, chosen.repeats)


if __name__ == "__main__":
    main()
