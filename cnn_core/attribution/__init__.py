"""Which parts of a picture an answer rests on: one file per method, one tuple of all."""

from __future__ import annotations

from cnn_core.analysis import Analysis
from cnn_core.attribution.ablation_cam import ABLATION_CAM
from cnn_core.attribution.blank import blank_reason
from cnn_core.attribution.cam import CAM
from cnn_core.attribution.deconvnet import DECONVNET
from cnn_core.attribution.eigen_cam import EIGEN_CAM
from cnn_core.attribution.grad_cam import GRAD_CAM
from cnn_core.attribution.grad_cam_plus_plus import GRAD_CAM_PLUS_PLUS
from cnn_core.attribution.gradient_x_input import GRADIENT_X_INPUT
from cnn_core.attribution.guided_backpropagation import GUIDED_BACKPROPAGATION
from cnn_core.attribution.guided_grad_cam import GUIDED_GRAD_CAM
from cnn_core.attribution.hires_cam import HIRES_CAM
from cnn_core.attribution.integrated_gradients import INTEGRATED_GRADIENTS
from cnn_core.attribution.kernel_shap import KERNEL_SHAP
from cnn_core.attribution.layer_cam import LAYER_CAM
from cnn_core.attribution.lime import LIME
from cnn_core.attribution.lrp import LRP
from cnn_core.attribution.occlusion import OCCLUSION
from cnn_core.attribution.rise import RISE
from cnn_core.attribution.saliency import SALIENCY
from cnn_core.attribution.score_cam import SCORE_CAM
from cnn_core.attribution.smooth_grad import SMOOTH_GRAD
from cnn_core.attribution.var_grad import VAR_GRAD
from cnn_core.attribution.xgrad_cam import XGRAD_CAM

METHODS: tuple[Analysis, ...] = (
    GRAD_CAM,
    HIRES_CAM,
    GRAD_CAM_PLUS_PLUS,
    XGRAD_CAM,
    LAYER_CAM,
    SCORE_CAM,
    ABLATION_CAM,
    EIGEN_CAM,
    CAM,
    SALIENCY,
    GRADIENT_X_INPUT,
    SMOOTH_GRAD,
    VAR_GRAD,
    INTEGRATED_GRADIENTS,
    GUIDED_BACKPROPAGATION,
    DECONVNET,
    GUIDED_GRAD_CAM,
    LRP,
    OCCLUSION,
    RISE,
    KERNEL_SHAP,
    LIME,
)

__all__ = ["GRAD_CAM", "HIRES_CAM", "METHODS", "SALIENCY", "blank_reason"]
