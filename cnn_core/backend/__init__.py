"""The one place that knows which framework computes: TensorFlow.

Gradients, graph compilation, training steps, devices, precision. Another Keras backend is another
version of this folder.
"""

from __future__ import annotations

from cnn_core.backend.cone_scores import ConeScores
from cnn_core.backend.devices import Devices, device_name, version
from cnn_core.backend.graphs import (
    Ascent,
    GatedReLU,
    Graph,
    InputGradient,
    MaskedScores,
    RivalGradients,
    ScoreGradient,
)
from cnn_core.backend.layers import FusedBatchNormalization, dtype_policy, in_precision
from cnn_core.backend.optimizers import FusedAdam, FusedAdamW, FusedRMSprop
from cnn_core.backend.reductions import Derived, channel_reductions
from cnn_core.backend.relevance import Relevance, RelevanceStep
from cnn_core.backend.training import EventWriter, TrainingStep

__all__ = [
    "Ascent",
    "ConeScores",
    "Derived",
    "Devices",
    "EventWriter",
    "FusedAdam",
    "FusedAdamW",
    "FusedBatchNormalization",
    "FusedRMSprop",
    "GatedReLU",
    "Graph",
    "InputGradient",
    "MaskedScores",
    "Relevance",
    "RelevanceStep",
    "RivalGradients",
    "ScoreGradient",
    "TrainingStep",
    "channel_reductions",
    "device_name",
    "dtype_policy",
    "in_precision",
    "version",
]
