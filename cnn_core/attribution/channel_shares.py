"""One channel's share: what each channel of a layer adds to the score, and where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnn_core.analysis import Analysis, Check, Target
from cnn_core.attribution.attribution_map import (
    CLASS_ACTIVATION,
    Float,
    empty_layer_score,
    extent_of,
    no_map_reason,
)
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import ROUNDING, check_lengths, freeze
from cnn_core.settings import number


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSharesSettings:
    """How many channels are shown."""

    shown: int = number(8, "Channels shown", "Those that add most, or take most away.", 1, 32, 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChannelShares:
    """What the channels of a layer add to a score.

    Attributes:
        layer_name: the layer.
        head, class_index: which score.
        shares: ``(k,)``, logits; below zero for channels that speak against the class.
        channels: ``(n,)``, int, those of ``maps``, the largest share, either way, first.
        maps: ``(h, w, n)``, signed, logits per cell: where each of them adds its share.
        score: the logit of the class.
        constant: the score of an empty layer; None where the score does not rest on this layer alone.
        extent: (top, left, bottom, right) in model-input pixels of the area that the maps cover.
    """

    layer_name: str
    head: int
    class_index: int
    shares: Float
    channels: NDArray[np.int64]
    maps: Float
    score: float
    constant: float | None
    extent: tuple[float, float, float, float]

    def __post_init__(self) -> None:
        """Check the arrays."""
        freeze(self, 1, "shares")
        freeze(self, 1, "channels", dtype=np.int64)
        freeze(self, 3, "maps")
        check_lengths({"channels": len(self.channels), "maps": self.maps.shape[2]})


def channel_shares(
    probe: Probe, target: Target, settings: ChannelSharesSettings, progress: Progress
) -> ChannelShares:
    """``sum_ij dz/dA_k * A_k`` for each channel ``k`` of a layer, and the maps of the largest ones.

    HiRes-CAM, told channel by channel instead of place by place: "dogs because of channels 17, 203, 88".
    Exact where only sums follow the layer, else to first order.

    Args:
        probe: the model.
        target: picture, class and layer with a map.
        settings: how many maps are kept.
        progress: not told: one pass there and back.

    Raises:
        InvalidRequestError: no such layer or class.

    Reference:
        Achtibat et al. (2023), their relevance of a channel, with gradient times activation for the share.
    """
    answer = probe.layer_gradient(target.picture, target.layer, head=target.head, class_index=target.label)
    products = answer.gradients[0] * answer.activations[0]  # (h, w, k)
    shares = products.sum(axis=(0, 1), dtype=np.float64).astype(np.float32)  # (k,)
    largest = np.argsort(-np.abs(shares), kind="stable")[: settings.shown]
    height, width = products.shape[:2]
    return ChannelShares(
        layer_name=target.layer,
        head=target.head,
        class_index=target.label,
        shares=shares,
        channels=largest,
        maps=np.ascontiguousarray(products[..., largest]),
        score=float(answer.scores[0, target.label]),
        constant=empty_layer_score(probe, target, (height, width)),
        extent=extent_of(probe, target, target.layer, (height, width)),
    )


def shares_add_up(found: ChannelShares) -> Check:
    """All shares and the score of an empty layer against the score."""
    total = float(found.shares.sum(dtype=np.float64))
    if found.constant is None:
        return Check(
            sentence="The score does not rest on this layer alone: the shares add up to nothing known."
        )
    missing = abs(found.score - total - found.constant)
    size = float(np.abs(found.shares).sum()) + abs(found.constant)
    return Check(
        sentence=f"All channels add {total:.4g} to the score of an empty layer, {found.constant:.4g}: "
        f"together {total + found.constant:.4g}, and the score is {found.score:.4g}.",
        figure=missing,
        holds=missing <= ROUNDING * size,
    )


CHANNEL_SHARES = Analysis(
    key="channel_shares",
    title="Channels' shares",
    group=CLASS_ACTIVATION,
    summary="Which channels of the layer the answer rests on, how much each adds, and where.",
    reference="Achtibat et al. 2023",
    result=ChannelShares,
    compute=channel_shares,
    check=shares_add_up,
    settings=ChannelSharesSettings,
    needs_layer="map",
    signed=True,
    inapplicable=no_map_reason,
)
