"""Captum's, pytorch-grad-cam's and zennit's maps of a copy of the network of ``agreement_network``.

Run with a Python that has them: ``pip install torch captum grad-cam zennit``.
"""

from __future__ import annotations

from typing import Any

import captum.attr as captum
import numpy as np
import pytorch_grad_cam as cams
import torch
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn
from zennit.attribution import Gradient
from zennit.composites import LayerMapComposite
from zennit.rules import Epsilon, Pass
from zennit.types import Activation, Linear

from benchmarks import agreement_network as network

EPSILON = 1e-6


def copy() -> nn.Sequential:
    """The same network, channels first."""
    w = network.weights()
    side = (network.SIDE_PX - 2) // 2 - 2
    head = w.head.reshape(side, side, network.SECOND, network.CLASSES).transpose(3, 2, 0, 1)
    layers = nn.Sequential(
        nn.Conv2d(3, network.FIRST, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(network.FIRST, network.SECOND, 3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(head[0].size, network.CLASSES),
    )
    pairs = [(w.kernel1, w.bias1), (w.kernel2, w.bias2)]
    with torch.no_grad():
        for layer, (kernel, bias) in zip((layers[0], layers[3]), pairs, strict=True):
            layer.weight.copy_(torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy()))
            layer.bias.copy_(torch.from_numpy(bias))
        layers[6].weight.copy_(torch.from_numpy(head.reshape(network.CLASSES, -1).copy()))
        layers[6].bias.copy_(torch.from_numpy(w.head_bias))
    return layers.eval()


def summed(values: Any) -> np.ndarray:
    """``(1, c, H, W)`` as ``(H, W)``."""
    return values.detach().numpy()[0].sum(axis=0)


def strongest(values: Any) -> np.ndarray:
    """``(1, c, H, W)`` as ``(H, W)``, the largest size over the colours."""
    return np.abs(values.detach().numpy()[0]).max(axis=0)


def pixel_maps(model: nn.Module, x: torch.Tensor) -> dict[str, np.ndarray]:
    """Captum's methods."""
    target, patch = network.CLASS_INDEX, network.OCCLUSION_PATCH
    window = {"sliding_window_shapes": (3, patch, patch), "strides": (3, *[network.OCCLUSION_STRIDE] * 2)}
    steps = {"n_steps": network.STEPS, "method": "gausslegendre"}
    integrated = captum.IntegratedGradients(model).attribute(x, target=target, **steps)
    return {
        "saliency": strongest(captum.Saliency(model).attribute(x, target=target)),
        "gradient_x_input": summed(captum.InputXGradient(model).attribute(x, target=target)),
        "integrated_gradients": summed(integrated),
        "guided_backpropagation": strongest(captum.GuidedBackprop(model).attribute(x, target=target)),
        "deconvnet": strongest(captum.Deconvolution(model).attribute(x, target=target)),
        "occlusion": captum.Occlusion(model)
        .attribute(x, target=target, baselines=0.5, **window)
        .detach()
        .numpy()[0, 0],
    }


def layer_maps(model: nn.Sequential, x: torch.Tensor) -> dict[str, np.ndarray]:
    """pytorch-grad-cam's methods before they are stretched and scaled."""
    kinds = {
        "grad_cam": cams.GradCAM,
        "grad_cam_plus_plus": cams.GradCAMPlusPlus,
        "xgrad_cam": cams.XGradCAM,
        "hires_cam": cams.HiResCAM,
        "layer_cam": cams.LayerCAM,
        "eigen_cam": cams.EigenCAM,
        "score_cam": cams.ScoreCAM,
        "ablation_cam": cams.AblationCAM,
    }
    target = ClassifierOutputTarget(network.CLASS_INDEX)
    found = {}
    for key, kind in kinds.items():
        with kind(model=model, target_layers=[model[4]]) as cam:
            cam(input_tensor=x.clone().requires_grad_(), targets=[target])
            activations = cam.activations_and_grads.activations[0].numpy()
            gradients = cam.activations_and_grads.gradients
            gradients = gradients[0].numpy() if gradients else None
            found[key] = cam.get_cam_image(x, model[4], [target], activations, gradients, False)[0]
    return found


def lrp(model: nn.Sequential, x: torch.Tensor) -> np.ndarray:
    """zennit's epsilon rule at every layer."""
    composite = LayerMapComposite([(Activation, Pass()), (Linear, Epsilon(epsilon=EPSILON))])
    with Gradient(model=model, composite=composite) as attributor:
        output = model(x)
        chosen = torch.zeros_like(output)
        chosen[0, network.CLASS_INDEX] = output[0, network.CLASS_INDEX]
        _, relevance = attributor(x, chosen.detach())
    return summed(relevance)


def main() -> None:
    """Ask every method that we have too."""
    x = torch.from_numpy(network.picture().transpose(0, 3, 1, 2).copy())
    network.keep("captum", pixel_maps(copy(), x.clone().requires_grad_()))
    network.keep("pytorch_grad_cam", layer_maps(copy(), x))
    network.keep("zennit", {"lrp": lrp(copy(), x.clone().requires_grad_())})


if __name__ == "__main__":
    main()
