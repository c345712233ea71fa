"""The networks that can be trained, and networks from elsewhere that must open unchanged."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest
from built_networks import finished, photo_base, photos, trainable
from keras import layers
from model_matrix import with_seeded_weights

from cnn_core import architectures, backend
from cnn_core.architectures import ARCHITECTURES, Architecture, Plan, architecture_named, stacks, transfer
from cnn_core.architectures.photo_cnn import LINE_HEADS, PHOTO, folded, photo_cnn
from cnn_core.errors import DataError
from cnn_core.probe.probe import Probe

PHOTO_CNN_WEIGHTS = 1_467_569  # of the bundled network


CONVOLUTIONAL = (keras.layers.Conv2D, keras.layers.MaxPooling2D)


# The same stack with few filters.
SMALL = replace(PHOTO, blocks=((4,), (5,), (6, 6), (7, 7), (8, 8)))


def test_the_finished_network_is_convolutions_pooling_and_one_sigmoid_unit() -> None:
    model = photo_cnn(Plan(size_px=144))
    kinds = [type(layer).__name__ for layer in model.layers if isinstance(layer, layers.Layer)]
    assert sorted(set(kinds)) == ["Conv2D", "Dense", "GlobalAveragePooling2D", "InputLayer", "MaxPooling2D"]
    assert kinds.count("Conv2D") == sum(map(len, PHOTO.blocks))
    assert model.output_shape == (None, 1)
    assert model.count_params() == PHOTO_CNN_WEIGHTS


def test_black_and_white_become_minus_one_and_one() -> None:
    low, high = PHOTO.preprocessing.bounds()
    np.testing.assert_allclose([low[0], high[0]], [-1, 1], atol=1e-6)


def test_folding_keeps_the_answers_of_the_training_form() -> None:
    trained = with_seeded_weights(photo_cnn(Plan(size_px=None, dropout=0.3), for_training=True, stack=SMALL))
    before = [weight.copy() for weight in trained.get_weights()]
    finished = folded(trained, Plan(size_px=32), stack=SMALL)
    x = photos(32)
    logits = trained.predict_on_batch(x)
    probabilities = finished.predict_on_batch(x)
    np.testing.assert_allclose(probabilities, 1 / (1 + np.exp(-logits.astype(np.float64))), atol=1e-4)
    np.testing.assert_allclose(Probe(finished).scores(x)[0][:, 1:], logits, atol=1e-4, rtol=1e-4)
    assert logits.std() > 0.01
    for old, new in zip(before, trained.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_several_heads_are_trained_side_by_side_and_finished_apart() -> None:
    stack = replace(LINE_HEADS, blocks=((4,), (5, 6)))
    plan = Plan(size_px=28, classes=6, heads=(("angle", 3), ("colour", 2)))
    trained = with_seeded_weights(photo_cnn(plan, for_training=True, stack=stack))
    finished = folded(trained, plan, stack=stack)
    assert (trained.output_shape, finished.output_names) == ((None, 4), ["angle", "colour"])
    logits = trained.predict_on_batch(photos(28)).astype(np.float64)
    angle, colour = finished.predict_on_batch(photos(28))
    exponents = np.exp(logits[:, :3])
    np.testing.assert_allclose(angle, exponents / exponents.sum(axis=1, keepdims=True), atol=1e-4)
    np.testing.assert_allclose(colour[:, 0], 1 / (1 + np.exp(-logits[:, 3])), atol=1e-4)


def test_folding_a_network_of_mixed_precision_gives_one_of_full_precision() -> None:
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        trained = with_seeded_weights(photo_cnn(Plan(size_px=None), for_training=True, stack=SMALL))
        finished = folded(trained, Plan(size_px=32), stack=SMALL)
        probe = Probe(finished)
    finally:
        keras.config.set_dtype_policy(policy)
    assert {layer.compute_dtype for layer in finished.layers} == {"float32"}
    p = finished.predict_on_batch(photos(32))
    (head,), (scores,) = probe.heads, probe.scores(photos(32))
    np.testing.assert_allclose(head.probabilities(scores)[:, 1:], p, atol=1e-6)


def test_every_layer_of_the_finished_network_can_be_looked_at() -> None:
    probe = Probe(photo_cnn(Plan(size_px=32), stack=SMALL), class_names=("cats", "dogs"))
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


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("key", ["lecture_cnn", "article_cnn", "report_cnn"])
def test_the_form_that_is_trained_has_the_weights_of_the_one_that_is_kept(key: str, policy: str) -> None:
    with backend.dtype_policy(policy):
        trained = trainable(key, dropout=0.5, size_px=64)
    kept = finished(key, dropout=0.5, size_px=64)
    assert [w.shape for w in trained.get_weights()] == [w.shape for w in kept.get_weights()]
    assert trained.count_params() == kept.count_params()


def parameters(model: keras.Model) -> list[int]:
    """Of the layers that have any."""
    return [layer.count_params() for layer in model.layers if layer.count_params()]


def widths(model: keras.Model) -> list[int]:
    """Of the maps after each convolution and pooling."""
    return [layer.output.shape[2] for layer in model.layers if isinstance(layer, CONVOLUTIONAL)]


def test_the_lecture_has_the_parameters_and_maps_of_row_a5() -> None:
    model = finished("lecture_cnn")
    assert parameters(model) == [448, 4_640, 18_496, 10_617_344, 513]
    assert model.count_params() == 10_641_441
    assert widths(model) == [150, 75, 75, 37, 37, 18]


def test_the_article_has_the_layers_of_row_b4() -> None:
    model = finished("article_cnn", dropout=0.5)
    # 9 * 9 * 128 = 10,368 values after the fourth pooling; every number by hand.
    expected = [
        3 * 9 * 32 + 32,
        32 * 9 * 64 + 64,
        64 * 9 * 128 + 128,
        128 * 9 * 128 + 128,
        10_368 * 512 + 512,
        513,
    ]
    assert parameters(model) == expected
    assert widths(model) == [150, 75, 75, 37, 37, 18, 18, 9]


def test_the_report_has_the_parameters_and_maps_of_row_c2() -> None:
    model = finished("report_cnn")
    assert parameters(model) == [896, 18_496, 73_856, 147_584, 3_211_776, 513]
    assert model.count_params() == 3_453_121
    assert widths(model) == [148, 74, 72, 36, 34, 17, 15, 7]
    assert model.get_layer("flatten").output.shape == (None, 6272)


@pytest.mark.parametrize("key", ["lecture_cnn", "article_cnn", "report_cnn"])
def test_convolutions_and_the_hidden_layer_of_the_documents_end_in_relu(key: str) -> None:
    model = finished(key, dropout=0.5, size_px=64)
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D):
            assert layer.kernel_size == (3, 3)
        if isinstance(layer, layers.Conv2D) or layer.name == "hidden":
            assert layer.activation is keras.activations.relu


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("key", ["lecture_cnn", "article_cnn", "report_cnn", "photo_cnn", "transfer"])
def test_a_finished_network_answers_the_probabilities_of_the_trained_ones_logits(
    key: str, classes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stacks, "HIDDEN_UNITS", 8)
    monkeypatch.setattr(
        architectures, "ARCHITECTURES", (*ARCHITECTURES[:3], SMALL.architecture(), transfer.ARCHITECTURE)
    )
    monkeypatch.setattr(transfer, "pretrained_base", photo_base)
    monkeypatch.setattr(transfer, "untrained_base", photo_base)
    plan = Plan(size_px=48, classes=classes, dropout=0.5, base="MobileNetV2")
    trained = with_seeded_weights(architecture_named(key).for_training(plan))
    before = [weight.copy() for weight in trained.get_weights()]
    finished = architecture_named(key).finished(trained, plan)
    x = photos(48)
    logits = trained.predict_on_batch(x).astype(np.float64)
    logits = logits if classes > 2 else np.concatenate([np.zeros_like(logits), logits], axis=1)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    answered = finished.predict_on_batch(x)
    assert answered.shape == (3, 1 if classes == 2 else classes)
    np.testing.assert_allclose(answered, expected[:, 1:] if classes == 2 else expected, atol=1e-4)
    assert expected.std() > 0.001
    for old, new in zip(before, trained.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    ("key", "smallest_px"), [("lecture_cnn", 8), ("article_cnn", 16), ("report_cnn", 46)]
)
def test_pictures_too_small_for_so_many_poolings_are_refused(key: str, smallest_px: int) -> None:
    """By hand for the report: 46 gives 44, 22, 20, 10, 8, 4, 2 and 1."""
    assert widths(trainable(key, size_px=smallest_px))[-1] == 1
    with pytest.raises(DataError, match=f"larger pictures for {key}.*Received: {smallest_px - 1} px"):
        trainable(key, size_px=smallest_px - 1)


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda architecture: architecture.key)
def test_an_architecture_takes_the_smallest_pictures_that_it_names_and_no_smaller_ones(
    architecture: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "pretrained_base", transfer.untrained_base)

    def answered(size_px: int) -> np.ndarray:
        model = architecture.for_training(Plan(size_px=size_px, base="MobileNetV2"))
        return model.predict_on_batch(photos(size_px, count=1)[..., : architecture.channels])

    assert np.isfinite(answered(architecture.smallest_px)).all()
    # The reflection of one pixel is refused by TensorFlow, and not before it computes.
    with pytest.raises(Exception, match=r"larger pictures|at least 32x32|paddings must be less than"):
        answered(architecture.smallest_px - 1)


@pytest.mark.parametrize("name", list(transfer.BASES))
def test_no_base_is_built_for_smaller_pictures(name: str) -> None:
    with pytest.raises(ValueError, match="at least 32x32"):
        transfer.untrained_base(name, transfer.SMALLEST_PX - 1)


def test_a_network_that_flattens_needs_a_size() -> None:
    with pytest.raises(DataError, match="report_cnn flattens its maps"):
        trainable("report_cnn", size_px=None)


def test_networks_of_any_size_are_those_without_flatten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "pretrained_base", photo_base)
    monkeypatch.setattr(transfer, "untrained_base", photo_base)
    for architecture in ARCHITECTURES:
        model = architecture.for_training(Plan(size_px=64, base="MobileNetV2"))
        flattens = any(isinstance(layer, layers.Flatten) for layer in model.layers)
        assert architecture.any_size != flattens


def test_an_unknown_network_is_refused_with_those_there_are() -> None:
    with pytest.raises(DataError, match=r"lecture_cnn, .*transfer, .*Received: 'vgg'"):
        architecture_named("vgg")
