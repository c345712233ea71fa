"""Units of layers: a convolution with what follows it; the layer for heat maps; the constant of a head."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers
from model_matrix import Entry, entry_named
from opened_models import matrix, opened, resized_unit

from cnn_core.attribution import GRAD_CAM, SALIENCY
from cnn_core.probe.probe import Probe
from cnn_core.probe.units import unit_tensor
from cnn_core.targets import fitting_layers


def unit_of(model: keras.Model, name: str) -> tuple[str, str | None]:
    node = Probe(model).unit_node(name)
    return node.name, node.activation


def test_a_convolution_with_its_activation_as_argument_is_its_own_unit() -> None:
    entry = entry_named("functional")
    model, x = entry.model(), entry.inputs()
    assert unit_of(model, "conv1") == ("conv1", "relu")
    before = Probe(model).before_activation(x, "conv1")
    assert before.min() < 0
    np.testing.assert_allclose(np.maximum(before, 0), Probe(model).activations(x)["conv1"], atol=1e-6)


def test_the_unit_of_convolution_normalisation_relu_ends_with_the_relu() -> None:
    entry = entry_named("batch_normalisation")
    model, x = entry.model(), entry.inputs()
    probe = Probe(model)
    assert unit_of(model, "conv1") == ("relu1", "relu")
    assert unit_of(model, "norm2") == ("relu2", "relu")
    np.testing.assert_array_equal(probe.before_activation(x, "conv1"), probe.activations(x)["norm1"])


def test_the_unit_of_a_bare_relu_operation_is_found_too() -> None:
    assert unit_of(entry_named("operators_and_bare_operations").model(), "conv1")[1] == "relu"


def test_a_convolution_whose_result_branches_or_is_added_is_its_own_unit() -> None:
    entry = entry_named("residual_add")
    model, x = entry.model(), entry.inputs()
    assert unit_of(model, "conv2") == ("conv2", None)
    np.testing.assert_array_equal(
        Probe(model).before_activation(x, "conv2"), Probe(model).activations(x)["conv2"]
    )


def test_the_unit_of_an_activation_layer_is_itself() -> None:
    assert unit_of(entry_named("many_activations").model(), "prelu") == ("prelu", "prelu")
    assert unit_of(entry_named("many_activations").model(), "conv3") == ("silu", "silu")


@matrix
def test_the_summary_of_units_is_the_mean_before_and_the_peak_after_the_non_linearity(entry: Entry) -> None:
    probe, x = opened(entry), entry.inputs()
    names = [layer.name for layer in probe.layers if layer.convolution]
    summary, activations = probe.unit_summary(x, names), probe.activations(x)
    assert list(summary) == names
    for name, (_, peak) in summary.items():
        after = activations[probe.unit_node(name).name]
        np.testing.assert_allclose(peak, after.max(axis=(1, 2)), atol=1e-5)
    mean = summary[names[0]][0]
    np.testing.assert_allclose(mean, probe.before_activation(x, names[0]).mean(axis=(1, 2)), atol=1e-5)


@matrix
def test_every_unit_can_be_computed_on_a_larger_canvas(entry: Entry) -> None:
    probe = opened(entry)
    names = [layer.name for layer in probe.layers if layer.convolution]
    for name in names:
        inputs, unit = resized_unit(probe, name, (26, 22))
        assert tuple(inputs.shape) == (None, 26, 22, entry.channels)
        own = unit_tensor(probe.unit_node(name))
        assert unit.shape[-1] == own.shape[-1]
        assert (
            unit.shape[1] is None or own.shape[1] is None or unit.shape[1] > own.shape[1] or own.shape[1] == 1
        )


def test_the_unit_on_a_canvas_of_the_models_own_size_is_the_same() -> None:
    entry = entry_named("softmax_as_layer")  # with a Flatten head, which takes no other size
    probe, x = opened(entry), entry.inputs()
    inputs, unit = resized_unit(probe, "conv1", entry.size_px)
    values = keras.Model(inputs, unit)(x)
    np.testing.assert_allclose(np.asarray(values), probe.before_activation(x, "conv1"), atol=1e-6)


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("sequential_never_called", "conv2"),
        ("batch_normalisation", "relu2"),
        ("residual_add", "out"),
        ("nested_model_with_two_inputs", "merge/sum"),
        ("squeeze_and_excitation", "gated"),
        ("augmentation_inside", "conv1"),
        ("softmax_after_convolution", "conv1"),
        ("nested_model_is_the_last_layer", "backbone/conv"),
    ],
)
def test_heat_maps_start_at_the_last_map_after_its_activation(name: str, layer: str) -> None:
    probe = Probe(entry_named(name).model())
    assert probe.default_cam_layer() == layer
    assert layer in [info.name for info in fitting_layers(GRAD_CAM, probe.outline)]
    assert fitting_layers(SALIENCY, probe.outline) == ()


def test_a_linear_convolution_at_the_end_is_not_passed_over() -> None:
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="early")(inputs)
    x = layers.Conv2D(4, 3, padding="same", name="late")(x)
    model = keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))
    assert Probe(model).default_cam_layer() == "late"


def test_heat_maps_start_before_the_last_pooling_and_never_at_the_output() -> None:
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="conv")(inputs)
    pooled = layers.MaxPooling2D(name="pool")(x)
    flat = layers.Dense(2)(layers.Flatten()(pooled))
    assert Probe(keras.Model(inputs, flat)).default_cam_layer() == "conv"
    picture = layers.Activation("sigmoid")(layers.Conv2D(3, 1, name="picture")(pooled))
    assert Probe(keras.Model(inputs, picture)).default_cam_layer() == "conv"


def test_a_model_without_maps_has_no_layer_for_heat_maps() -> None:
    model = keras.Sequential([layers.Input((8, 8, 3)), layers.Flatten(), layers.Dense(2)])
    assert Probe(model).default_cam_layer() is None


def silence(entry: str, size: tuple[int, int, int]) -> np.ndarray | None:
    """The scores of a network of the matrix where its second convolution gives nothing."""
    return Probe(entry_named(entry).model()).scores_behind("conv2", np.zeros((1, *size), np.float32), head=0)


def test_the_score_of_silence_under_a_linear_head_is_its_bias() -> None:
    bias = entry_named("functional").model().get_layer("answer").get_weights()[1]
    scores = silence("functional", (4, 3, 5))
    assert scores is not None
    np.testing.assert_allclose(scores[0], [-bias[0], bias[0]], atol=1e-6)


def test_there_is_no_score_of_silence_beside_a_skip_connection() -> None:
    assert silence("residual_add", (12, 10, 4)) is None
