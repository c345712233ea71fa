"""A network trained on ImageNet under a new head (Yosinski et al. 2014)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import keras
from keras import layers

from cnn_core import backend
from cnn_core.architectures.architecture import Architecture, Plan, answer
from cnn_core.errors import DataError
from cnn_core.images.preprocessing import Preprocessing

SMALLEST_PX = 32  # Keras builds none of the bases for less
_MINUS_ONE_TO_ONE = Preprocessing(scale=(1 / 127.5,), offset=(-1.0,))
_CAFFE = Preprocessing(scale=(1.0,), offset=(-103.939, -116.779, -123.68), channel_order="bgr")

# What each base was trained with; EfficientNetV2 scales inside the network.
BASES: Mapping[str, Preprocessing] = MappingProxyType(
    {
        "MobileNetV2": _MINUS_ONE_TO_ONE,
        "ResNet50V2": _MINUS_ONE_TO_ONE,
        "EfficientNetV2B0": Preprocessing(scale=(1.0,)),
        "VGG16": _CAFFE,
    }
)


def untrained_base(name: str, size_px: int | None) -> keras.Model:
    """A Keras application without its head, with weights of no meaning."""
    return getattr(keras.applications, name)(
        include_top=False, weights=None, input_shape=(size_px, size_px, 3)
    )


def pretrained_base(name: str, size_px: int | None) -> keras.Model:
    """The same with ImageNet weights from Keras' cache or the network.

    Raises:
        DataError: the weights are not there and cannot be downloaded.
    """
    try:
        return getattr(keras.applications, name)(include_top=False, input_shape=(size_px, size_px, 3))
    except Exception as error:  # the download raises anything at all
        raise DataError(
            f"Expected the ImageNet weights of {name}. Received no answer from where Keras publishes them "
            f"({type(error).__name__}). Go online for the first run, or copy the weight file "
            "into ~/.keras/models; or choose a preset that starts from nothing."
        ) from error


def transfer(plan: Plan, *, logits: bool, pretrained: bool = True) -> keras.Model:
    """The base, frozen, the mean over its last maps, dropout, and the answer.

    Batch normalisation of the base stays as ImageNet left it, also while fine-tuning.

    Args:
        pretrained: with ImageNet weights; needless where others are put in their place.
    """
    inputs = keras.Input((plan.size_px, plan.size_px, 3), name="photo")
    base = (pretrained_base if pretrained else untrained_base)(plan.base, plan.size_px)
    base.trainable = False
    x = layers.GlobalAveragePooling2D(name="mean")(base(inputs))
    if plan.dropout > 0:
        x = layers.Dropout(plan.dropout, name="dropout")(x)
    return keras.Model(inputs, answer(x, plan.classes, logits=logits), name="transfer")


def _finished(trained: keras.Model, plan: Plan) -> keras.Model:
    with backend.dtype_policy("float32"):
        model = transfer(plan, logits=False, pretrained=False)
    model.set_weights(trained.get_weights())
    return model


def _thaw(model: keras.Model) -> None:
    for layer in model.layers:  # the model itself is trainable already, and would not pass it on
        layer.trainable = True
        for part in getattr(layer, "layers", ()):
            if isinstance(part, layers.BatchNormalization):
                part.trainable = False  # to Keras this also means: normalise by the moving statistics


ARCHITECTURE = Architecture(
    key="transfer",
    smallest_px=SMALLEST_PX,
    any_size=True,
    preprocessing=lambda plan: BASES[plan.base],
    for_training=lambda plan: transfer(plan, logits=True),
    finished=_finished,
    fine_tuned=_thaw,
)
