"""Which channels of a layer an answer rests on: their maps over the photo, each with its share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core.attribution.channel_shares import CHANNEL_SHARES, ChannelShares
from cnn_core.named_arrays import named_arrays
from dashboard.figures.colours import short
from dashboard.figures.pictures.overlay import overlay_scale
from dashboard.figures.pictures.pattern_grid import row_pixels
from dashboard.figures.pictures.pictures import jpeg
from dashboard.figures.pictures.scale_bar import scale_bar_html
from dashboard.widgets.analysis_view import analysis_result, check_text, code_of
from dashboard.widgets.export_bar import Export, export_bar, file_name
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.overlay_view import evidence_strength, map_over_photo, photo_code, photo_pixels

if TYPE_CHECKING:
    from dashboard.figures.colours import Scale, UInt8
    from dashboard.heat_maps.heat_map import HeatMapSelection
    from dashboard.session.view import View

PER_ROW = 4
NAMED = 3  # channels in the sentence
HELP = (
    "A channel is one filter of the layer. Its share is what the score would lose without it, as long as "
    "only sums follow the layer; else that is so for small changes only."
)


def draw_channels(view: View, selection: HeatMapSelection) -> None:
    """The channels with the largest shares, on one scale."""
    found = analysis_result(CHANNEL_SHARES, selection.request, slot="channels")
    if found is None:
        return
    sentence = because(found, selection.class_name, selection.other)
    st.markdown(escape_markdown(sentence, longest=None), help=HELP)
    scale = overlay_scale(found.maps, signed=True)
    scale = (scale.mirrored() if _mirrored(selection) else scale).faded(evidence_strength(selection.answer))
    pictures = _pictures(view, selection, found, scale)
    columns = st.columns(PER_ROW, gap="medium")
    for index, (channel, pixels) in enumerate(zip(found.channels, pictures, strict=True)):
        share = float(found.shares[channel])
        with columns[index % PER_ROW]:
            st.image(jpeg(pixels), width="stretch", alt=f"Channel {channel}, share {short(share)}")
            st.page_link(
                "pages/activations.py",
                label=f"**Channel {channel}** {'+' if share > 0 else ''}{short(share)}",
                query_params={"layer": found.layer_name, "channel": str(channel), "model": view.model_key},
            )
    st.html(scale_bar_html(scale, low=f"for {selection.other}", high=f"for {selection.class_name}"))
    st.caption(check_text(CHANNEL_SHARES.check(found)))
    export_bar(_export(view, selection, found, pictures, scale), key="channels-export")


def because(found: ChannelShares, class_name: str, other: str) -> str:
    """Which channels speak most for a class and which against it, in a sentence."""
    order = np.argsort(-found.shares, kind="stable")
    for_it = [str(index) for index in order[:NAMED] if found.shares[index] > 0]
    against = [str(index) for index in order[::-1][:NAMED] if found.shares[index] < 0]
    parts = []
    if for_it:
        parts.append(f"most for {class_name}: {_channels(for_it)}")
    if against:
        parts.append(f"most for {other}: {_channels(against)}")
    if not parts:
        return "No channel of this layer changes this score here."
    return f"Of {len(found.shares)} channels, {'; '.join(parts)}."


def _mirrored(selection: HeatMapSelection) -> bool:
    """Of two classes the second is red everywhere."""
    return len(selection.answer.class_names) == 2 and selection.request.class_index == 0


def _channels(numbers: list[str]) -> str:
    return f"channel{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"


def _pictures(view: View, selection: HeatMapSelection, found: ChannelShares, scale: Scale) -> list[UInt8]:
    photo = photo_pixels(view)
    return [
        map_over_photo(
            photo, np.ascontiguousarray(values), found.extent, scale=scale, opacity=selection.opacity
        )
        for values in np.moveaxis(found.maps, -1, 0)
    ]


def _export(
    view: View, selection: HeatMapSelection, found: ChannelShares, pictures: list[UInt8], scale: Scale
) -> Export:
    named = ", ".join(f"{channel} {short(float(found.shares[channel]))}" for channel in found.channels)
    return Export(
        name=file_name("channels", selection.class_name, view.photo.title, found.layer_name),
        title=f"Channels' shares for {selection.asked}",
        note=f"{view.photo.title}, {found.layer_name}; from left to right: {named}.",
        image=lambda: row_pixels(pictures, PER_ROW),
        scale=scale,
        arrays=lambda: named_arrays(found),
        code=code_of(view, CHANNEL_SHARES, selection.request)
        + "print(result.channels, result.shares[result.channels])",
        drawing="from dashboard.figures.pictures.overlay import overlay_scale\n"
        "from dashboard.figures.pictures.pattern_grid import row_pixels\n"
        "from dashboard.widgets.overlay_view import map_over_photo\n"
        f"{photo_code(view)}"
        f"scale = overlay_scale(result.maps, signed=True){'.mirrored()' if _mirrored(selection) else ''}"
        f".faded({evidence_strength(selection.answer)!r})\n"
        "pictures = [\n"
        "    map_over_photo(\n"
        "        photo, result.maps[..., index].copy(), result.extent, scale=scale,\n"
        f"        opacity={selection.opacity!r}\n"
        "    )\n"
        "    for index in range(result.maps.shape[-1])\n"
        "]\n"
        f"picture = row_pixels(pictures, {PER_ROW})\n",
    )
