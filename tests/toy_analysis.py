"""A new analysis as small as it can be: which parts of a picture the score survives without."""

from dataclasses import dataclass

import numpy as np

from cnn_core.analysis import Analysis, incomparable
from cnn_core.attribution.attribution_map import CLASS_ACTIVATION, attribution_map
from cnn_core.results import AttributionMap
from cnn_core.settings import number


@dataclass(frozen=True, slots=True, kw_only=True)
class ToySettings:
    masks: int = number(16, "Masks", "More masks make a smoother map and take longer.", 2, 512, 2)
    seed: int = number(0, "Seed", "Another seed draws other masks.", 0, 9999, 1)


def toy(probe, target, settings, progress):
    """The mean of random masks, each weighted by the score of the picture behind it."""
    rng, total = np.random.default_rng(settings.seed), 0.0
    score = probe.scores(target.picture)[target.head][0, target.label]
    for done, mask in enumerate(rng.integers(0, 2, (settings.masks, *target.picture.shape[1:3])), start=1):
        total += mask * probe.scores(target.picture * mask[..., None])[target.head][0, target.label]
        progress(done / settings.masks, attribution_map(probe, target, TOY, total / done, score))
    return attribution_map(probe, target, TOY, total / settings.masks, score)


TOY = Analysis(
    key="toy",
    title="Random masks",
    group=CLASS_ACTIVATION,
    summary="Which parts of the picture the score survives without.",
    reference="Petsiuk et al. 2018",
    result=AttributionMap,
    compute=toy,
    check=incomparable("A mean of samples has no exact value."),
    settings=ToySettings,
    signed=True,
)
