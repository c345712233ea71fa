"""The probe over the matrix of models, and against arithmetic done by hand."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers
from model_matrix import Entry, entry_named
from opened_models import matrix, opened, unasked

from cnn_core.probe.probe import Head, Probe


@matrix
def test_every_kind_of_model_opens_with_its_heads_and_scores_in_log_odds(entry: Entry) -> None:
    probe, _, predictions = unasked(entry)
    assert tuple(head.kind for head in probe.heads) == entry.heads
    assert tuple(len(head.class_names) for head in probe.heads) == entry.classes
    assert len({head.name for head in probe.heads}) == len(probe.heads)
    for head, scores, expected in zip(probe.heads, probe.scores(entry.inputs()), predictions, strict=True):
        probabilities = scores if head.kind == "logits" else head.probabilities(scores)
        whole = np.hstack([1 - expected, expected]) if head.kind == "binary" else expected
        np.testing.assert_allclose(probabilities, whole, atol=1e-5)
        assert scores.dtype == probabilities.dtype == np.float32
        holds_log_odds(head.kind, scores, expected.astype(np.float64))


def holds_log_odds(kind: str, scores: np.ndarray, p: np.ndarray) -> None:
    """The scores of a head are the log-odds of what Keras predicts, or that itself."""
    if kind == "binary":
        np.testing.assert_allclose(scores[:, 1:], np.log(p / (1 - p)), atol=1e-5)
        np.testing.assert_array_equal(scores[:, 0], -scores[:, 1])
    elif kind == "multilabel":
        np.testing.assert_allclose(scores, np.log(p / (1 - p)), atol=1e-5)
    elif kind == "softmax":  # fixed by softmax up to a constant: differences of classes
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


def one_unit(activation: str | None) -> keras.Model:
    """A picture's one value, 0.4, through an activation."""
    model = keras.Sequential([layers.Input((1, 1, 1)), layers.Flatten(), layers.Dense(1, activation)])
    model.set_weights([np.ones((1, 1)), np.zeros(1)])
    return model


@pytest.mark.parametrize(
    ("activation", "second"), [(None, 0.4), ("tanh", 2 * 0.4), ("hard_sigmoid", np.log(17 / 13))]
)
def test_one_unit_tells_two_named_classes_apart_by_its_log_odds(
    activation: str | None, second: float
) -> None:
    probe = Probe(one_unit(activation), class_names=("cats", "dogs"))
    assert (probe.heads[0].kind, probe.heads[0].class_names) == ("binary", ("cats", "dogs"))
    scores = probe.scores(np.full((1, 1, 1, 1), 0.4, np.float32))[0]
    np.testing.assert_allclose(scores, [[-second, second]], atol=1e-6)


@pytest.mark.parametrize("activation", [None, "tanh"])
def test_two_names_go_to_the_classes_and_not_to_a_number_beside_them(activation: str | None) -> None:
    inputs = keras.Input((2, 2, 3))
    x = layers.Flatten()(inputs)
    species = layers.Dense(2, "softmax", name="species")(x)
    model = keras.Model(inputs, [species, layers.Dense(1, activation, name="age")(x)])
    heads = Probe(model, class_names=("cats", "dogs")).heads
    assert [head.kind for head in heads] == ["softmax", "regression"]
    assert [head.class_names for head in heads] == [("cats", "dogs"), ("value",)]


def test_a_tanh_unit_without_names_stays_a_number() -> None:
    probe = Probe(one_unit("tanh"))
    assert probe.heads[0].kind == "regression"
    np.testing.assert_allclose(
        probe.scores(np.full((1, 1, 1, 1), 0.4, np.float32))[0], [[np.tanh(0.4)]], atol=1e-6
    )


def test_a_sigmoid_without_an_axis_for_its_unit_is_two_classes() -> None:
    model = one_unit("sigmoid")
    squeezed = keras.Model(model.inputs, keras.ops.squeeze(model.outputs[0], axis=-1))
    probe = Probe(squeezed)
    assert probe.heads[0].kind == "binary"
    np.testing.assert_allclose(
        probe.scores(np.full((3, 1, 1, 1), 0.4, np.float32))[0], [[-0.4, 0.4]] * 3, atol=1e-6
    )


def test_a_clip_that_changes_answers_is_seen_in_them() -> None:
    model = one_unit("sigmoid")
    clipped = keras.Model(model.inputs, keras.ops.clip(model.outputs[0], 0.1, 0.9))
    scores = Probe(clipped).scores(np.full((1, 1, 1, 1), 40, np.float32))[0]
    np.testing.assert_allclose(scores, [[-np.log(9), np.log(9)]], atol=1e-5)


def test_layers_may_be_called_anything() -> None:
    """Keras' own ``predict`` refuses such names in a compiled graph; called at once it takes them."""
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="Faltung 1 (gr\u00f6\u00dfer) & mehr?")(inputs)
    x = layers.ReLU(name="_\u51fa")(layers.BatchNormalization(name="#2")(x))
    model = keras.Model(inputs, layers.Dense(2, name="answer")(layers.Flatten(name="a@2")(x)))
    probe, pictures = Probe(model), np.random.default_rng(0).random((2, 8, 8, 3), np.float32)
    assert [info.name for info in probe.layers] == [layer.name for layer in model.layers[1:]]
    np.testing.assert_allclose(probe.scores(pictures)[0], model(pictures), atol=1e-5)
    assert probe.layer_gradient(pictures, "#2", head=0, class_index=0).gradients.shape == (2, 6, 6, 4)


def test_features_are_numbers_and_no_classes() -> None:
    inputs = keras.Input((8, 8, 3))
    maps = layers.Conv2D(4, 3, activation="relu")(inputs)
    features = layers.Dense(6, activation="relu", name="features")(layers.GlobalAveragePooling2D()(maps))
    answer = layers.Dense(2, name="answer")(features)

    def kinds(outputs: object, names: object = None) -> list[str]:
        return [head.kind for head in Probe(keras.Model(inputs, outputs), class_names=names).heads]

    assert kinds([answer, features]) == ["logits", "regression"]  # the answer is made of them
    assert kinds(maps) == kinds(maps, ("any",)) == ["regression"]  # a backbone
    assert kinds(maps, ("a", "b", "c", "d")) == ["logits"]
    other = layers.Dense(3, name="other")(features)
    assert kinds({"answer": answer, "other": other}, {"answer": ("cats", "dogs")}) == ["logits", "regression"]
    backbone = Probe(keras.Model(inputs, maps))
    assert backbone.heads[0].class_names == ("value 0", "value 1", "value 2", "value 3")
    mean = np.mean(backbone.model.predict_on_batch(np.ones((1, 8, 8, 3))), axis=(1, 2))
    np.testing.assert_allclose(backbone.scores(np.ones((1, 8, 8, 3), np.float32))[0], mean, atol=1e-6)


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


# All layers of these two lie in a nested model, which Keras cannot tap from outside.
NESTED_ONLY = ("nested_model_is_the_last_layer", "outputs_from_the_middle")


@matrix
def test_activations_are_finite_and_those_of_a_model_built_by_hand(entry: Entry) -> None:
    probe, inputs = opened(entry), entry.inputs()
    activations = probe.activations(inputs)
    assert list(activations) == [layer.name for layer in probe.layers]
    for layer in probe.layers:
        values = activations[layer.name]
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
        sides = zip(layer.output_shape, values.shape[1:], strict=True)
        assert all(side in (None, got) for side, got in sides)
    once = {
        layer.name: layer.output
        for layer in probe.model.layers
        if not isinstance(layer, (layers.InputLayer, keras.Model)) and len(layer._inbound_nodes) == 1
    }
    assert bool(once) is (entry.name not in NESTED_ONLY)
    if once:
        by_hand = keras.Model(probe.model.inputs, list(once.values()))([inputs], training=False)
        for name, expected in zip(once, by_hand, strict=True):
            np.testing.assert_allclose(activations[name], np.asarray(expected), atol=1e-5, err_msg=name)


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
