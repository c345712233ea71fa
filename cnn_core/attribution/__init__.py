"""Which parts of a picture an answer rests on: one file per method, one tuple of all."""

from __future__ import annotations

from cnn_core.analysis import Analysis
from cnn_core.attribution.attribution_map import blank_reason
from cnn_core.attribution.grad_cam import GRAD_CAM
from cnn_core.attribution.hires_cam import HIRES_CAM
from cnn_core.attribution.kernel_shap import KERNEL_SHAP
from cnn_core.attribution.lime import LIME
from cnn_core.attribution.saliency import SALIENCY

METHODS: tuple[Analysis, ...] = (GRAD_CAM, HIRES_CAM, SALIENCY, KERNEL_SHAP, LIME)

__all__ = ["GRAD_CAM", "HIRES_CAM", "KERNEL_SHAP", "LIME", "METHODS", "SALIENCY", "blank_reason"]
