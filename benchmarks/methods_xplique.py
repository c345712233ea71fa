"""Xplique: time of its attribution methods beside a forward pass."""

from __future__ import annotations

import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # read when TensorFlow is imported

import keras
import numpy as np
import tensorflow as tf
from xplique.attributions import (
    DeconvNet,
    GradCAM,
    GradCAMPP,
    GradientInput,
    GuidedBackprop,
    IntegratedGradients,
    KernelShap,
    Lime,
    Occlusion,
    Rise,
    Saliency,
    SmoothGrad,
    VarGrad,
)

from benchmarks.legacy_twin import legacy_twin
from benchmarks.subject import keras_model, options, photo_input
from benchmarks.timing import emit_times
from cnn_core.probe.probe import Probe

CATS = np.array([[-1.0]], np.float32)  # multiplied with the one logit


def main() -> None:
    """Measure."""
    chosen = options()
    original = keras_model(chosen.model)
    original = keras.Model(original.inputs, original.outputs)  # a Sequential has no operations
    layer = Probe(original).default_cam_layer()
    inputs = photo_input(chosen.model, chosen.photo, original.input_shape[1:])
    model = legacy_twin(original)
    forward = tf.function(lambda x: model(x, training=False))
    methods = {
        "saliency": Saliency(model),
        "gradient_x_input": GradientInput(model),
        "grad_cam": GradCAM(model, conv_layer=layer),
        "grad_cam_plus_plus": GradCAMPP(model, conv_layer=layer),
        "guided_backpropagation": GuidedBackprop(model),
        "deconvnet": DeconvNet(model),
        "integrated_gradients": IntegratedGradients(model, steps=50),
        "smooth_grad": SmoothGrad(model, nb_samples=50),
        "var_grad": VarGrad(model, nb_samples=50),
        "occlusion": Occlusion(model, patch_size=15, patch_stride=5),
        "rise": Rise(model, nb_samples=1000),
        "kernel_shap": KernelShap(model, nb_samples=500),
        "lime": Lime(model, nb_samples=500),
    }
    calls = {key: lambda method=method: np.asarray(method(inputs, CATS)) for key, method in methods.items()}
    whole = {"forward pass": lambda: forward(tf.constant(inputs)).numpy(), **calls}
    emit_times("xplique", whole, chosen.repeats)


if __name__ == "__main__":
    main()
