"""A class can be asked against another: the score is the difference of the two, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest
from hand_made_networks import ask, linear, mean_head, photo

from cnn_core.errors import InvalidRequestError
from cnn_core.probe.probe import Probe

X = photo()


def test_the_score_of_a_contrast_is_the_difference_and_the_answer_stays() -> None:
    probe = Probe(mean_head())
    (scores,) = probe.scores(X)
    (apart,) = probe.against(0, 2).scores(X)
    np.testing.assert_allclose(apart, scores - scores[:, 2:3], rtol=1e-5)
    np.testing.assert_allclose(
        probe.heads[0].probabilities(apart), probe.heads[0].probabilities(scores), rtol=1e-5
    )
    np.testing.assert_array_equal(probe.scores(X)[0], scores)


@pytest.mark.parametrize(
    ("key", "layer"), [("hires_cam", "conv"), ("gradient_x_input", None), ("deconvnet", None)]
)
def test_every_method_explains_the_difference(key: str, layer: str | None) -> None:
    probe = Probe(mean_head())
    apart = ask(probe.against(0, 1), key, X, class_index=2, layer=layer)
    assert apart.score == pytest.approx(float(probe.scores(X)[0][0, 2] - probe.scores(X)[0][0, 1]), abs=1e-4)
    if apart.signed:
        first, second = (ask(probe, key, X, class_index=c, layer=layer).values for c in (2, 1))
        np.testing.assert_allclose(apart.values, first - second, rtol=1e-3, atol=1e-4)


def test_a_class_against_itself_is_nothing_and_an_unknown_one_is_refused() -> None:
    probe = Probe(linear())
    assert not ask(probe.against(0, 1), "gradient_x_input", X, class_index=1).values.any()
    with pytest.raises(InvalidRequestError, match="Expected a class"):
        probe.against(0, 2)
