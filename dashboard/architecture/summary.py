"""A network in figures, and as files to take away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from cnn_core.models.card import CARD_FILE, MODEL_FILE
from dashboard.session.resources import explorer

if TYPE_CHECKING:
    from cnn_core.probe.architecture import LayerCost
    from cnn_core.probe.layer_info import LayerInfo

MOST_BLOCKS = 12  # bars; the smallest of more are drawn as one
OTHERS = "all others"


def totals_sentence(infos: Sequence[LayerInfo], costs: Sequence[LayerCost], input_px: tuple[int, int]) -> str:
    """Layers, weights, work and what one unit sees in the end, as Markdown."""
    total, trained = sum(cost.parameters for cost in costs), sum(cost.trained for cost in costs)
    convolutions = sum(info.convolution for info in infos)
    said = f"**{len(infos):,} layers**, {convolutions:,} of them convolutions · **{total:,} parameters**"
    if trained < total:
        said += f", {total - trained:,} of them not trained"
    work = [cost.multiply_adds for cost in costs]
    if None not in work:
        said += f" · **{_rounded(sum(one or 0 for one in work))} multiply-adds** for one photo"
    fields = [info.receptive_field for info in infos if info.convolution and info.receptive_field]
    if fields:
        (height, width), picture = fields[-1].size_px, input_px
        whole = fields[-1].whole or (height >= picture[0] and width >= picture[1])
        said += f" · the last convolution sees {'the whole photo' if whole else f'{height:g} × {width:g} px'}"
    return said


def block_shares(infos: Sequence[LayerInfo], costs: Sequence[LayerCost]) -> dict[str, tuple[float, float]]:
    """The share of each block in the parameters and in the multiply-adds, both 0..1, in their order."""
    sums: dict[str, list[int]] = {}
    for info, cost in zip(infos, costs, strict=True):
        block = sums.setdefault(info.title.partition(",")[0], [0, 0])
        block[0] += cost.parameters
        block[1] += cost.multiply_adds or 0
    totals = [max(1, sum(one[place] for one in sums.values())) for place in (0, 1)]
    shares = {name: (one[0] / totals[0], one[1] / totals[1]) for name, one in sums.items() if any(one)}
    if len(shares) <= MOST_BLOCKS:
        return shares
    largest = sorted(shares, key=lambda name: -sum(shares[name]))[: MOST_BLOCKS - 1]
    rest = [share for name, share in shares.items() if name not in largest]
    kept = {name: share for name, share in shares.items() if name in largest}
    return {**kept, OTHERS: (sum(share[0] for share in rest), sum(share[1] for share in rest))}


def draw_downloads(model_key: str) -> None:
    """Offer the network and its card as files; they are read when somebody asks for them."""
    folder = explorer().folder(model_key)
    left, right = st.columns(2)
    for place, name, label in ((left, MODEL_FILE, "Network"), (right, CARD_FILE, "Card")):
        path = folder / name
        if path.is_file():
            place.download_button(
                label,
                data=path.read_bytes,
                file_name=f"{model_key}{path.suffix}",
                icon=":material/download:",
                key=f"download-{name}",
                on_click="ignore",
                width="stretch",
            )


def _rounded(count: int) -> str:
    for size, name in ((10**9, "billion"), (10**6, "million"), (10**3, "thousand")):
        if count >= size:
            return f"{count / size:.3g} {name}"
    return str(count)
