"""The probe over the matrix of models, and against arithmetic done by hand."""

from __future__ import annotations

import functools
import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from model_matrix import MATRIX, Entry, entry_named

from cnn_core import backend
from cnn_core import probe as probe_module
from cnn_core.errors import ModelError, QuestionError
from cnn_core.flat_graph import flat_graph
from cnn_core.probe import Head, Probe, unit_tensor

matrix = pytest.mark.parametrize("entry", MATRIX, ids=str)


def predicted(model: keras.Model, inputs: np.ndarray) -> list[np.ndarray]:
    """What Keras itself answers, one array per output."""
    named = not isinstance(model, keras.Sequential) and isinstance(model.input, dict)
    batch = dict.fromkeys(model.input, inputs) if named else inputs
    return [np.asarray(y) for y in keras.tree.flatten(model.predict_on_batch(batch))]


def state_of(model: keras.Model) -> Any:
    """All that a careless analysis might leave behind in a model."""
    digest = hashlib.sha256(
        b"".join(np.ascontiguousarray(w).tobytes() for w in model.get_weights())
    ).hexdigest()
    parts = list(model._flatten_layers(include_self=True))
    return (
        digest,
        [(part.name, len(part._inbound_nodes), len(part._outbound_nodes), part.trainable) for part in parts],
        [getattr(part, "activation", None) for part in parts],
        [len(part._losses) for part in parts],
        model.to_json(),
    )


@functools.cache
def unasked(entry: Entry) -> tuple[Probe, Any, list[np.ndarray]]:
    """A probe, with its model's state and Keras' own predictions from before it was made."""
    model = entry.model()
    predictions = predicted(model, entry.inputs())
    state = state_of(model)
    return Probe(model), state, predictions


def opened(entry: Entry) -> Probe:
    """A probe of an entry's model, shared by the tests that only ask."""
    return unasked(entry)[0]


# ---- Scores ----


@matrix
def test_every_kind_of_model_opens_with_its_heads(entry: Entry) -> None:
    probe = opened(entry)
    assert tuple(head.kind for head in probe.heads) == entry.heads
    assert tuple(len(head.class_names) for head in probe.heads) == entry.classes
    assert len({head.name for head in probe.heads}) == len(probe.heads)


@matrix
def test_probabilities_from_the_scores_are_those_that_keras_predicts(entry: Entry) -> None:
    probe, _, predictions = unasked(entry)
    for head, scores, expected in zip(probe.heads, probe.scores(entry.inputs()), predictions, strict=True):
        got = scores if head.kind == "logits" else head.probabilities(scores)
        expected = np.hstack([1 - expected, expected]) if head.kind == "binary" else expected
        np.testing.assert_allclose(got, expected, atol=1e-5)
        assert scores.dtype == got.dtype == np.float32


@matrix
def test_scores_are_the_log_odds_of_the_predicted_probabilities(entry: Entry) -> None:
    probe, _, predictions = unasked(entry)
    for head, scores, expected in zip(probe.heads, probe.scores(entry.inputs()), predictions, strict=True):
        p = expected.astype(np.float64)
        if head.kind == "binary":
            np.testing.assert_allclose(scores[:, 1:], np.log(p / (1 - p)), atol=1e-5)
            np.testing.assert_array_equal(scores[:, 0], -scores[:, 1])
        elif head.kind == "multilabel":
            np.testing.assert_allclose(scores, np.log(p / (1 - p)), atol=1e-5)
        elif head.kind == "softmax":  # fixed by softmax up to a constant: differences of classes
            np.testing.assert_allclose(scores - scores[:, :1], np.log(p) - np.log(p[:, :1]), atol=1e-5)
        else:
            np.testing.assert_allclose(scores, p, atol=1e-5)


def test_a_confident_dog_keeps_its_score_where_the_probability_is_one() -> None:
    model = keras.Sequential([layers.Input((1, 1, 1)), layers.Flatten(), layers.Dense(1, "sigmoid")])
    model.set_weights([np.ones((1, 1)), np.zeros(1)])
    ((cats, dogs),) = Probe(model).scores(np.full((1, 1, 1, 1), 40, np.float32))[0]
    assert (cats, dogs) == (-40, 40)
    answer = Probe(model).input_gradient(np.full((1, 1, 1, 1), 40, np.float32), head=0, class_index=1)
    assert answer.gradients.item() == 1


def test_the_logits_of_a_softmax_head_are_what_enters_the_softmax() -> None:
    model = entry_named("softmax_as_layer").model()
    inputs = entry_named("softmax_as_layer").inputs()
    logits = keras.Model(model.input, model.get_layer("logits").output).predict_on_batch(inputs)
    np.testing.assert_allclose(Probe(model).scores(inputs)[0], logits, atol=1e-6)


def test_class_names_go_to_the_heads_that_they_fit() -> None:
    one = Probe(entry_named("functional").model(), class_names=("cats", "dogs"))
    assert one.heads[0].class_names == ("cats", "dogs")
    two = Probe(
        entry_named("two_outputs_as_list").model(),
        class_names={"species": ("cat", "dog", "fox"), "furry": ("bare", "furry")},
    )
    assert [head.class_names for head in two.heads] == [("bare", "furry"), ("cat", "dog", "fox")]
    named_by_key = Probe(
        entry_named("two_outputs_as_dict").model(), class_names={"species": ("cat", "dog", "fox")}
    )
    assert [head.class_names for head in named_by_key.heads] == [("cat", "dog", "fox"), ("value",)]
    assert Probe(entry_named("linear_units").model()).heads[0].class_names == (
        "class 0",
        "class 1",
        "class 2",
    )


def test_probabilities_of_huge_scores_stay_finite() -> None:
    scores = np.float32([[-500, 500], [500, -500]])
    binary = Head(name="h", kind="binary", class_names=("a", "b"))
    softmax = Head(name="h", kind="softmax", class_names=("a", "b"))
    for head in (binary, softmax):
        np.testing.assert_array_equal(head.probabilities(scores), [[0, 1], [1, 0]])


# ---- Activations ----


# All layers of these two lie in a nested model, which Keras cannot tap from outside.
NESTED_ONLY = ("nested_model_is_the_last_layer", "outputs_from_the_middle")


@pytest.mark.parametrize("entry", [e for e in MATRIX if e.name not in NESTED_ONLY], ids=str)
def test_activations_of_all_layers_are_those_of_a_model_built_by_hand(entry: Entry) -> None:
    model, inputs = opened(entry).model, entry.inputs()
    activations = opened(entry).activations(inputs)
    outputs = {layer.name: layer.output for layer in model.layers if not isinstance(layer, layers.InputLayer)}
    once = {name: y for name, y in outputs.items() if len(model.get_layer(name)._inbound_nodes) == 1}
    once = {name: y for name, y in once.items() if not isinstance(model.get_layer(name), keras.Model)}
    assert once
    by_hand = keras.Model(model.inputs, list(once.values()))([inputs], training=False)
    for name, expected in zip(once, by_hand, strict=True):
        np.testing.assert_allclose(activations[name], np.asarray(expected), atol=1e-5, err_msg=name)


@matrix
def test_activations_are_finite_and_named_like_the_layers(entry: Entry) -> None:
    probe = opened(entry)
    activations = probe.activations(entry.inputs())
    assert list(activations) == [layer.name for layer in probe.layers]
    for layer in probe.layers:
        values = activations[layer.name]
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
        assert all(
            side in (None, got) for side, got in zip(layer.output_shape, values.shape[1:], strict=True)
        )


def test_layers_two_models_deep_are_computed_where_they_stand() -> None:
    entry = entry_named("nested_two_deep")
    model, inputs = entry.model(), entry.inputs()
    x = model.layers[1](inputs)  # rescaled
    middle = model.get_layer("middle")
    for name in ("conv", "relu"):
        x = middle.get_layer(name)(x)
    x = middle.get_layer("inner").get_layer("deep_conv")(x)
    deep = Probe(model).activations(inputs, ["middle/inner/deep_conv"])["middle/inner/deep_conv"]
    np.testing.assert_allclose(deep, np.asarray(x), atol=1e-6)


def test_chosen_layers_come_alone_and_in_the_order_asked_for() -> None:
    entry = entry_named("functional")
    probe = opened(entry)
    chosen = probe.activations(entry.inputs(), ["conv2", "pool1"])
    assert list(chosen) == ["conv2", "pool1"]
    np.testing.assert_array_equal(chosen["pool1"], probe.activations(entry.inputs())["pool1"])


def test_both_calls_of_a_shared_layer_are_told_apart() -> None:
    entry = entry_named("shared_layer_called_twice")
    model, inputs = entry.model(), entry.inputs()
    shared = model.get_layer("shared")
    activations = Probe(model).activations(inputs)
    np.testing.assert_allclose(activations["shared"], np.asarray(shared(inputs)), atol=1e-6)
    np.testing.assert_allclose(activations["shared@2"], np.asarray(shared(shared(inputs))), atol=1e-6)


# ---- Gradients ----


@matrix
def test_the_gradient_of_every_head_is_the_slope_of_its_score(entry: Entry) -> None:
    probe, x = opened(entry), entry.inputs()
    rng = np.random.default_rng(1)
    direction = rng.normal(size=x.shape).astype(np.float32)
    direction /= np.linalg.norm(direction[0])
    step = np.float32(1e-2)
    for head, count in enumerate(entry.classes):
        slope = probe.input_gradient(x, head=head, class_index=count - 1).gradients
        up, down = (probe.scores(x + sign * step * direction)[head][0, count - 1] for sign in (1, -1))
        expected, got = (up - down) / (2 * step), float((slope[0] * direction[0]).sum())
        assert got == pytest.approx(expected, rel=0.05, abs=5e-3)


@matrix
def test_the_layer_gradient_predicts_the_score_behind_the_last_layer(entry: Entry) -> None:
    probe, x = opened(entry), entry.inputs()
    name = probe.default_cam_layer()
    assert name is not None
    for head, count in enumerate(entry.classes):
        for class_index in {0, count - 1}:
            answer = probe.layer_gradient(x, name, head=head, class_index=class_index)
            np.testing.assert_array_equal(answer.activations, probe.activations(x, [name])[name])
            np.testing.assert_allclose(answer.scores, probe.scores(x)[head], atol=1e-6)
            assert answer.gradients.shape == answer.activations.shape
            assert np.isfinite(answer.gradients).all()


@pytest.mark.parametrize("entry", [e for e in MATRIX if "binary" in e.heads], ids=str)
def test_evidence_for_cats_is_exactly_evidence_against_dogs(entry: Entry) -> None:
    probe, x = opened(entry), entry.inputs()
    head = entry.heads.index("binary")
    cats, dogs = (probe.input_gradient(x, head=head, class_index=i) for i in (0, 1))
    np.testing.assert_array_equal(cats.gradients, -dogs.gradients)
    assert dogs.gradients.any()


def test_gradients_of_a_net_with_known_weights_are_those_worked_out_by_hand() -> None:
    # z = 2 relu(3 a - b) - relu(a + b) + 5 with a, b the two channels, summed over two places.
    inputs = keras.Input((1, 2, 2))
    x = layers.Conv2D(2, 1, activation="relu", use_bias=False, name="conv")(inputs)
    z = layers.Dense(1, name="z")(layers.Flatten()(x))
    model = keras.Model(inputs, z)
    model.set_weights(
        [
            np.float32([[3, 1], [-1, 1]]).reshape(1, 1, 2, 2),
            np.float32([[2], [-1], [2], [-1]]),
            np.float32([5]),
        ]
    )
    photo = np.float32([[[[1, 2], [1, 4]]]])  # place 0: units 1, 3; place 1: units -1 -> 0, 5
    probe = Probe(model)
    at_input = probe.input_gradient(photo, head=0, class_index=0)
    np.testing.assert_array_equal(at_input.scores, [[2 * 1 - 3 + 0 - 5 + 5]])
    np.testing.assert_array_equal(at_input.gradients, [[[[6 - 1, -2 - 1], [-1, -1]]]])
    at_layer = probe.layer_gradient(photo, "conv", head=0, class_index=0)
    np.testing.assert_array_equal(at_layer.activations, [[[[1, 3], [0, 5]]]])
    np.testing.assert_array_equal(at_layer.gradients, [[[[2, -1], [2, -1]]]])


def test_each_picture_of_a_batch_has_the_gradient_that_it_has_alone() -> None:
    entry = entry_named("batch_normalisation")
    probe, x = opened(entry), entry.inputs(3)
    together = probe.layer_gradient(x, "relu1", head=0, class_index=1)
    for i in range(3):
        alone = probe.layer_gradient(x[i : i + 1], "relu1", head=0, class_index=1)
        np.testing.assert_allclose(together.gradients[i], alone.gradients[0], atol=1e-6)


def test_a_layer_behind_the_score_has_no_influence_on_it() -> None:
    entry = entry_named("functional")
    answer = opened(entry).layer_gradient(entry.inputs(), "answer", head=0, class_index=1)
    assert not answer.gradients.any()


# ---- What a question leaves behind ----


@matrix
def test_a_model_is_untouched_by_every_question(entry: Entry) -> None:
    probe, state, predictions = unasked(entry)
    x = entry.inputs()
    assert probe.layers
    probe.scores(x)
    probe.activations(x)
    probe.input_gradient(x, head=0, class_index=0)
    probe.layer_gradient(x, str(probe.default_cam_layer()), head=0, class_index=0)
    resized_unit(probe, probe.layers[0].name, (24, 20))
    assert state_of(probe.model) == state
    again = predicted(probe.model, x)
    assert [y.tobytes() for y in again] == [y.tobytes() for y in predictions]


@matrix
def test_the_same_question_gets_the_same_bytes(entry: Entry) -> None:
    x = entry.inputs()

    def answers(probe: Probe) -> list[bytes]:
        gradient = probe.input_gradient(x, head=0, class_index=0)
        return [
            array.tobytes() for array in (*probe.activations(x).values(), gradient.gradients, gradient.scores)
        ]

    first = answers(opened(entry))
    assert answers(opened(entry)) == first
    assert answers(Probe(opened(entry).model)) == first


def test_eight_threads_get_the_same_bytes_as_one() -> None:
    entry = entry_named("residual_add")
    alone, shared, x = Probe(entry.model()), Probe(entry.model()), entry.inputs()
    names = ["conv1", "conv2", "norm2", "sum", "out"]

    def ask(probe: Probe, turn: int) -> bytes:
        if turn % 3 == 0:
            return probe.activations(x, [names[turn % 5]])[names[turn % 5]].tobytes()
        if turn % 3 == 1:
            return probe.layer_gradient(x, names[turn % 5], head=0, class_index=turn % 3).gradients.tobytes()
        return probe.scores(x)[0].tobytes()

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda turn: ask(shared, turn), range(24)))
    assert together == [ask(alone, turn) for turn in range(24)]


def test_threads_may_build_probes_at_the_same_time() -> None:
    entries = [
        entry_named(name) for name in ("nested_two_deep", "residual_add", "functional", "concatenation")
    ]
    models = [entry.model() for entry in entries]
    with ThreadPoolExecutor(4) as pool:
        scores = list(pool.map(lambda i: Probe(models[i]).scores(entries[i].inputs())[0].tobytes(), range(4)))
    alone = [Probe(entry.model()).scores(entry.inputs())[0].tobytes() for entry in entries]
    assert scores == alone


def traces(graph: Any) -> int:
    function = graph._forward if isinstance(graph, backend.Graph) else graph._gradient
    return int(function.experimental_get_tracing_count())


def test_a_graph_is_compiled_once_and_reused() -> None:
    entry = entry_named("functional")
    probe = Probe(entry.model())
    for turn in range(3):
        x = entry.inputs() + np.float32(turn)
        probe.activations(x)
        probe.scores(x)
        for class_index in (0, 1):
            probe.layer_gradient(x, "conv2", head=0, class_index=class_index)
    assert len(probe._compiled) == 3
    assert [traces(graph) for graph in probe._compiled.values()] == [1, 1, 1]


def test_the_number_of_compiled_graphs_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe_module, "MAX_COMPILED_GRAPHS", 3)
    entry = entry_named("size_none")
    probe = Probe(entry.model())
    expected = probe.scores(entry.inputs(1))[0]
    for size in range(8, 13):
        probe.scores(np.zeros((1, size, size, 3), np.float32))
    assert sum(traces(graph) for graph in probe._compiled.values()) == 3
    np.testing.assert_array_equal(probe.scores(entry.inputs(1))[0], expected)


# ---- What is refused ----


def test_a_model_with_two_inputs_is_refused_with_a_way_out() -> None:
    a, b = keras.Input((8, 8, 3)), keras.Input((8, 8, 3))
    with pytest.raises(ModelError, match=r"Expected a model with one input\. Received: 2 inputs"):
        Probe(keras.Model([a, b], layers.Add()([a, b])))


def test_a_subclassed_model_is_refused() -> None:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.conv = layers.Conv2D(2, 3)

        def call(self, inputs: Any) -> Any:
            return self.conv(inputs)

    model = Own()
    with pytest.raises(ModelError, match="Received: Own, a subclassed model"):
        Probe(model)
    model(np.zeros((1, 8, 8, 3), np.float32))
    with pytest.raises(ModelError, match="Received: Own, a subclassed model"):
        Probe(model)


def test_a_sequential_model_never_built_is_refused_with_a_way_out() -> None:
    with pytest.raises(ModelError, match=r"never built\. Call model\.build"):
        Probe(keras.Sequential([layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(1)]))


@pytest.mark.parametrize("shape", [(16,), (8, 8), (8, 8, 8, 3), (8, 8, None)])
def test_a_model_of_something_else_than_pictures_is_refused(shape: tuple[int | None, ...]) -> None:
    inputs = keras.Input(shape)
    with pytest.raises(ModelError, match="Expected a picture input"):
        Probe(keras.Model(inputs, layers.Activation("relu")(inputs)))


def test_channels_first_is_refused_by_the_name_of_the_layer() -> None:
    inputs = keras.Input((8, 8, 3))
    x = layers.GlobalAveragePooling2D(data_format="channels_first", name="mean")(inputs)
    with pytest.raises(ModelError, match="'channels_first' in layer 'mean'"):
        Probe(keras.Model(inputs, layers.Dense(1)(x)))


@pytest.mark.parametrize(
    "ask",
    [
        lambda p, x: p.layer("conv9"),
        lambda p, x: p.activations(x, ["conv9"]),
        lambda p, x: p.before_activation(x, "conv9"),
        lambda p, x: p.layer_gradient(x, "conv9", head=0, class_index=0),
        lambda p, x: p.unit_node("conv9"),
        lambda p, x: p.unit_summary(x, ["conv9"]),
    ],
)
def test_an_unknown_layer_is_refused_with_those_that_exist(ask: Any) -> None:
    entry = entry_named("functional")
    with pytest.raises(QuestionError, match=r"Received: 'conv9'\. Choose one of .*'conv1'"):
        ask(opened(entry), entry.inputs())


@pytest.mark.parametrize(("head", "class_index"), [(1, 0), (-1, 0), (0, 2), (0, -1)])
def test_an_unknown_head_or_class_is_refused(head: int, class_index: int) -> None:
    entry = entry_named("functional")
    probe = opened(entry)
    with pytest.raises(QuestionError, match=r"Expected an? (output|class) from 0 to"):
        probe.input_gradient(entry.inputs(), head=head, class_index=class_index)


@pytest.mark.parametrize("shape", [(1, 12, 10, 1), (1, 12, 11, 3), (12, 10, 3), (1, 1, 12, 10, 3)])
def test_inputs_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    probe = Probe(entry_named("functional").model())
    with pytest.raises(QuestionError, match=r"Expected inputs of shape \(n, \*\(12, 10, 3\)\)\. Received: "):
        probe.scores(np.zeros(shape, np.float32))


# ---- Units ----


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


def resized_unit(probe: Probe, name: str, size: tuple[int, int]) -> tuple[Any, Any]:
    """Symbolic input of another size, and a layer's units before their non-linearity."""
    graph = flat_graph(probe.model, input_size=size, until=probe.unit_node(name).name)
    return graph.input, unit_tensor(graph.nodes[-1])


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


# ---- The layer for heat maps ----


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
    assert Probe(entry_named(name).model()).default_cam_layer() == layer


def test_a_linear_convolution_at_the_end_is_not_passed_over() -> None:
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="early")(inputs)
    x = layers.Conv2D(4, 3, padding="same", name="late")(x)
    model = keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))
    assert Probe(model).default_cam_layer() == "late"


def test_a_model_without_maps_has_no_layer_for_heat_maps() -> None:
    model = keras.Sequential([layers.Input((8, 8, 3)), layers.Flatten(), layers.Dense(2)])
    assert Probe(model).default_cam_layer() is None


# ---- The constant of a head ----


def test_the_score_of_silence_under_a_linear_head_is_its_bias() -> None:
    model = entry_named("functional").model()
    bias = model.get_layer("answer").get_weights()[1]
    silence = Probe(model).score_of_silence("conv2", (4, 3), head=0)
    assert silence is not None
    np.testing.assert_allclose(silence, [-bias[0], bias[0]], atol=1e-6)


def test_there_is_no_score_of_silence_beside_a_skip_connection() -> None:
    assert Probe(entry_named("residual_add").model()).score_of_silence("conv2", (12, 10), head=0) is None
