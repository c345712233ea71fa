"""What the channels of a layer look for: one image per channel that makes it fire.

Activation maximisation (Erhan et al. 2009) in the way of Olah, Mordvintsev and Schubert (2017).
A pattern shows what drives a channel hardest, which need not be what it meets in photos; look at
the strongest patches of photos beside it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cnn_core.analysis import Analysis, Check, Target
from cnn_core.feature_visualization.engine.visualization import optimize
from cnn_core.feature_visualization.layer_ascent import FilterPatternSettings, LayerAscent
from cnn_core.probe.outline import Outline
from cnn_core.probe.probe import Probe
from cnn_core.progress import SILENT, Progress
from cnn_core.results import FilterPatterns

GROWTH_FRAMES = 6
MAX_GROWTH_CHANNELS = 32  # the growth of a whole layer would be hundreds of megabytes


def filter_patterns(
    probe: Probe, target: Target, settings: FilterPatternSettings, progress: Progress = SILENT
) -> FilterPatterns:
    """Find an image for each channel that drives the mean of its map, before the non-linearity, up.

    Args:
        probe: the model; never changed.
        target: a layer with channels, and which of them. A channel that fires on none of the photos
            that the statistics are of is dead: it gets a grey image, and nothing is optimized for it.
        settings: of the gradient ascent.
        progress: told after each chunk of steps, and after each batch with the patterns so far.

    Raises:
        InvalidRequestError: no such layer, or a size that it cannot be computed for.
        Cancelled: ``progress`` said so.
    """
    progress(0.0)
    ascent = LayerAscent.of(probe, target, settings)
    frames = GROWTH_FRAMES if len(ascent.channels) <= MAX_GROWTH_CHANNELS else 0
    dead, active = np.flatnonzero(~ascent.active), np.flatnonzero(ascent.active)
    done = [(members, ascent.grey(members, frames)) for members in ascent.batches(dead)]
    batches = ascent.batches(active)
    for number_of_batch, members in enumerate(batches):
        filled = np.pad(members, (0, len(batches[0]) - len(members)), mode="edge")  # compiled for one size
        part = progress.part(number_of_batch, len(batches))
        recipe, start = ascent.recipe(filled), ascent.noise(filled)
        done.append((members, optimize(probe, recipe, start, frames=frames, progress=part)))
        part(1.0, ascent.result(done))
    return ascent.result(done)


def strongest_patterns(patterns: FilterPatterns, count: int = 25) -> FilterPatterns:
    """The patterns with the highest scores, best first; dead channels come last."""
    scores = np.where(patterns.active, patterns.scores, -np.inf)
    best = np.argsort(-scores, kind="stable")[:count]
    per_pattern = ("channels", "patterns", "scores", "z_scores", "exceeds_dataset_maximum", "active")
    return replace(
        patterns,
        history=patterns.history[:, best],
        growth=patterns.growth[:, best],
        **{name: getattr(patterns, name)[best] for name in per_pattern},
    )


def rises(patterns: FilterPatterns) -> Check:
    """Whether every optimized pattern drives its channel more than what it started from."""
    if not patterns.active.any():
        return Check(sentence="No channel is active, so no pattern was optimized.")
    rise = float((patterns.scores - patterns.history[0])[patterns.active].min())
    sentence = (
        "Even the pattern that gained least scores higher than its start, measured again on its pixels."
    )
    if rise <= 0:
        sentence = "Some pattern scores no higher than its start, measured again on its pixels."
    return Check(sentence=sentence, figure=rise, holds=rise > 0)


def no_filter_reason(outline: Outline, head: int) -> str | None:
    if any(info.convolution for info in outline.layers):
        return None
    return "This network has no convolution, so it has no filters with patterns."


FILTER_PATTERNS = Analysis(
    key="filter_patterns",
    title="Filter patterns",
    group="Feature visualization",
    summary="The image that makes each filter of a layer fire most, found by gradient ascent.",
    reference="Erhan et al. 2009; Olah et al. 2017",
    version=2,
    result=FilterPatterns,
    compute=filter_patterns,
    check=rises,
    settings=FilterPatternSettings,
    needs_image=False,
    needs_class=False,
    needs_layer="convolution",
    takes_channels=True,
    fast=True,
    inapplicable=no_filter_reason,
)
