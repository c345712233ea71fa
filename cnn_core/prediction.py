"""What a model says about a picture: the scores of every output."""

from __future__ import annotations

import numpy as np

from cnn_core.analysis import Analysis, Check, NoSettings, Target
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import HeadAnswer, Prediction

EXCLUSIVE_KINDS = frozenset({"binary", "softmax"})
ROUNDING = 1e-5


def prediction(probe: Probe, target: Target, settings: NoSettings, progress: Progress) -> Prediction:
    """The logits of every output, and the probabilities that they stand for.

    A probability says how the network tells its classes apart, not how likely it is right.
    Where an average, a clip or a slice comes after the softmax or sigmoid, the scores are the logarithm, or
    the log odds, of what comes out.

    Args:
        probe: the model.
        target: picture.
        settings: nothing to set.
        progress: not told: one pass through the network.
    """
    scores = probe.scores(target.picture)
    return Prediction(
        heads=tuple(
            HeadAnswer(
                head=head.name,
                kind=head.kind,
                class_names=head.class_names,
                scores=values[0],
                probabilities=head.probabilities(values)[0],
            )
            for head, values in zip(probe.heads, scores, strict=True)
        )
    )


def check(result: Prediction) -> Check:
    """The probabilities of classes that exclude one another sum to 1."""
    sums = [float(head.probabilities.sum()) for head in result.heads if head.kind in EXCLUSIVE_KINDS]
    if not sums:
        return Check(
            sentence="The classes do not exclude one another: their probabilities have no fixed sum."
        )
    missed = float(np.abs(np.subtract(sums, 1)).max())
    return Check(
        sentence="The probabilities of the classes sum to 1.", figure=missed, holds=missed < ROUNDING
    )


PREDICTION = Analysis(
    key="prediction",
    title="Prediction",
    group="Answer",
    summary="Which class the network sees in the picture, and how sure it is.",
    reference="Bridle 1990",
    version=1,
    result=Prediction,
    compute=prediction,
    check=check,
    needs_class=False,
)
