"""What every attribution method promises, over every kind of model; new methods join by themselves."""

from __future__ import annotations

import numpy as np
import pytest
from model_matrix import MATRIX, Entry

from cnn_core.attribution import METHODS, Method, Question
from cnn_core.probe.probe import Probe
from cnn_core.results import AttributionMap


def ask(probe: Probe, method: Method, inputs: np.ndarray, head: int, class_index: int) -> AttributionMap:
    layer = probe.default_cam_layer(head) if method.needs_layer else None
    question = Question(inputs=inputs, head=head, class_index=class_index, layer_name=layer)
    return method.compute(probe, question, method.params_type())


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.key)
@pytest.mark.parametrize("entry", MATRIX, ids=str)
def test_every_method_answers_for_every_class_of_every_head(method: Method, entry: Entry) -> None:
    model, inputs = entry.model(), entry.inputs(1)
    probe = Probe(model)
    weights = [w.tobytes() for w in model.get_weights()]
    before = inputs.tobytes()

    for head, classes in enumerate(entry.classes):
        for class_index in range(classes):
            found = ask(probe, method, inputs, head, class_index)
            again = ask(probe, method, inputs, head, class_index)

            assert found.values.dtype == np.float32
            assert np.isfinite(found.values).all()
            assert (found.method, found.head, found.class_index) == (method.key, head, class_index)
            assert found.values.tobytes() == again.values.tobytes()
            assert found.score == pytest.approx(float(probe.scores(inputs)[head][0, class_index]), abs=1e-5)
            assert found.signed is method.signed
            assert method.signed or found.values.min() >= 0
            assert found.layer_name == (probe.default_cam_layer(head) if method.needs_layer else None)
            size = (
                inputs.shape[1:3] if found.layer_name is None else _map_size(probe, inputs, found.layer_name)
            )
            assert found.values.shape == size

    assert [w.tobytes() for w in model.get_weights()] == weights
    assert inputs.tobytes() == before


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.key)
@pytest.mark.parametrize("entry", [e for e in MATRIX if max(e.classes) > 1], ids=str)
def test_class_zero_gets_a_map_of_its_own(method: Method, entry: Entry) -> None:
    """A method that takes index 0 for "no class" would answer with the map of another class."""
    probe, inputs = Probe(entry.model()), entry.inputs(1)
    for head, (kind, classes) in enumerate(zip(entry.heads, entry.classes, strict=True)):
        if classes > 1:
            first, second = (ask(probe, method, inputs, head, c).values for c in (0, 1))
            assert first.any()
            # The two classes of a sigmoid unit rightly share an unsigned map.
            assert np.array_equal(first, second) == (kind == "binary" and not method.signed)


def _map_size(probe: Probe, inputs: np.ndarray, layer_name: str) -> tuple[int, ...]:
    return probe.activations(inputs, [layer_name])[layer_name].shape[1:3]
