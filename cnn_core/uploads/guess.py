"""What a card says of an uploaded model, guessed from what is in it, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras

from cnn_core.errors import ModelError
from cnn_core.probe.heads import Head
from cnn_core.probe.probe import Probe
from cnn_core.uploads.preprocessings import PREPROCESSINGS

DEFAULT_PX = 224  # of a model that takes any size
TWO_CLASSES = ("hinge", "binary")  # in the name of a loss
# Networks of keras.applications by names of their layers, the more special ones first.
APPLICATIONS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("Xception", ("block2_sepconv1",), "-1..1"),
    ("VGG", ("block1_conv1", "block3_conv1", "block5_conv1"), "caffe"),
    ("ResNet V2", ("conv1_conv", "post_relu"), "-1..1"),
    ("ResNet", ("conv1_conv", "conv2_block1_1_conv"), "caffe"),
    ("DenseNet", ("conv2_block1_concat",), "torch"),
    ("MobileNet V2", ("bn_Conv1", "expanded_conv_depthwise"), "-1..1"),
    ("MobileNet", ("conv_dw_1", "conv_pw_1"), "-1..1"),
    ("Inception or Inception-ResNet", ("mixed0",), "-1..1"),
    ("Inception-ResNet V2", ("mixed_5b",), "-1..1"),
    ("NASNet", ("stem_conv1", "normal_conv_1_0"), "-1..1"),
)


@dataclass(frozen=True, slots=True)
class GuessedCard:
    """The fields of a card, and by field why."""

    fields: dict[str, Any]
    reasons: dict[str, str]


def guessed_card(model: keras.Model, training: Mapping[str, Any]) -> GuessedCard:
    """What can be told of a model without asking anybody.

    Args:
        model: takes one picture.
        training: what its file says of its training; may be empty.

    Raises:
        ModelError: it takes something else than one picture.
    """
    shape = _picture_shape(model)
    height, width, channels = (size if size is not None else DEFAULT_PX for size in shape)
    key, why = _preprocessing(model, channels)
    classes, named = _classes(model, str(training.get("loss") or ""))
    fields = {
        "classes": classes,
        "input": {"height_px": height, "width_px": width, "channels": channels},
        "preprocessing": PREPROCESSINGS[key],
        "parameters": model.count_params(),
    }
    reasons = {"preprocessing": why, "classes": named}
    if None in shape[:2]:
        reasons["input"] = f"It takes any size; {DEFAULT_PX} px is usual."
    return GuessedCard(fields, reasons)


def _picture_shape(model: keras.Model) -> tuple[int | None, ...]:
    shapes = [tuple(one.shape) for one in model.inputs]
    if len(shapes) == 1 and len(shapes[0]) == 4 and shapes[0][-1] is not None:
        return shapes[0][1:]
    raise ModelError(
        f"Expected a model that takes one picture (height, width, channels). Received: one that takes "
        f"{' and '.join(str(shape[1:])[:40] for shape in shapes[:3])}. Choose another model."
    )


def _preprocessing(model: keras.Model, channels: int) -> tuple[str, str]:
    layers = list(_all_layers(model))
    first = next((i for i, one in enumerate(layers) if "Conv" in type(one).__name__), len(layers))
    own = [
        one
        for one in layers[:first]
        if type(one).__name__ in ("Rescaling", "Normalization", "BatchNormalization")
    ]
    arithmetic = [one for one in layers[:first] if not isinstance(one, keras.layers.Layer)]
    if own:
        return "0..255", f"Its own layer {own[0].name} brings pixels into its range."
    if arithmetic:
        return "0..255", "It calculates with the pixels before its first convolution."
    names = {one.name for one in layers}
    for title, needed, key in APPLICATIONS:
        if names >= set(needed) and (channels == 3 or key == "-1..1"):
            return key, f"Its layers are called as those of {title} in keras.applications."
    return "0..1", "Nothing in it tells; most tutorials divide pixels by 255."


def _classes(model: keras.Model, loss: str) -> tuple[Any, str]:
    """Names for all outputs; a card with one list of names for one output, else one for each."""
    lists = {head.name: _names(head, loss) for head in Probe(model).heads}
    why = "A Keras file has no names of classes."
    return (next(iter(lists.values())) if len(lists) == 1 else lists), why


def _names(head: Head, loss: str) -> list[str]:
    """One unit stands for two classes after a sigmoid, and where its training says so."""
    size = len(head.class_names)
    if size == 1 and (head.kind == "binary" or any(word in loss for word in TWO_CLASSES)):
        size = 2
    return [f"class {index}" for index in range(size)]


def _all_layers(model: keras.Model) -> list[Any]:
    found: list[Any] = []
    for one in getattr(model, "operations", model.layers):
        found.extend(_all_layers(one) if isinstance(one, keras.Model) else [one])
    return found
