"""A model laid flat: its nodes, their order, their names, and where the non-linearity is."""

from __future__ import annotations

import functools
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from model_matrix import MATRIX, Entry, entry_named

from cnn_core.backend import FusedBatchNormalization
from cnn_core.probe.flat_graph import FlatGraph, Node, flat_graph, passes_through


@functools.cache
def opened(entry: Entry) -> tuple[keras.Model, FlatGraph]:
    """A model and its graph, shared by the tests that only look."""
    model = entry.model()
    return model, flat_graph(model)


matrix = pytest.mark.parametrize("entry", MATRIX, ids=str)


def graph_of(name: str) -> FlatGraph:
    return opened(entry_named(name))[1]


def node_of(graph: FlatGraph, name: str) -> Node:
    return next(node for node in graph.nodes if node.name == name)


def calls(model: keras.Model) -> int:
    """How many results the layers and operations of a model give, those of nested models included."""
    if isinstance(model, keras.Sequential):
        return sum(calls(part) if isinstance(part, keras.Model) else 1 for part in model.layers)
    nodes = [node for group in model._nodes_by_depth.values() for node in group if not node.is_input]
    return sum(
        calls(n.operation) if isinstance(n.operation, keras.Model) else len(n.output_tensors) for n in nodes
    )


@matrix
def test_every_result_of_a_layer_is_one_node_in_the_order_of_computation(entry: Entry) -> None:
    model, graph = opened(entry)
    names = [node.name for node in graph.nodes]
    assert len(names) == len(set(names)) == calls(model)
    assert graph.producer(graph.input) is None
    known = {id(graph.input)}
    for node in graph.nodes:
        assert node.inputs
        assert all(id(tensor) in known for tensor in node.inputs), node.name
        assert graph.producer(node.output) is node
        assert all(any(node.output is x for x in other.inputs) for other in graph.consumers(node))
        known.add(id(node.output))
    assert all(id(tensor) in known for tensor in graph.outputs)


@matrix
def test_the_nodes_share_the_models_own_weights_and_get_the_same_names_again(entry: Entry) -> None:
    model, graph = opened(entry)
    own = {id(variable) for variable in model.weights}
    used = {id(variable) for node in graph.nodes for variable in getattr(node.operation, "weights", [])}
    assert used == own
    second = flat_graph(model)
    assert [node.name for node in graph.nodes] == [node.name for node in second.nodes]
    assert graph.output_names == second.output_names


def test_nested_layers_carry_the_names_of_the_models_around_them() -> None:
    names = [node.name for node in graph_of("nested_two_deep").nodes]
    assert names[1:6] == [
        "middle/conv",
        "middle/relu",
        "middle/inner/deep_conv",
        "middle/inner/deep_norm",
        "middle/pool",
    ]
    assert [node.name for node in graph_of("nested_model_called_twice").nodes][:2] == [
        "inner/conv",
        "inner@2/conv",
    ]


def test_outputs_are_named_by_key_or_by_layer_and_never_twice() -> None:
    assert graph_of("functional").output_names == ("answer",)
    assert graph_of("sequential_never_called").output_names == ("answer",)
    assert graph_of("two_outputs_as_list").output_names == ("furry", "species")
    assert graph_of("two_outputs_as_dict").output_names == ("species", "weight")
    assert graph_of("outputs_from_the_middle").output_names == ("inner/early", "inner/late")


AS_ARGUMENT = [
    ("functional", "conv1", "relu"),
    ("functional", "answer", "sigmoid"),
    ("separable_and_depthwise", "separable", "relu"),
    ("separable_and_depthwise", "depthwise", "relu"),
    ("upsampling_and_transposed", "transposed", "relu"),
    ("many_activations", "gelu", "gelu"),
    ("many_activations", "layer_as_argument", "relu"),
]
AS_LAYER = [
    ("batch_normalisation", "relu1", "relu"),
    ("batch_normalisation", "relu2", "relu"),
    ("separable_and_depthwise", "relu6", "relu"),
    ("many_activations", "leaky", "leakyrelu"),
    ("many_activations", "prelu", "prelu"),
    ("many_activations", "silu", "silu"),
    ("softmax_as_layer", "answer", "softmax"),
    ("sigmoid_as_layer", "answer", "sigmoid"),
]


@pytest.mark.parametrize(("model", "name", "activation"), AS_ARGUMENT + AS_LAYER)
def test_what_enters_a_non_linearity_is_known_whether_it_is_an_argument_or_a_layer(
    model: str, name: str, activation: str
) -> None:
    node = node_of(graph_of(model), name)
    assert node.activation == activation
    assert node.before_activation is not None
    assert node.before_activation is not node.output
    assert (node.before_activation is node.inputs[0]) is ((model, name, activation) in AS_LAYER)


def test_bare_operations_are_non_linearities_too() -> None:
    nodes = graph_of("operators_and_bare_operations").nodes
    assert [node.activation for node in nodes if node.activation] == ["relu", "relu", "softmax"]


def test_layers_without_a_non_linearity_have_none() -> None:
    graph = graph_of("many_activations")
    for name in ("conv1", "linear"):
        assert node_of(graph, name).activation is None
        assert node_of(graph, name).before_activation is None


def test_what_changes_nothing_outside_training_passes_through() -> None:
    graph = graph_of("augmentation_inside")
    transient = [node.kind for node in graph.nodes if passes_through(node)]
    assert transient == ["RandomFlip", "RandomRotation", "RandomZoom", "GaussianNoise", "Dropout"]
    assert passes_through(node_of(graph_of("many_activations"), "linear"))
    x = np.random.default_rng(0).normal(size=(1, 12, 10, 3)).astype(np.float32)
    noise = layers.GaussianNoise(1.0)
    np.testing.assert_array_equal(np.asarray(noise(x, training=False)), x)


def test_a_class_derived_from_a_keras_layer_belongs_to_its_family() -> None:
    inputs = keras.Input((8, 8, 3))
    x = FusedBatchNormalization(name="norm")(layers.Conv2D(2, 3)(inputs))
    node = node_of(flat_graph(keras.Model(inputs, layers.ReLU()(x))), "norm")
    assert (node.kind, node.family) == ("FusedBatchNormalization", "batchnormalization")


def same_answers(model: keras.Model) -> FlatGraph:
    """The graph of a model of 6 x 6 grey pixels, which computes what the model does."""
    graph = flat_graph(model)
    x = np.random.default_rng(0).normal(size=(1, 6, 6, 1)).astype(np.float32)
    flat = keras.Model(graph.input, graph.outputs[0])(x)
    np.testing.assert_allclose(np.asarray(flat), np.asarray(model(x)), atol=1e-6)
    return graph


def test_a_layer_of_somebodys_own_is_not_taken_apart() -> None:
    class Doubled(layers.Conv2D):
        def call(self, inputs: Any) -> Any:
            return 2 * super().call(inputs)

    inputs = keras.Input((6, 6, 1))
    model = keras.Model(inputs, Doubled(2, 3, activation="sigmoid", name="doubled")(inputs))
    assert same_answers(model).nodes[0].before_activation is None


def test_a_subclassed_model_inside_is_one_layer() -> None:
    class Inside(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="inside")
            self.conv = layers.Conv2D(2, 3, activation="relu")

        def call(self, inputs: Any) -> Any:
            return self.conv(inputs)

    inputs = keras.Input((6, 6, 1))
    model = keras.Model(inputs, layers.Flatten(name="flat")(Inside()(inputs)))
    assert [node.name for node in same_answers(model).nodes] == ["inside", "flat"]


def test_an_activation_split_off_computes_in_the_precision_of_its_layer() -> None:
    inputs = keras.Input((6, 6, 1))
    x = layers.Conv2D(2, 3, activation="relu", dtype="mixed_bfloat16", name="conv")(inputs)
    model = keras.Model(
        inputs, layers.Dense(1, "sigmoid", dtype="float32", name="answer")(layers.Flatten()(x))
    )
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        graph = flat_graph(model)
    finally:
        keras.config.set_dtype_policy(before)
    assert node_of(graph, "conv").output.dtype == "bfloat16"
    assert node_of(graph, "answer").output.dtype == "float32"


def test_a_penalty_on_activity_is_not_added_to_the_model_by_asking() -> None:
    entry = entry_named("penalised_weights_and_activity")
    model = entry.model()
    graph = flat_graph(model)
    keras.Model(graph.input, graph.outputs[0])(entry.inputs())
    assert model.get_layer("conv1")._losses == []
    assert model.get_layer("conv1").activity_regularizer is not None


@pytest.mark.parametrize("size", [(20, 16), (40, 30)])
def test_a_flatten_head_does_not_hinder_another_size_before_it(size: tuple[int, int]) -> None:
    model = entry_named("sequential_never_called").model()
    graph = flat_graph(model, input_size=size, until="conv2")
    assert [node.name for node in graph.nodes] == ["conv1", "pool1", "conv2"]
    assert graph.input.shape == (None, *size, 3)
    assert graph.nodes[-1].output.shape[1:3] == ((size[0] - 2) // 2, (size[1] - 2) // 2)


def test_another_size_behind_a_flatten_head_is_an_error() -> None:
    with pytest.raises(ValueError, match="incompatible with the layer"):
        flat_graph(entry_named("sequential_never_called").model(), input_size=(20, 16))


def test_a_walk_ends_inside_nested_models_too() -> None:
    graph = flat_graph(
        entry_named("nested_two_deep").model(), input_size=(30, 30), until="middle/inner/deep_conv"
    )
    assert graph.nodes[-1].name == "middle/inner/deep_conv"
    assert graph.nodes[-1].output.shape == (None, 30, 30, 4)
