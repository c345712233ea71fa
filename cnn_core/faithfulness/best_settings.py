"""Best settings: with which of a few settings the map of a method names best what the answer rests on."""

from __future__ import annotations

import dataclasses
import functools
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.analysis import Analysis, Check, Target
from cnn_core.attribution.masking import MaskedPicture, fill, fill_field
from cnn_core.errors import InvalidRequestError
from cnn_core.faithfulness.deletion_insertion import area, curves, ranking
from cnn_core.faithfulness.tournament import on_picture
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import check_lengths, freeze
from cnn_core.settings import number, settings_from_text

Float = NDArray[np.float32]

MOST_TRIED = 6  # settings, the usual ones among them
FACTORS = (2.0, 0.5)  # of the usual number
SEED = "seed"
VERSION = 1  # raised when the same question gets another answer


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialSettings:
    """How the settings of a method are compared."""

    steps: int = number(20, "Steps", "In how many shares the pixels go, and come.", 4, 100, 1)
    fill: str = fill_field("blur")
    seed: int = number(0, "Seed", "Of equal pixels.", 0, 9999, 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SettingsTrials:
    """What became of the answer with each of some settings of a method.

    Attributes:
        method: its key.
        changes: ``name=value`` of what differs from the usual settings; empty for these, which come first.
        gap: ``(k,)``, area of insertion minus area of deletion under the logit, in logits.
        seconds: of each map; the first includes compiling.
        seed_noise: how far another seed moves ``gap`` of the usual settings, in logits; None of a method
            without a seed, or before it is known.
    """

    method: str
    changes: tuple[str, ...]
    gap: Float
    seconds: tuple[float, ...]
    seed_noise: float | None = None

    def __post_init__(self) -> None:
        """Check the arrays."""
        freeze(self, 1, "gap")
        check_lengths({name: len(getattr(self, name)) for name in ("changes", "gap", "seconds")})

    @property
    def best(self) -> int:
        """Index of the largest ``gap``; of equal ones the first, so that the usual settings win a tie."""
        return int(np.argmax(self.gap))

    @property
    def gain(self) -> float:
        """How much larger the best ``gap`` is than that of the usual settings, in logits; at least 0."""
        return float(self.gap[self.best] - self.gap[0])


def tried_changes(kind: type[Any]) -> tuple[str, ...]:
    """The changes to try, as ``name=value``: each number doubled and halved within its range, at most five.

    One number at a time, whole steps of its range only; the seed is no setting to choose the best of.

    Args:
        kind: the settings of a method, a frozen dataclass.
    """
    fields = [one for one in dataclasses.fields(kind) if _is_number(one)]
    wanted = (f"{one.name}={value}" for factor in FACTORS for one in fields for value in _scaled(one, factor))
    return tuple(dict.fromkeys(wanted))[: MOST_TRIED - 1]


def _is_number(one: dataclasses.Field[Any]) -> bool:
    has_range = {"minimum", "maximum", "step"} <= set(one.metadata)
    return has_range and one.name != SEED and type(one.default) in (int, float)


def _scaled(one: dataclasses.Field[Any], factor: float) -> Iterator[int | float]:
    """The usual number of a field times a factor, within its range; nothing where that changes nothing."""
    usual: Any = one.default
    low, high, step = (one.metadata[name] for name in ("minimum", "maximum", "step"))
    value = low + math.floor((min(max(usual * factor, low), high) - low) / step + 0.5) * step
    value = int(value) if isinstance(usual, int) else round(float(value), 6)
    if value != usual and low <= value <= high:
        yield value


def best_settings_of(method: Analysis) -> Analysis:
    """The analysis that compares the settings of a method on one picture.

    Raises:
        InvalidRequestError: a method with no number to set.
    """
    if not tried_changes(method.settings):
        raise InvalidRequestError(
            f"Expected a method with a number to set. Received: {method.title}. Choose another."
        )
    return Analysis(
        key=f"best_settings_{VERSION}_of_{method.key}",
        title=f"Best settings of {method.title}",
        group="Faithfulness",
        summary="Which of a few settings makes the map that names best what the answer rests on.",
        reference="Petsiuk et al. 2018",
        version=method.version,
        result=SettingsTrials,
        compute=functools.partial(_compared, method),
        check=gained,
        settings=TrialSettings,
        needs_layer=method.needs_layer,
        fast=True,
        inapplicable=method.inapplicable,
    )


def _compared(
    method: Analysis, probe: Probe, target: Target, settings: TrialSettings, progress: Progress
) -> SettingsTrials:
    """Every setting that is tried, one after the other; told after each, with those until then."""
    hidden = MaskedPicture(probe, target, fill(probe, target.picture, settings.fill, settings.seed))
    changes = ("", *tried_changes(method.settings))
    has_seed = any(one.name == SEED for one in dataclasses.fields(method.settings))
    parts = len(changes) + int(has_seed)
    gaps: list[float] = []
    seconds: list[float] = []
    for index, change in enumerate(changes):
        part, begun = progress.part(index, parts), time.perf_counter()
        gaps.append(_gap(hidden, method, change, settings, part))
        seconds.append(time.perf_counter() - begun)
        found = SettingsTrials(
            method=method.key,
            changes=changes[: index + 1],
            gap=np.asarray(gaps, np.float32),
            seconds=tuple(seconds),
        )
        part(1.0, found)
    if has_seed:
        other = f"{SEED}={method.settings().seed + 1}"
        redrawn = _gap(hidden, method, other, settings, progress.part(len(changes), parts))
        found = dataclasses.replace(found, seed_noise=abs(redrawn - gaps[0]))
    progress(1.0, found)
    return found


def _gap(
    hidden: MaskedPicture, method: Analysis, change: str, settings: TrialSettings, progress: Progress
) -> float:
    """Insertion minus deletion of the map with one change of the usual settings, in logits."""
    changed = settings_from_text(method.settings(), [change] if change else [], InvalidRequestError)
    alone = Progress(tell=lambda share, _: progress(share))  # what a map shows on its way is no comparison
    values = on_picture(method.compute(hidden.probe, hidden.target, changed, alone), hidden.target)
    head = hidden.probe.heads[hidden.target.head]
    deletion, insertion = curves(hidden, head, ranking(values, settings.seed), settings.steps).logits
    return area(insertion) - area(deletion)


def gained(found: SettingsTrials) -> Check:
    """Whether other settings do better than the usual ones here, and by more than another seed."""
    others, change = len(found.changes) - 1, found.changes[found.best].replace("=", " = ")
    if found.best == 0:
        return Check(
            sentence=f"None of {others} other settings does better than the usual ones on this photo."
        )
    noise, ahead = found.seed_noise, f"{found.gain:.3g} logits of insertion minus deletion"
    if noise is not None and found.gain <= noise:
        return Check(
            sentence=f"With {change} the map is ahead of the usual settings by {ahead}, no more than another "
            f"seed alone moves it ({noise:.3g}): there is no reason to change them."
        )
    seed = "" if noise is None else f", and another seed alone moves it by {noise:.3g}"
    return Check(
        sentence=f"With {change} the map does better than with the usual settings, by {ahead}{seed}. It is "
        f"the best of {others + 1} on this very photo: on others it may not be."
    )
