"""What an answer leaves behind: the model untouched, the same bytes, few graphs, also with threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from model_matrix import Entry, entry_named
from opened_models import matrix, opened, predicted, resized_unit, state_of, unasked

from cnn_core import backend
from cnn_core.probe.compiled import MAX_GRAPHS
from cnn_core.probe.probe import Probe


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


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kinds of the graphs that are compiled from here on."""
    made: list[str] = []

    def counted(kind: type[Any]) -> Any:
        return lambda *parts: made.append(kind.__name__) or kind(*parts)

    for kind in (backend.Graph, backend.ScoreGradient):
        monkeypatch.setattr(backend, kind.__name__, counted(kind))
    return made


def test_a_graph_is_compiled_once_and_reused(compiled: list[str]) -> None:
    entry = entry_named("functional")
    probe = Probe(entry.model())
    for turn in range(3):
        x = entry.inputs() + np.float32(turn)
        probe.activations(x)
        probe.scores(x)
        for class_index in (0, 1):
            probe.layer_gradient(x, "conv2", head=0, class_index=class_index)
    assert sorted(compiled) == ["Graph", "Graph", "ScoreGradient"]


def test_the_number_of_compiled_graphs_is_bounded(compiled: list[str]) -> None:
    entry = entry_named("size_none")
    probe = Probe(entry.model())
    expected = probe.scores(entry.inputs(1))[0]
    for other in range(MAX_GRAPHS - 1):
        assert probe.once(("other", other), lambda other=other: lambda: other)() == other
    probe.scores(entry.inputs(1))
    assert len(compiled) == 1
    for other in range(MAX_GRAPHS):
        probe.once(("another", other), lambda: None)
    np.testing.assert_array_equal(probe.scores(entry.inputs(1))[0], expected)
    assert len(compiled) == 2  # the first one had made room
