"""The usual ways from pixels to model input, as cards write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CAFFE_OFFSET = [-103.939, -116.779, -123.68]
TORCH_MEAN, TORCH_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

PREPROCESSINGS: dict[str, dict[str, Any]] = {
    "0..255": {"scale": [1.0], "offset": [0.0], "channel_order": "rgb"},
    "0..1": {"scale": [1 / 255], "offset": [0.0], "channel_order": "rgb"},
    "-1..1": {"scale": [1 / 127.5], "offset": [-1.0], "channel_order": "rgb"},
    "caffe": {"scale": [1.0], "offset": CAFFE_OFFSET, "channel_order": "bgr"},
    "torch": {
        "scale": [1 / (255 * std) for std in TORCH_STD],
        "offset": [-mean / std for mean, std in zip(TORCH_MEAN, TORCH_STD, strict=True)],
        "channel_order": "rgb",
    },
}

TITLES = {
    "0..255": "As they are, 0 to 255",
    "0..1": "Divided by 255, 0 to 1",
    "-1..1": "-1 to 1",
    "caffe": "Caffe: BGR, minus the mean of ImageNet",
    "torch": "PyTorch: minus mean, divided by deviation of ImageNet",
}


def name_of(preprocessing: Mapping[str, Any]) -> str | None:
    """Which of them a card has; None for one of its own."""
    said = {name: preprocessing.get(name) for name in ("scale", "offset", "channel_order")}
    return next((name for name, fields in PREPROCESSINGS.items() if fields == said), None)
