"""The networks that can be trained, and networks from elsewhere that must open unchanged."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest
from keras import layers
from model_matrix import with_seeded_weights

from cnn_core import architectures, backend
from cnn_core.architectures import PHOTO_CNN_BLOCKS, PHOTO_CNN_PREPROCESSING, folded, photo_cnn
from cnn_core.probe import Probe


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same stack with few filters."""
    monkeypatch.setattr(architectures, "PHOTO_CNN_BLOCKS", ((4,), (5,), (6, 6), (7, 7), (8, 8)))


def photos(size_px: int, count: int = 3) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (count, size_px, size_px, 3)).astype(np.float32)


def test_the_finished_network_is_convolutions_pooling_and_one_sigmoid_unit() -> None:
    model = photo_cnn(144)
    kinds = [type(layer).__name__ for layer in model.layers if isinstance(layer, layers.Layer)]
    assert sorted(set(kinds)) == ["Conv2D", "Dense", "GlobalAveragePooling2D", "InputLayer", "MaxPooling2D"]
    assert kinds.count("Conv2D") == sum(map(len, PHOTO_CNN_BLOCKS))
    assert model.output_shape == (None, 1)
    assert model.count_params() * 4 < 20e6


def test_black_and_white_become_minus_one_and_one() -> None:
    low, high = PHOTO_CNN_PREPROCESSING.bounds()
    np.testing.assert_allclose([low[0], high[0]], [-1, 1], atol=1e-6)


@pytest.mark.usefixtures("small_blocks")
def test_folding_keeps_the_answers_of_the_training_form() -> None:
    trained = with_seeded_weights(photo_cnn(None, dropout=0.3, for_training=True))
    before = [weight.copy() for weight in trained.get_weights()]
    finished = folded(trained, 32)
    x = photos(32)
    logits = trained.predict_on_batch(x)
    probabilities = finished.predict_on_batch(x)
    np.testing.assert_allclose(probabilities, 1 / (1 + np.exp(-logits.astype(np.float64))), atol=1e-4)
    np.testing.assert_allclose(Probe(finished).scores(x)[0][:, 1:], logits, atol=1e-4, rtol=1e-4)
    assert logits.std() > 0.01
    for old, new in zip(before, trained.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.usefixtures("small_blocks")
def test_folding_a_network_of_mixed_precision_gives_one_of_full_precision() -> None:
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        finished = folded(with_seeded_weights(photo_cnn(None, for_training=True)), 32)
        probe = Probe(finished)
    finally:
        keras.config.set_dtype_policy(policy)
    assert {layer.compute_dtype for layer in finished.layers} == {"float32"}
    p = finished.predict_on_batch(photos(32))
    (head,), (scores,) = probe.heads, probe.scores(photos(32))
    np.testing.assert_allclose(head.probabilities(scores)[:, 1:], p, atol=1e-6)


@pytest.mark.usefixtures("small_blocks")
def test_every_layer_of_the_finished_network_can_be_looked_at() -> None:
    probe = Probe(photo_cnn(32), class_names=("cats", "dogs"))
    assert probe.heads[0].kind == "binary"
    assert probe.heads[0].class_names == ("cats", "dogs")
    assert probe.default_cam_layer() == "block5_conv2"
    for layer in probe.layers:
        if layer.convolution:
            assert probe.unit_node(layer.name).name == layer.name
            assert layer.activation == "relu"


def test_fused_batch_normalisation_trains_like_the_layer_of_keras() -> None:
    rng = np.random.default_rng(0)
    fused, plain = backend.FusedBatchNormalization(momentum=0.9), layers.BatchNormalization(momentum=0.9)
    for _ in range(3):
        x = rng.normal(2, 3, (8, 6, 5, 4)).astype(np.float32)
        np.testing.assert_allclose(fused(x, training=True), plain(x, training=True), atol=1e-4)
    np.testing.assert_allclose(fused.moving_mean, plain.moving_mean, atol=1e-5)
    # TensorFlow's kernel keeps the variance of the population (n / (n - 1)), Keras that of the batch.
    np.testing.assert_allclose(fused.moving_variance, plain.moving_variance, rtol=0.01)
    np.testing.assert_allclose(fused(x, training=False), plain(x, training=False), atol=0.02)


# ---- Networks of keras.applications, with random weights: nothing is downloaded ----


def mobile_net() -> keras.Model:
    return keras.applications.MobileNetV2((64, 64, 3), alpha=0.35, weights=None, classes=5)


def vgg() -> keras.Model:
    base = keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3), pooling="avg")
    return keras.Sequential([layers.Input((32, 32, 3)), base, layers.Dense(2, "softmax", name="answer")])


def res_net() -> keras.Model:
    return keras.applications.ResNet50V2(weights=None, input_shape=(64, 64, 3), classes=4)


def dense_net() -> keras.Model:
    return keras.applications.DenseNet121(weights=None, input_shape=(32, 32, 3), classes=4)


def efficient_net() -> keras.Model:
    return keras.applications.EfficientNetB0(weights=None, input_shape=(32, 32, 3), classes=4)


APPLICATIONS = {
    mobile_net: (5, "out_relu", "Conv_1"),
    vgg: (2, "vgg16/block5_conv3", "vgg16/block5_conv3"),  # its last pooling leaves one cell of 32 pixels
    res_net: (4, "post_relu", "conv1_conv"),
}


@pytest.mark.parametrize("build", list(APPLICATIONS), ids=lambda build: build.__name__)
def test_a_known_network_opens_and_answers_without_any_change(build: Callable[[], keras.Model]) -> None:
    classes, cam_layer, convolution = APPLICATIONS[build]
    model = build()
    probe = Probe(model)
    assert probe.heads[0].kind == "softmax"
    assert len(probe.heads[0].class_names) == classes
    assert probe.default_cam_layer() == cam_layer
    assert probe.layer(convolution).convolution
    assert len({layer.title for layer in probe.layers}) == len(probe.layers)
    x = np.random.default_rng(0).uniform(-1, 1, (1, *probe.input_shape)).astype(np.float32)
    (scores,) = probe.scores(x)
    expected = np.asarray(model(x, training=False))
    np.testing.assert_allclose(probe.heads[0].probabilities(scores), expected, atol=1e-5)
    answer = probe.layer_gradient(x, cam_layer, head=0, class_index=0)
    assert np.isfinite(answer.gradients).all()
    assert answer.gradients.any()


def test_all_layers_of_a_known_network_are_computed_at_once() -> None:
    probe = Probe(mobile_net())
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
    field = Probe(vgg()).layer("vgg16/block5_pool").receptive_field
    assert field is not None
    assert (field.size_px, field.jump_px) == ((212, 212), (32, 32))
