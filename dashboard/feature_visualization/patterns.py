"""The parts of the filter patterns page."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core.feature_visualization import FILTER_PATTERNS, STRONGEST_PATTERNS, strongest_patterns
from cnn_core.feature_visualization.strongest import COUNT
from cnn_core.named_arrays import named_arrays
from cnn_core.results import FilterPatterns
from dashboard.feature_visualization.kernels import draw_kernel_grid
from dashboard.figures.charts.charts import ascent_figure
from dashboard.figures.colours import percent, short
from dashboard.figures.pictures.pattern_grid import (
    dead_pixels,
    growth_pixels,
    pattern_facts_html,
    pattern_grid_figure,
    patterns_mosaic,
)
from dashboard.figures.pictures.pictures import enlarged, jpeg, png, rgb_pixels
from dashboard.session import address
from dashboard.session.resources import explorer
from dashboard.widgets.analysis_view import analysis_result, check_text, code_of
from dashboard.widgets.chart import chart
from dashboard.widgets.export_bar import Export, export_bar, file_name
from dashboard.widgets.headings import channel_heading
from dashboard.widgets.inputs import kept
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.picture_grid import picture_grid
from dashboard.widgets.style import theme

if TYPE_CHECKING:
    from cnn_core.analysis import Analysis, Request
    from cnn_core.feature_visualization import FilterPatternSettings
    from cnn_core.probe.layer_info import LayerInfo
    from dashboard.session.view import View

WHICH = {"strongest": f"{COUNT} strongest", "all": "Whole layer"}
WHICH_HELP = (
    "The strongest patterns are those with the highest score: the mean of the channel before its ReLU."
)
NOT_HALVED = 64  # channels; of no more than so many the whole layer takes no longer
HALVING = (
    "Filters that stayed behind on the way were left out, which is quicker. On the bundled networks 24.6 of "
    "these 25 are those of the whole layer on average, and at least 22. *Whole layer* is exact."
)
LARGE_PX = 448
SMALL_FIELD_PX = 7
Z_SCORE_HELP = (
    "Strength: how many standard deviations the channel's response to its pattern lies above its mean "
    "response to the held-out photos, which were not trained on. Channels that fire on one "
    "of them or more are living. "
    "Score: the mean of the channel's map before its ReLU."
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PatternsOfLayer:
    """What the page shows.

    Attributes:
        view, info: model and layer.
        analysis, request, settings: what the patterns are the result of.
        patterns: of the whole layer, or of its strongest channels.
        shown: those on the page.
    """

    view: View
    info: LayerInfo
    analysis: Analysis
    request: Request
    settings: FilterPatternSettings
    patterns: FilterPatterns
    shown: FilterPatterns


def analysis_for(which: str, info: LayerInfo, request: Request, settings: FilterPatternSettings) -> Analysis:
    """What finds the patterns to show: the whole layer, unless that is new and the strongest will do."""
    few = (info.output_shape[-1] or 0) <= NOT_HALVED
    if which == "all" or few or explorer().known(FILTER_PATTERNS, request, settings) is not None:
        return FILTER_PATTERNS
    return STRONGEST_PATTERNS


def draw_preview(which: str, found: FilterPatterns | None) -> None:
    """The patterns that have been found so far, or the strongest of them, best first."""
    if found is None:
        return
    count = len(found.channels)
    shown = strongest_patterns(found) if which == "strongest" else found
    st.image(png(patterns_mosaic(shown)), alt=f"{len(shown.channels)} of the {count} patterns found so far")
    order = ", the strongest first" if which == "strongest" else ""
    st.caption(f"{count} patterns so far{order}")


def draw(layer: PatternsOfLayer) -> None:
    """The grid of patterns and the opened one."""
    names = [int(channel) for channel in layer.shown.channels]
    channel = kept("channel", address.one_of({str(name): name for name in names}), names[0])
    index = names.index(channel)
    grid, opened = st.columns([1.72, 1], gap="large")
    with grid:
        figure, tiles = pattern_grid_figure(layer.shown, selected=index, theme=theme())
        picture_grid(
            figure,
            tiles,
            key="patterns",
            alt=f"Patterns of {tiles.count} channels of {layer.info.title}, channel {channel} framed",
            opens="channel",
        )
        check = check_text(layer.analysis.check(layer.patterns))
        st.caption(f"{escape_markdown(summary_of(layer), longest=None)}  \n{check}", help=Z_SCORE_HELP)
        if explorer().is_shipped(layer.analysis, layer.request, layer.settings):
            st.caption("These patterns came with the network, as WebP pictures. Another seed makes new ones.")
        if layer.analysis is STRONGEST_PATTERNS:
            st.caption(HALVING)
        if sees_only_colours(layer.info):
            st.caption(
                "These filters see only a few pixels each, so plain colour or a fine stripe suits them best. "
                "Their kernels, below, show what they weigh against what."
            )
        export_bar(export(layer))
    with opened:
        _draw_opened(layer, index)


def sees_only_colours(info: LayerInfo) -> bool:
    """Whether the units of a layer see too little for a pattern to have a shape."""
    field = info.receptive_field
    return field is not None and not field.whole and max(field.size_px) <= SMALL_FIELD_PX


def summary_of(layer: PatternsOfLayer) -> str:
    """What the patterns of a layer are worth, and how large they are if not as asked for; plain text."""
    patterns, wanted_px = layer.patterns, layer.settings.canvas_px
    height, width = patterns.patterns.shape[1:3]
    side = f"{height} × {width} px"
    if wanted_px is not None and (height, width) != (wanted_px, wanted_px):
        side += f", since {wanted_px} px do not suit this layer"
    active = int(patterns.active.sum())
    dead = len(patterns.channels) - active
    living = "of the living channels" if layer.analysis is FILTER_PATTERNS else "of these channels"
    count = f"{len(layer.shown.channels)} of {layer.info.output_shape[-1]} channels"
    parts = [f"{count} of {layer.info.title}, {side}."]
    if patterns.has_z_scores and active:
        share = float(patterns.exceeds_dataset_maximum[patterns.active].mean())
        parts.append(
            f"{percent(share)} {living} answer their pattern more than any held-out photo; "
            f"median strength {short(float(np.median(patterns.z_scores[patterns.active])))}."
        )
    if dead:
        parts.append(f"{dead} dead, struck through: they fire on no photo.")
    return " ".join([*parts, "Hover for figures, click to open."])


def _draw_opened(layer: PatternsOfLayer, index: int) -> None:
    """One pattern large, with its figures and how it grew."""
    shown = layer.shown
    channel = int(shown.channels[index])
    channel_heading(channel, layer.info, pattern_facts_html(shown, index))
    if not shown.active[index]:
        st.image(png(dead_pixels((120, 120), theme())), width="stretch", alt="Dead channel")
        st.caption("This channel is dead: it fires on none of the held-out photos, so it has no pattern.")
        return
    picture = enlarged(rgb_pixels(shown.patterns[index]), LARGE_PX)
    st.image(jpeg(picture, 90), width="stretch", alt=f"The pattern of channel {channel}")
    request = dataclasses.replace(layer.request, channels=(channel,))
    one = analysis_result(FILTER_PATTERNS, request, layer.settings, slot="channel")
    if one is not None:
        _draw_growth(one)


def _draw_growth(one: FilterPatterns) -> None:
    frames = growth_pixels(one.growth, 0)
    columns = st.columns(len(frames), gap="xsmall")
    for column, frame, step in zip(columns, frames, one.growth_steps, strict=True):
        column.image(jpeg(frame), width="stretch", alt=f"The pattern after {step} steps")
        column.html(f'<div class="step">{"step " if step == 0 else ""}{step}</div>')
    chart(
        ascent_figure(one.history[:, 0], label="score", theme=theme()),
        key="ascent",
        name=file_name(one.layer_name, int(one.channels[0]), "ascent"),
        alt=f"The score climbs from {short(float(one.history[0, 0]))} to {short(float(one.history[-1, 0]))}",
    )


def export(layer: PatternsOfLayer) -> Export:
    """The patterns on the page with their figures."""
    shown, settings = layer.shown, layer.settings
    return Export(
        name=file_name(layer.view.model_key, layer.info.name, "patterns"),
        title=f"{layer.info.title}: patterns of {len(shown.channels)} channels",
        note=f"Channels {', '.join(map(str, shown.channels))}. {settings.steps} steps, seed {settings.seed}.",
        image=lambda: patterns_mosaic(shown),
        arrays=lambda: named_arrays(shown),
        code=code_of(layer.view, layer.analysis, layer.request, settings)
        + _shown_code(layer)
        + "print(shown.channels, shown.scores.round(2))\n",
        drawing="from dashboard.figures.pictures.pattern_grid import patterns_mosaic\n"
        "picture = patterns_mosaic(shown)\n",
    )


def _shown_code(layer: PatternsOfLayer) -> str:
    if layer.shown is layer.patterns:
        return "shown = result\n"
    return (
        "from cnn_core.feature_visualization import strongest_patterns\nshown = strongest_patterns(result)\n"
    )


def draw_meanwhile(view: View) -> None:
    """Something to read and to look at while the patterns are found."""
    st.markdown(
        "A **pattern** is the picture that makes one filter fire most. It starts as faint noise and is "
        "improved step by step: every pixel moves to where the filter's answer grows (*gradient ascent*). "
        "What comes out shows what the filter looks for."
    )
    st.subheader("Meanwhile: the raw kernels of the first convolution")
    draw_kernel_grid(view)
