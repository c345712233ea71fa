"""Networks from elsewhere: as a frozen base of a new head, and opened without any change."""

from __future__ import annotations

import functools
from collections.abc import Callable

import keras
import numpy as np
import pytest
from built_networks import photo_base, photos, trainable
from keras import layers

from cnn_core.architectures import architecture_named, transfer
from cnn_core.errors import DataError
from cnn_core.images.preprocessing import Preprocessing
from cnn_core.probe.probe import Probe


def test_the_base_is_frozen_until_it_is_thawed_and_its_normalisation_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transfer, "pretrained_base", photo_base)
    monkeypatch.setattr(transfer, "untrained_base", photo_base)
    model = trainable("transfer", size_px=32, base="MobileNetV2")
    assert [v.path for v in model.trainable_variables] == ["answer/kernel", "answer/bias"]
    fine_tuned = architecture_named("transfer").fine_tuned
    assert fine_tuned is not None
    fine_tuned(model)
    names = [v.name for v in model.trainable_variables]
    assert sorted(names) == ["bias", "bias", "kernel", "kernel"]
    x = photos(32)
    alike = [np.asarray(model(x, training=training)) for training in (False, True)]
    np.testing.assert_allclose(*alike, atol=1e-5)  # by moving statistics in both


@pytest.mark.parametrize(
    "error", [OSError("no route"), ValueError("bad hash"), Exception("URL fetch failure")]
)
def test_weights_that_cannot_be_downloaded_are_told_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def offline(**_: object) -> keras.Model:
        raise error

    monkeypatch.setattr(keras.applications, "VGG16", offline)
    with pytest.raises(DataError, match=r"ImageNet weights of VGG16.*~/\.keras/models"):
        transfer.pretrained_base("VGG16", 64)


@pytest.mark.parametrize("name", list(transfer.BASES))
def test_a_base_is_given_what_keras_would_give_it(name: str) -> None:
    """To a tenth of a grey level, against the preprocessing of Keras itself."""
    modules = {
        "MobileNetV2": keras.applications.mobilenet_v2,
        "ResNet50V2": keras.applications.resnet_v2,
        "EfficientNetV2B0": keras.applications.efficientnet_v2,
        "VGG16": keras.applications.vgg16,
    }
    pixels = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3), np.uint8)
    expected = modules[name].preprocess_input(pixels.astype(np.float32))
    preprocessing: Preprocessing = transfer.BASES[name]
    np.testing.assert_allclose(preprocessing.apply(pixels), expected, atol=1e-3)


def mobile_net() -> keras.Model:
    return keras.applications.MobileNetV2((64, 64, 3), alpha=0.35, weights=None, classes=5)


def vgg() -> keras.Model:
    base = keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3), pooling="avg")
    return keras.Sequential([layers.Input((32, 32, 3)), base, layers.Dense(2, "softmax", name="answer")])


def dense_net() -> keras.Model:
    return keras.applications.DenseNet121(weights=None, input_shape=(32, 32, 3), classes=4)


def efficient_net() -> keras.Model:
    return keras.applications.EfficientNetB0(weights=None, input_shape=(32, 32, 3), classes=4)


APPLICATIONS = {
    mobile_net: (5, "out_relu", "Conv_1"),
    vgg: (2, "vgg16/block5_conv3", "vgg16/block5_conv3"),  # its last pooling leaves one cell of 32 pixels
}


@functools.cache
def probe_of(build: Callable[[], keras.Model]) -> Probe:
    """Opened once for all tests, since building takes seconds."""
    return Probe(build())


@pytest.mark.parametrize("build", list(APPLICATIONS), ids=lambda build: build.__name__)
def test_a_known_network_opens_and_answers_without_any_change(build: Callable[[], keras.Model]) -> None:
    classes, cam_layer, convolution = APPLICATIONS[build]
    probe = probe_of(build)
    assert probe.heads[0].kind == "softmax"
    assert len(probe.heads[0].class_names) == classes
    assert probe.default_cam_layer() == cam_layer
    assert probe.layer(convolution).convolution
    assert len({layer.title for layer in probe.layers}) == len(probe.layers)
    x = np.random.default_rng(0).uniform(-1, 1, (1, *probe.input_shape)).astype(np.float32)
    (scores,) = probe.scores(x)
    expected = np.asarray(probe.model(x, training=False))
    np.testing.assert_allclose(probe.heads[0].probabilities(scores), expected, atol=1e-5)
    answer = probe.layer_gradient(x, cam_layer, head=0, class_index=0)
    assert np.isfinite(answer.gradients).all()
    assert answer.gradients.any()


def test_all_layers_of_a_known_network_are_computed_at_once() -> None:
    probe = probe_of(mobile_net)
    x = np.random.default_rng(0).uniform(-1, 1, (1, 64, 64, 3)).astype(np.float32)
    activations = probe.activations(x)
    assert list(activations) == [layer.name for layer in probe.layers]
    assert all(np.isfinite(values).all() for values in activations.values())
    assert probe.unit_node("Conv_1").name == "out_relu"
    assert probe.unit_node("block_1_project").name == "block_1_project"  # linear: normalised, then added


@pytest.mark.parametrize("build", [dense_net, efficient_net], ids=lambda build: build.__name__)
def test_layers_of_a_branching_network_are_listed_with_their_fields(build: Callable[[], keras.Model]) -> None:
    probe = Probe(build())
    known = [layer for layer in probe.layers if layer.receptive_field is not None]
    assert probe.layers[-1].output_shape == (4,)
    assert len(known) > 5
    sizes = [layer.receptive_field.size_px[0] for layer in known if layer.receptive_field is not None]
    assert sizes[0] <= sizes[-1]


def test_the_receptive_field_of_vgg16_is_that_of_the_literature() -> None:
    # Araujo, Norris and Sim (2019), table 1: 212 pixels at the last pooling.
    field = probe_of(vgg).layer("vgg16/block5_pool").receptive_field
    assert field is not None
    assert (field.size_px, field.jump_px) == ((212, 212), (32, 32))
