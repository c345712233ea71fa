"""The strongest patterns of a layer, without finishing all: what stays behind on the way up is left.

Successive halving (Jamieson and Talwalkar 2016) on the gradient ascent of filter patterns. Those that go on
take the very steps that they would take in the whole layer, so their patterns are the same. What is missed
is a pattern that starts slowly; benchmarks/README.md says how often that is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.analysis import Analysis, Target
from cnn_core.feature_visualization.engine.optimizer import CHUNK_STEPS
from cnn_core.feature_visualization.engine.visualization import Visualization, advance, measure
from cnn_core.feature_visualization.filter_patterns import no_filter_reason, rises, strongest_patterns
from cnn_core.feature_visualization.layer_ascent import Done, FilterPatternSettings, LayerAscent
from cnn_core.probe.probe import Probe
from cnn_core.progress import SILENT, Progress
from cnn_core.results import FilterPatterns

COUNT = 25
# After so large a share of the steps so many go on.
ROUNDS = ((1 / 4, 96), (1 / 2, 48), (1, 48))

Float = NDArray[np.float32]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _OnTheWay:
    """Images that are being optimized.

    Attributes:
        positions: ``(n,)``, of their channels in the layer.
        state: of the optimizer, arrays ``(n, ...)``.
        history: ``(steps, n)``, the objective before each step so far.
        scores: ``(n,)``, the objective of the images as they are now.
    """

    positions: Indices
    state: list[NDArray[Any]]
    history: Float
    scores: Float

    def __len__(self) -> int:
        return len(self.positions)

    def take(self, places: Any) -> _OnTheWay:
        """Some of them."""
        return _OnTheWay(
            positions=self.positions[places],
            state=[array[places] for array in self.state],
            history=self.history[:, places],
            scores=self.scores[places],
        )

    def strongest(self, count: int) -> _OnTheWay:
        """Those with the highest objective so far, in the order of the channels."""
        best = np.argsort(-self.scores, kind="stable")[:count]
        return self.take(np.sort(best))

    def batches(self, length: int) -> list[_OnTheWay]:
        """All of them in batches; the last may be shorter."""
        return [self.take(slice(i, i + length)) for i in range(0, len(self), length)]

    def beside(self, other: _OnTheWay) -> _OnTheWay:
        """These and others, which have taken as many steps."""
        return _OnTheWay(
            positions=np.concatenate([self.positions, other.positions]),
            state=[np.concatenate(pair) for pair in zip(self.state, other.state, strict=True)],
            history=np.concatenate([self.history, other.history], axis=1),
            scores=np.concatenate([self.scores, other.scores]),
        )


def strongest_by_halving(
    probe: Probe, target: Target, settings: FilterPatternSettings, progress: Progress = SILENT
) -> FilterPatterns:
    """The patterns of the 25 channels of a layer that score highest, best first.

    Dead channels come last, grey, and only where there are fewer than 25 others.

    Args:
        probe: the model; never changed.
        target: a layer with channels.
        settings: of the gradient ascent.
        progress: told after each chunk of steps, and after each batch with the strongest patterns so far.

    Raises:
        InvalidRequestError: no such layer, or a size that it cannot be computed for.
        Cancelled: ``progress`` said so.
    """
    progress(0.0)
    ascent = LayerAscent.of(probe, target, settings)
    active, dead = np.flatnonzero(ascent.active), np.flatnonzero(~ascent.active)
    done: Done = []
    if len(active):
        done.append(_Halving(ascent, active, progress).run())
    if len(active) < COUNT and len(dead):
        done.append((dead, ascent.grey(dead)))
    return strongest_patterns(ascent.result(done), COUNT)


class _Halving:
    """Rounds of steps, after each of which the strongest go on."""

    def __init__(self, ascent: LayerAscent, active: Indices, progress: Progress) -> None:
        self._ascent, self._progress = ascent, progress
        self._batches = ascent.batches(active)
        self._rounds = list(_rounds(ascent.settings.steps))
        counts = [len(active), *(min(kept, len(active)) for _, _, kept in self._rounds)]
        rounds = zip(counts, self._rounds, strict=False)
        self._taken, self._planned = 0, sum(count * (end - begin) for count, (begin, end, _) in rounds)

    def run(self) -> tuple[Indices, Visualization]:
        """Positions and images of the last round after their last step."""
        waiting: Iterator[_OnTheWay] = map(self._start, self._batches)
        for begin, end, kept in self._rounds:
            best = self._advanced(next(waiting), begin, end).strongest(kept)
            self._tell(best)
            for batch in waiting:
                best = best.beside(self._advanced(batch, begin, end)).strongest(kept)
                self._tell(best)
            waiting = iter(best.batches(len(self._batches[0])))
        return best.positions, self._seen(best)

    def _start(self, members: Indices) -> _OnTheWay:
        optimizer = self._ascent.recipe(members).optimizer
        return _OnTheWay(
            positions=members,
            state=optimizer.state(self._ascent.noise(members)),
            history=np.empty((0, len(members)), np.float32),
            scores=np.empty(len(members), np.float32),
        )

    def _advanced(self, batch: _OnTheWay, begin: int, end: int) -> _OnTheWay:
        missing = len(self._batches[0]) - len(batch)  # compiled for one size
        filled = batch.take(np.pad(np.arange(len(batch)), (0, missing), mode="edge"))
        recipe, state, history = self._ascent.recipe(filled.positions), filled.state, [filled.history]
        for first in range(begin, end, CHUNK_STEPS):
            steps = slice(first, min(first + CHUNK_STEPS, end))
            state, scores = advance(self._ascent.probe, recipe, state, steps)
            history.append(scores)
            self._taken += len(batch) * (steps.stop - steps.start)
            self._progress(min(self._taken / self._planned, 1.0))
        images = recipe.parameterization.decode(state[0])
        return _OnTheWay(
            positions=filled.positions,
            state=[np.asarray(array) for array in state],
            history=np.concatenate(history),
            scores=measure(self._ascent.probe, recipe.objective, images),
        ).take(slice(len(batch)))

    def _tell(self, found: _OnTheWay) -> None:
        """Show the strongest so far."""
        best = found.strongest(COUNT)
        preview = strongest_patterns(self._ascent.result([(best.positions, self._seen(best))]), COUNT)
        self._progress(min(self._taken / self._planned, 1.0), preview)

    def _seen(self, found: _OnTheWay) -> Visualization:
        """Images as they look now, without growth."""
        images = self._ascent.recipe(found.positions).parameterization.decode(found.state[0])
        return Visualization(
            images=images,
            scores=found.scores,
            history=np.concatenate([found.history, found.scores[None]]),
            growth=np.empty((0, *images.shape), np.uint8),
            growth_steps=np.empty(0, np.int64),
        )


def _rounds(steps: int) -> Iterator[tuple[int, int, int]]:
    """First step, end, and how many go on, of each round; whole chunks, since these are compiled."""
    begin = 0
    for share, kept in ROUNDS:
        end = steps if share == 1 else min(max(int(share * steps) // CHUNK_STEPS, 1) * CHUNK_STEPS, steps)
        if end > begin:
            yield begin, end, kept
        begin = end


STRONGEST_PATTERNS = Analysis(
    key="strongest_patterns",
    title="Strongest filter patterns",
    group="Feature visualization",
    summary="The patterns of the 25 filters of a layer that a picture can make fire most.",
    reference="Olah et al. 2017; Jamieson and Talwalkar 2016",
    version=1,
    result=FilterPatterns,
    compute=strongest_by_halving,
    check=rises,
    settings=FilterPatternSettings,
    needs_image=False,
    needs_class=False,
    needs_layer="convolution",
    fast=True,
    inapplicable=no_filter_reason,
)
