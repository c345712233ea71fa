"""Models of the matrix, opened once for all tests that only ask."""

from __future__ import annotations

import functools
import hashlib
from typing import Any

import keras
import numpy as np
import pytest
from model_matrix import MATRIX, Entry

from cnn_core.probe.flat_graph import flat_graph
from cnn_core.probe.probe import Probe
from cnn_core.probe.units import unit_tensor

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


def resized_unit(probe: Probe, name: str, size: tuple[int, int]) -> tuple[Any, Any]:
    """Symbolic input of another size, and a layer's units before their non-linearity."""
    graph = flat_graph(probe.model, input_size=size, until=probe.unit_node(name).name)
    return graph.input, unit_tensor(graph.nodes[-1])
