"""Class folders that answer several questions at once: ``length=15px,colour=red``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SEPARATOR, EQUALS = ",", "="


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Factors:
    """What the classes of a set are made of.

    Attributes:
        values: of each factor, by its name, numbers in the order of their size.
        of_class: ``(classes, factors)``, index of the value of each factor.
    """

    values: dict[str, tuple[str, ...]]
    of_class: NDArray[np.intp]


def factors_of(classes: Sequence[str]) -> Factors | None:
    """The factors that all names of classes tell; None where they tell none, or not all the same.

    A factor with one value says nothing and is left out.
    """
    told = [factor_values(name) for name in classes]
    if not told or not told[0] or any(one.keys() != told[0].keys() for one in told):
        return None
    found = {factor: tuple(sorted({one[factor] for one in told}, key=_by_number)) for factor in told[0]}
    values = {factor: names for factor, names in found.items() if len(names) > 1}
    if not values:
        return None
    of_class = [[names.index(one[factor]) for factor, names in values.items()] for one in told]
    return Factors(values=values, of_class=np.asarray(of_class, np.intp))


def factor_values(name: str) -> Mapping[str, str]:
    """Value by factor in the name of a class, ``length=15px,colour=red``; empty where it is no such name."""
    pairs = [part.split(EQUALS) for part in name.split(SEPARATOR)]
    if any(len(pair) != 2 or not all(map(str.strip, pair)) for pair in pairs):
        return {}
    values = {factor.strip(): value.strip() for factor, value in pairs}
    return values if len(values) == len(pairs) else {}


def class_name(values: Mapping[str, str]) -> str:
    """The inverse of ``factor_values``."""
    return SEPARATOR.join(f"{factor}{EQUALS}{value}" for factor, value in values.items())


def _by_number(value: str) -> tuple[float, str]:
    number = re.match(r"-?\d+(\.\d+)?", value)
    return (float(number[0]) if number else 0.0), value
