"""Guided Grad-CAM: the sharp lines of guided backpropagation, where Grad-CAM finds the class."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cnn_core.analysis import Analysis, NoSettings, Target, incomparable
from cnn_core.attribution.attribution_map import GRADIENTS, attribution_map, no_map_reason
from cnn_core.attribution.gated_backpropagation import no_relu_reason
from cnn_core.attribution.grad_cam import grad_cam
from cnn_core.attribution.pixel_gradients import strongest_channel
from cnn_core.images.fitted_map import fit_to_image
from cnn_core.probe.outline import Outline
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap


def guided_grad_cam(probe: Probe, target: Target, settings: NoSettings, progress: Progress) -> AttributionMap:
    """Guided backpropagation times ``ReLU(Grad-CAM)`` stretched over the picture.

    Zero where Grad-CAM is. The lines come from guided backpropagation, which hardly tells classes apart: only
    the choice of the region is the class's.

    Args:
        probe: the model.
        target: picture and class; Grad-CAM is taken at the layer before the last pooling.
        settings: nothing to set.
        progress: not told: two passes there and back.

    Returns:
        ``(H, W)``, never negative, without a unit.

    Raises:
        InvalidRequestError: no such class.

    Reference:
        Selvaraju et al. (2017).
    """
    layer_name = probe.default_cam_layer(target.head)
    coarse = grad_cam(probe, replace(target, layer_name=layer_name), settings, progress)
    size = (target.picture.shape[1], target.picture.shape[2])
    region = fit_to_image(np.maximum(coarse.values, 0), coarse.extent, size, size)
    gated = probe.gated("guided")
    lines = gated.input_gradient(target.picture, head=target.head, class_index=target.label).gradients[0]
    return attribution_map(probe, target, GUIDED_GRAD_CAM, strongest_channel(lines) * region, coarse.score)


def _reason(outline: Outline, head: int) -> str | None:
    return no_map_reason(outline, head) or no_relu_reason(outline, head)


GUIDED_GRAD_CAM = Analysis(
    key="guided_grad_cam",
    title="Guided Grad-CAM",
    group=GRADIENTS,
    summary="Sharp lines of what the network sees, kept where Grad-CAM finds the class.",
    reference="Selvaraju et al. 2017",
    result=AttributionMap,
    compute=guided_grad_cam,
    check=incomparable("A product of two maps has no sum that it could be held against."),
    inapplicable=_reason,
    strongest="speaks for the class most",
)
