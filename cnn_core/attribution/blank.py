"""Why a map shows nothing, and what helps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cnn_core.results import AttributionMap

Remedy = Literal["signed", "layer", "method"]


@dataclass(frozen=True, slots=True)
class BlankReason:
    """What is wrong with a blank map.

    Attributes:
        sentence: for people.
        remedy: ``signed``: to show what speaks against the class too; ``layer``: the one before the last
            pooling; ``method``: one that looks at a layer.
    """

    sentence: str
    remedy: Remedy


def blank_reason(attribution: AttributionMap, *, signed: bool) -> BlankReason | None:
    """Why a map shows nothing, or None if it shows something.

    Args:
        attribution: the map.
        signed: whether negative values are shown too.
    """
    values = attribution.values
    if attribution.layer_name is not None and values.size == 1:
        return BlankReason(
            "This layer has one cell for the whole photo: its map cannot say where. Choose an earlier layer.",
            "layer",
        )
    if not values.any():
        return _of_zeros(attribution)
    if attribution.signed and not signed and values.max() <= 0:
        return BlankReason(
            "Every place speaks against this class, so the positive map is blank. Switch to signed evidence "
            "to see where.",
            "signed",
        )
    if values.min() == values.max():
        return BlankReason(
            "The map has one value everywhere, so it cannot say where. Choose an earlier layer.", "layer"
        )
    return None


def _of_zeros(attribution: AttributionMap) -> BlankReason:
    if attribution.layer_name is not None:
        return BlankReason(
            "The map is zero everywhere: this layer does not change the score of this class here, since its "
            "units are silent, or what they add is cut off behind them. Choose another layer.",
            "layer",
        )
    return BlankReason(
        "The map is zero everywhere: no pixel changes this score here, since units behind are silent or "
        "saturated, or the photo is itself what this method compares it with. Choose another method, or "
        "another baseline.",
        "method",
    )
