"""Whether the best map of a tournament leads by more than chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cnn_core.analysis import Check
from cnn_core.faithfulness.results import CONTROLS, Tournament, title_of

Float = NDArray[np.float32]

REAL_BELOW = 0.05  # chance from which down a lead counts as real
LEVEL = 0.005  # of the best gap: bfloat16 keeps eight bits
ROUNDING = 1e-5  # of the largest gap: copies that differ by less are all the same


def displaced(values: Float, random: np.random.Generator) -> Float:
    """A map ``(H, W)`` laid elsewhere on its picture: moved around its edges, and perhaps mirrored.

    It keeps its values and its smoothness, and no longer knows where anything is.
    """
    height, width = values.shape
    step = int(random.integers(1, height * width)) if height * width > 1 else 0
    moved = np.roll(values, (step // width, step % width), axis=(0, 1))
    flips = [axis for axis in (0, 1) if random.random() < 0.5]
    return np.ascontiguousarray(np.flip(moved, tuple(flips))) if flips else moved


def chance(gap: float, others: Float, maps: float) -> float | None:
    """How likely the best of some maps gets a gap as large if none knew where anything is.

    The prediction interval of a normal distribution, whose chance is multiplied by the number of maps, for
    the best of many is large by chance (Bonferroni).

    Args:
        gap: insertion minus deletion of the best map.
        others: ``(d,)``, that of copies laid elsewhere.
        maps: how many maps the best one is the best of, see ``different_maps``.

    Returns:
        0 to 1; None where the copies tell nothing.
    """
    count, size = len(others), max(abs(gap), float(np.abs(others).max(initial=0)))
    spread = float(others.std(ddof=1, dtype=np.float64)) if count > 1 else 0.0
    if spread <= ROUNDING * size:
        return None
    away = (gap - float(others.mean(dtype=np.float64))) / (spread * np.sqrt(1 + 1 / count))
    return float(min(1.0, maps * stats.t.sf(away, count - 1)))


def different_maps(agreement: Float) -> float:
    """How many different maps there are among some, of which several may be nearly the same.

    Args:
        agreement: ``(m, m)``, their rank correlations.

    Returns:
        1 for maps that are all alike, ``m`` for maps that have nothing in common.

    Reference:
        Galwey (2009), the effective number of tests.
    """
    shares = np.clip(np.linalg.eigvalsh(agreement.astype(np.float64)), 0, None)
    return max(1.0, float(np.sqrt(shares).sum() ** 2 / shares.sum())) if shares.any() else 1.0


def lead(found: Tournament) -> Check:
    """Whether the best map is better than what knows nothing of the network, and by more than chance."""
    best = found.best
    if best is None:
        return Check(sentence="No method can be done for this network: there is nothing to compare.")
    gap = float(found.gap[found.of(best)])
    ahead = gap - max(float(found.gap[found.of(name)]) for name in CONTROLS)
    if ahead <= 0:
        return Check(
            sentence="No map is better than the random map or the edges here: none says what the answer "
            "rests on."
        )
    level = [title_of(name) for name in level_with_best(found)]
    beside = f", level with {', '.join(level)}," if level else ""
    return Check(
        sentence=f"{title_of(best)}{beside} leads what knows nothing of the network by {ahead:.3g} logits of "
        f"insertion minus deletion, on this photo. {_reality(found, gap)}"
    )


def level_with_best(found: Tournament) -> tuple[str, ...]:
    """The other methods that do as well as the best one, but for rounding."""
    if found.best is None:
        return ()
    gap = float(found.gap[found.of(found.best)])
    return tuple(
        name
        for name, own in zip(found.methods, found.gap.tolist(), strict=True)
        if name not in CONTROLS and name != found.best and gap - own <= LEVEL * abs(gap)
    )


def is_real(found: Tournament) -> bool:
    """Whether the best map leads both controls, and does better than laid elsewhere by more than chance."""
    likely, _ = _likely(found)
    return likely is not None and likely < REAL_BELOW and found.methods[0] == found.best


def _likely(found: Tournament) -> tuple[float | None, float]:
    """How likely the lead is chance, and of how many different maps the best one is the best."""
    own = [place for place, name in enumerate(found.methods) if name not in CONTROLS]
    if found.best is None:
        return None, 0.0
    maps = different_maps(found.agreement[np.ix_(own, own)])
    return chance(float(found.gap[found.of(found.best)]), found.displaced, maps), maps


def _reality(found: Tournament, gap: float) -> str:
    likely, maps = _likely(found)
    if likely is None:
        return "Whether by more than chance cannot be told."
    worse = f"{int((found.displaced < gap).sum())} of {len(found.displaced)} tries"
    rarity = f"p {'<' if likely < 0.001 else '='} {max(likely, 0.001):.2g}"
    if likely < REAL_BELOW:
        return f"The lead is real: laid elsewhere on the photo, its map does worse in {worse} ({rarity})."
    return (
        f"The lead may be chance: laid elsewhere on the photo, its map does worse in {worse}, and the best "
        f"of about {maps:.0f} different maps is lucky now and then ({rarity}). More photos can tell."
    )
