"""Answers, heat maps, maps and patterns of two sides, each pair on one scale or each on its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from cnn_core.results import AttributionMap, FilterPatterns, HeadAnswer, LayerActivations
from cnn_core.snippet import snippet
from dashboard.compare.sides import PATTERNS, Side
from dashboard.figures.colours import Scale, UInt8, fitting_scale
from dashboard.figures.pictures.overlay import overlay_scale
from dashboard.figures.pictures.pattern_grid import row_pixels
from dashboard.figures.pictures.pictures import jpeg, png, rgb_pixels, squared
from dashboard.figures.pictures.scale_bar import scale_bar_html
from dashboard.figures.pictures.strip import square_pixels
from dashboard.widgets.analysis_view import row_of_results
from dashboard.widgets.export_bar import Export, export_bar, file_name, own_photo_note
from dashboard.widgets.inputs import choice
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.overlay_view import (
    answer_html,
    as_on_the_bar,
    attribution_pixels,
    in_class_colours,
    map_over_photo,
    other_name,
    photo_pixels,
)
from dashboard.widgets.sentences import layer_facts

MAPS, MAP_COLUMNS, MAP_PX = 16, 8, 96
PATTERN_PX, SIDE_PX = 160, 320
NO_MAPS = "One of these networks has no convolution, so there are no maps to compare."
SCALES = {"common": "Common", "own": "Each side"}
SCALE_HELP = "Both sides on one scale, so that they can be compared, or each side on its own range."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """What one side answers.

    Attributes:
        side: that was asked.
        answer: of the output that is asked.
        computed: the heat map.
        attribution: the same with the sides and colours of the score bar.
        activations: of the layer; None where there is none.
    """

    side: Side
    answer: HeadAnswer
    computed: AttributionMap
    attribution: AttributionMap
    activations: LayerActivations | None

    @classmethod
    def of(cls, side: Side, results: Sequence[Any]) -> Found:
        """From the results of ``side.calls()``."""
        prediction, attribution, *rest = results
        answer = prediction.heads[side.head]
        return cls(
            side=side,
            answer=answer,
            computed=attribution,
            attribution=as_on_the_bar(attribution, answer),
            activations=rest[0] if rest else None,
        )


def draw(sides: tuple[Side, Side]) -> None:
    """Both sides, once all is found, and the patterns of their layers below."""
    calls = [side.calls() for side in sides]
    results = row_of_results([*calls[0], *calls[1]], slot="compare", doing="Asking both sides")
    if results is None:
        return
    split = len(calls[0])
    found = Found.of(sides[0], results[:split]), Found.of(sides[1], results[split:])
    common = choice("Scale", SCALES, key="compare_scale", help=SCALE_HELP) == "common"
    _draw_answers(found, common=common)
    channels = _draw_maps(found, common=common)
    export_bar(export(found, common=common), "compare-sides")
    if channels is not None:
        _draw_patterns(sides, channels)


def attribution_scales(found: Sequence[Found], *, common: bool) -> list[Scale]:
    """Those of the heat maps, in the colours of their classes; see ``map_scales``."""
    return map_scales(
        [one.attribution for one in found], [one.answer.class_names for one in found], common=common
    )


def map_scales(
    maps: Sequence[AttributionMap], names: Sequence[Sequence[str]], *, common: bool
) -> list[Scale]:
    """The scale of each heat map; never a common one for maps of two methods, whose units differ.

    Args:
        maps: as they are drawn.
        names: of the classes of each.
        common: one scale for all.
    """
    common = common and len({(one.method, one.signed) for one in maps}) == 1
    scales = [overlay_scale(one.values, signed=one.signed) for one in maps]
    if common:
        together = np.concatenate([one.values.ravel() for one in maps])
        scales = [overlay_scale(together, signed=maps[0].signed)] * len(maps)
    return [in_class_colours(scale, one, own) for scale, one, own in zip(scales, maps, names, strict=True)]


def pair_pixels(
    photos: Sequence[UInt8], maps: Sequence[AttributionMap], answers: Sequence[HeadAnswer], *, common: bool
) -> UInt8:
    """The heat maps of both sides over their photos, side by side.

    Args:
        photos: as the networks get them, ``(h, w, c)``.
        maps: as they were computed.
        answers: of the outputs that they are for.
        common: both on one scale.
    """
    shown = [as_on_the_bar(one, answer) for one, answer in zip(maps, answers, strict=True)]
    scales = map_scales(shown, [answer.class_names for answer in answers], common=common)
    return row_pixels(
        [
            squared(map_over_photo(rgb_pixels(photo), one.values, one.extent, scale=scale), SIDE_PX)
            for photo, one, scale in zip(photos, shown, scales, strict=True)
        ],
        2,
    )


def _draw_answers(found: Sequence[Found], *, common: bool) -> None:
    scales = attribution_scales(found, common=common)
    for column, one, scale in zip(st.columns(2, gap="large"), found, scales, strict=True):
        names, shown = one.answer.class_names, one.attribution.class_index
        with column:
            st.markdown(
                f"**{one.side.name}** · {escape_markdown(one.side.title)} · "
                f"{escape_markdown(one.side.view.photo.title)}"
            )
            picture, map_place = st.columns(2, gap="small")
            picture.image(jpeg(squared(rgb_pixels(photo_pixels(one.side.view)), SIDE_PX)), width="stretch",
                          alt=f"The photo of side {one.side.name}")  # fmt: skip
            map_place.image(
                jpeg(squared(attribution_pixels(one.side.view, one.attribution, scale=scale), SIDE_PX)),
                width="stretch",
                alt=f"The heat map of side {one.side.name} for {names[shown]}",
            )
            signed = one.attribution.signed
            low = f"for {other_name(names, shown)}" if signed else ""
            high = f"for {names[shown]}" if signed else f"moves {names[shown]} most"
            st.html(scale_bar_html(scale, low=low, high=high))
            st.html(answer_html(one.answer))
            st.caption(f"{one.side.method.title} for {escape_markdown(names[shown])}")


def _channels(found: Sequence[Found]) -> list[list[int]]:
    """The liveliest channels of each side; the same ones where both have the same layer."""
    maps = [one.activations.maps for one in found if one.activations is not None]
    liveliest = [np.argsort(-each.std(axis=(0, 1)), kind="stable")[:MAPS].tolist() for each in maps]
    layers = [one.side.layer for one in found]
    alike = layers[0] is not None and layers[1] is not None and layers[0].name == layers[1].name
    if alike and maps[0].shape[2] == maps[1].shape[2]:
        return [liveliest[0], liveliest[0]]
    return liveliest


def map_rows(found: Sequence[Found], *, common: bool) -> list[tuple[UInt8, Scale]]:
    """The maps of each side as one picture, with their scale."""
    maps = [
        one.activations.maps[..., channels]
        for one, channels in zip(found, _channels(found), strict=True)
        if one.activations is not None
    ]
    whole = [np.concatenate([each.ravel() for each in maps])] * len(maps) if common else maps
    rows = []
    for each, values in zip(maps, whole, strict=True):
        scale = fitting_scale(values)
        squares = [square_pixels(each[..., k], MAP_PX, scale) for k in range(each.shape[2])]
        rows.append((row_pixels(squares, MAP_COLUMNS), scale))
    return rows


def _draw_maps(found: Sequence[Found], *, common: bool) -> list[list[int]] | None:
    """The maps of the layers; gives the channels, or None where a side has none."""
    shown = [(one.side, one.side.layer, one.activations) for one in found]
    if any(layer is None or maps is None for _, layer, maps in shown):
        st.info(NO_MAPS, icon=":material/info:")
        return None
    channels, rows = _channels(found), map_rows(found, common=common)
    columns = st.columns(2, gap="large")
    for column, (side, layer, maps), numbers, (pixels, scale) in zip(
        columns, shown, channels, rows, strict=True
    ):
        if layer is None or maps is None:
            continue
        with column:
            st.markdown(f"**{escape_markdown(layer.title)}**, {layer_facts(maps)}")
            st.image(png(pixels), width="stretch", alt=f"{len(numbers)} maps of side {side.name}")
            st.html(scale_bar_html(scale, unit="activation"))
            st.caption(f"The liveliest channels, {', '.join(map(str, numbers))}.")
    return channels


def _draw_patterns(sides: Sequence[Side], channels: Sequence[Sequence[int]]) -> None:
    calls = [side.pattern_call(sorted(own[:PATTERNS])) for side, own in zip(sides, channels, strict=True)]
    asked = [call for call in calls if call is not None]
    st.markdown("**What these channels look for**", help="Found anew in each network, by the same steps.")
    found = row_of_results(asked, slot="compare-patterns", doing="Searching the patterns of both sides")
    if found is None:
        return
    for column, side, patterns in zip(st.columns(2, gap="large"), sides, found, strict=True):
        with column:
            st.image(png(pattern_row(patterns)), width="stretch", alt=f"Patterns of side {side.name}")
            st.caption(f"Channels {', '.join(map(str, patterns.channels.tolist()))}.")


def pattern_row(patterns: FilterPatterns) -> UInt8:
    """Patterns side by side, four in a row."""
    return row_pixels([squared(rgb_pixels(each), PATTERN_PX) for each in patterns.patterns], 4)


def export(found: tuple[Found, Found], *, common: bool) -> Export:
    """Both heat maps as a picture, all that was found as arrays, and the code."""
    mine, other = found
    arrays = {}
    for one in found:
        arrays[f"probabilities_{one.side.name}"] = one.answer.probabilities
        arrays[f"map_{one.side.name}"] = one.attribution.values
        if one.activations is not None:
            arrays[f"activations_{one.side.name}"] = one.activations.maps
    calls = [one.side.calls() for one in found]
    second = len(calls[0])
    heads = f"results[0].heads[{mine.side.head}], results[{second}].heads[{other.side.head}]"
    asked = [(one.side.view.model_key, one.side.view.photo.path) for one in found]
    seen = "".join(
        f"    explorer.model_input_pixels({key!r}, open_image({path!r})),\n" for key, path in asked
    )
    return Export(
        name=file_name("compare", *(one.side.view.model_key for one in found), mine.side.view.photo.title),
        title=f"{mine.side.title} (left) and {other.side.title} (right)",
        note=f"{mine.side.view.photo.title} and {other.side.view.photo.title}; heat maps for "
        f"{mine.side.class_name} and {other.side.class_name}"
        f"{', on one scale' if common else ', own scale each'}.",
        image=lambda: pair_pixels(
            [photo_pixels(one.side.view) for one in found],
            [one.computed for one in found],
            [one.answer for one in found],
            common=common,
        ),
        arrays=lambda: arrays,
        code=snippet([*calls[0], *calls[1]], note=own_photo_note(mine.side.view.photo))
        + f"for head in ({heads}):\n    print(head.class_names[:3], head.probabilities[:3])\n",
        drawing="from cnn_core import open_image\n"
        "from dashboard.compare.compare import pair_pixels\n"
        f"photos = [\n{seen}]\n"
        f"maps = [results[1], results[{second + 1}]]\n"
        f"picture = pair_pixels(photos, maps, [{heads}], common={common})\n",
    )
