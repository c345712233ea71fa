"""A copy of a network: the same answers from weights of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
from hand_made_networks import mean_head, photo
from opened_models import matrix, opened, state_of

from cnn_core.probe.probe import Probe


@matrix
def test_a_copy_of_any_network_answers_alike_and_shares_no_weight(entry: Any) -> None:
    probe, inputs = opened(entry), entry.inputs(1)
    state = state_of(probe.model)
    copy = probe.copied()
    assert copy.heads == probe.heads
    assert [layer.name for layer in copy.layers] == [layer.name for layer in probe.layers]
    for mine, theirs in zip(copy.scores(inputs), probe.scores(inputs), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-5)
    assert not {id(v) for v in copy.model.variables} & {id(v) for v in probe.model.variables}
    copy.model.set_weights([np.zeros_like(weight) for weight in copy.model.get_weights()])
    assert state_of(probe.model) == state


def test_a_copy_is_asked_the_same_question() -> None:
    probe, x = Probe(mean_head(3)), photo()
    against = probe.against(0, 1)
    np.testing.assert_allclose(against.copied().scores(x)[0], against.scores(x)[0], atol=1e-6)
