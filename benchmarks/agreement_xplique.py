"""Xplique's maps of the network of ``agreement_network``; run with the peers' Python."""

from __future__ import annotations

import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # read when TensorFlow is imported

import numpy as np
import tf_keras
from tf_keras import layers
from xplique.attributions import (
    DeconvNet,
    GradCAM,
    GradCAMPP,
    GradientInput,
    GuidedBackprop,
    IntegratedGradients,
    Occlusion,
    Saliency,
)

from benchmarks import agreement_network as network


def main() -> None:
    """Ask every method that we have too."""
    w, x = network.weights(), network.picture()
    model = tf_keras.Sequential(
        [
            layers.Input(x.shape[1:]),
            layers.Conv2D(network.FIRST, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(network.SECOND, 3, activation="relu", name=network.LAYER),
            layers.Flatten(),
            layers.Dense(network.CLASSES),
        ]
    )
    model.set_weights([w.kernel1, w.bias1, w.kernel2, w.bias2, w.head, w.head_bias])
    target = np.eye(network.CLASSES, dtype=np.float32)[None, network.CLASS_INDEX]
    steps, patch, stride = network.STEPS, network.OCCLUSION_PATCH, network.OCCLUSION_STRIDE
    methods = {
        "saliency": Saliency(model, reducer="max"),
        "gradient_x_input": GradientInput(model, reducer="sum"),
        "integrated_gradients": IntegratedGradients(model, steps=steps, baseline_value=0.0, reducer="sum"),
        "guided_backpropagation": GuidedBackprop(model, reducer="max"),
        "deconvnet": DeconvNet(model, reducer="max"),
        "grad_cam_shown": GradCAM(model, conv_layer=network.LAYER),
        "grad_cam_plus_plus_shown": GradCAMPP(model, conv_layer=network.LAYER),
        "occlusion": Occlusion(model, patch_size=patch, patch_stride=stride, occlusion_value=0.5),
    }
    maps = {key: np.asarray(method(x, target))[0].squeeze() for key, method in methods.items()}
    network.keep("xplique", maps)


if __name__ == "__main__":
    main()
