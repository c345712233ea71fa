"""The parts of the filter patterns page."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from cnn_core.results import FilterPatterns
from dashboard.feature_visualization.kernels import draw_kernel_grid
from dashboard.feature_visualization.pattern_job import patterns_or_progress
from dashboard.figures.charts.charts import ascent_figure
from dashboard.figures.colours import percent, short
from dashboard.figures.files.page_png import arrays_npz, view_png
from dashboard.figures.pictures.channel_grid import grid_aspect
from dashboard.figures.pictures.pattern_grid import (
    dead_pixels,
    facts_of_one,
    growth_pixels,
    mosaic_pixels,
    pattern_grid_figure,
    picture_tiling,
)
from dashboard.figures.pictures.pictures import enlarged, jpeg, png, rgb_pixels
from dashboard.session import address
from dashboard.widgets.chart import chart
from dashboard.widgets.export_bar import export_row, file_name, snippet_start
from dashboard.widgets.markdown import literal
from dashboard.widgets.params_form import field_names, params_widgets
from dashboard.widgets.picture_grid import clicked_name, framed_chart
from dashboard.widgets.style import theme

if TYPE_CHECKING:
    from cnn_core.feature_visualization import FilterPatternSettings
    from cnn_core.probe.layer_info import LayerInfo
    from dashboard.session.view import View

WHICH = {"strongest": "25 strongest", "all": "Whole layer"}
WHICH_HELP = (
    "The strongest patterns are those with the highest score: the mean of the channel before its ReLU."
)
NO_CONVOLUTION = (
    "This network has no convolution, so it has no filters whose patterns could be climbed to. "
    "Choose another network, or look at its layers on the page Activations."
)
STRONGEST = 25
MAIN_SETTINGS = ("steps", "canvas_px", "seed")
LARGE_PX = 448
SMALL_FIELD_PX = 7
STRENGTH_HELP = (
    "Strength: how many standard deviations the channel's response to its pattern lies above its mean "
    "response to the held-out photos. Score: the mean of the channel's map before its ReLU."
)


def settings(params_type: type[FilterPatternSettings]) -> dict[str, Any]:
    """The settings of the climb: three sliders, the others in a box that opens."""
    more = [name for name in field_names(params_type) if name not in MAIN_SETTINGS]
    columns = st.columns([1, 1, 1, 0.7], gap="large", vertical_alignment="bottom")
    chosen: dict[str, Any] = {}
    for column, name in zip(columns, MAIN_SETTINGS, strict=False):
        with column:
            chosen |= params_widgets(params_type, [name], prefix="climb_")
    with columns[-1], st.popover("More", icon=":material/tune:", width="stretch"):
        chosen |= params_widgets(params_type, more, prefix="climb_")
    return chosen


def draw(
    view: View, info: LayerInfo, params: FilterPatternSettings, patterns: FilterPatterns, which: str
) -> None:
    """The grid of patterns and the opened one."""
    from cnn_core.feature_visualization import strongest_patterns

    shown = strongest_patterns(patterns, STRONGEST) if which == "strongest" else patterns
    names = [int(channel) for channel in shown.channels]
    channel = address.restore("channel", address.one_of({str(name): name for name in names}), names[0])
    address.keep({"channel": channel})
    place = names.index(channel)
    grid, opened = st.columns([1.72, 1], gap="large")
    with grid:
        figure, tiles = pattern_grid_figure(shown, selected=place, theme=theme())
        framed_chart(
            figure,
            key="patterns",
            aspect=grid_aspect(tiles),
            alt=f"Patterns of {tiles.count} channels of {info.title}, channel {channel} framed",
            on_select=_open_clicked,
        )
        st.caption(
            literal(verdict(patterns, shown, info.title, canvas_px=params.canvas_px), longest=None),
            help=STRENGTH_HELP,
        )
        if sees_only_colours(info):
            st.caption(
                "These filters see only a few pixels each, so plain colour or a fine stripe suits them best. "
                "Their kernels, below, show what they weigh against what."
            )
        _draw_exports(view, info, params, shown)
    with opened:
        draw_opened(view, info, params, shown, place)


def sees_only_colours(info: LayerInfo) -> bool:
    """Whether the units of a layer see too little for a pattern to have a shape."""
    return info.receptive_field is not None and max(info.receptive_field.size_px) <= SMALL_FIELD_PX


def _open_clicked() -> None:
    channel = clicked_name("patterns")
    if channel is not None:
        st.session_state["channel"] = channel


def verdict(patterns: FilterPatterns, shown: FilterPatterns, title: str, *, canvas_px: int | None) -> str:
    """What the patterns of a layer are worth, and how large they are if not as asked for; plain text.

    Args:
        patterns: of the whole layer.
        shown: those on the page.
        title: of the layer.
        canvas_px: side that was asked for, or None.
    """
    height, width = patterns.patterns.shape[1:3]
    side = f"{height} × {width} px"
    if canvas_px is not None and (height, width) != (canvas_px, canvas_px):
        side += f", since {canvas_px} px do not suit this layer"
    active = int(patterns.active.sum())
    dead = len(patterns.channels) - active
    parts = [f"{len(shown.channels)} of {len(patterns.channels)} channels of {title}, {side}."]
    if patterns.has_z_scores and active:
        beats = float(patterns.exceeds_dataset_maximum[patterns.active].mean())
        parts.append(
            f"{percent(beats)} of the living channels answer their pattern more than any held-out photo; "
            f"median strength {short(float(np.median(patterns.z_scores[patterns.active])))}."
        )
    if dead:
        parts.append(f"{dead} dead, struck through: they fire on no photo.")
    return " ".join([*parts, "Hover for figures, click to open."])


def draw_opened(
    view: View, info: LayerInfo, params: FilterPatternSettings, shown: FilterPatterns, place: int
) -> None:
    """One pattern large, with its figures and how it grew."""
    channel = int(shown.channels[place])
    st.html(
        f"<div><b>Channel {channel}</b> of {html.escape(info.title)} "
        f"<span class='own-name'>{html.escape(info.name)}</span><br>"
        f"<span style='opacity:.72;font-size:.88rem'>{html.escape(facts_of_one(shown, place))}</span></div>"
    )
    if not shown.active[place]:
        st.image(png(dead_pixels((120, 120), theme())), width="stretch", alt="Dead channel")
        st.caption("This channel is dead: it fires on none of the held-out photos, so nothing was climbed.")
        return
    picture = enlarged(rgb_pixels(shown.patterns[place]), LARGE_PX)
    st.image(jpeg(picture, 90), width="stretch", alt=f"The pattern of channel {channel}")
    one = patterns_or_progress(view, info, params, channel=channel)
    if one is not None:
        _draw_growth(one)


def _draw_growth(one: FilterPatterns) -> None:
    frames = growth_pixels(one.growth, 0)
    for column, frame, step in zip(
        st.columns(len(frames), gap="xsmall"), frames, one.growth_steps, strict=True
    ):
        column.image(jpeg(frame), width="stretch", alt=f"The pattern after {step} steps")
        column.html(f'<div class="step">{"step " if step == 0 else ""}{step}</div>')
    chart(
        ascent_figure(one.history[:, 0], label="score", theme=theme()),
        key="ascent",
        name=file_name("score", one.layer_name, one.channels[0]),
        alt=f"The score climbs from {short(float(one.history[0, 0]))} to {short(float(one.history[-1, 0]))}",
    )


def _draw_exports(view: View, info: LayerInfo, params: FilterPatternSettings, shown: FilterPatterns) -> None:
    def grid_png() -> bytes:
        tiles = picture_tiling(len(shown.channels), shown.patterns.shape[1:3])
        return view_png(
            mosaic_pixels(shown.patterns, tiles),
            title=f"{info.title}: patterns of {tiles.count} channels",
            note=f"Channels {', '.join(map(str, shown.channels))}. {params.steps} steps, seed {params.seed}.",
        )

    export_row(
        file_name(view.model_key, info.name, "patterns"),
        png=grid_png,
        npz=lambda: arrays_npz(
            channels=shown.channels,
            patterns=shown.patterns,
            scores=shown.scores,
            z_scores=shown.z_scores,
            history=shown.history,
        ),
        code=snippet_start(view.model_key, view.photo)
        + "\nfrom cnn_core.feature_visualization import FilterPatternSettings, strongest_patterns\n\n"
        f"params = {params!r}\n"
        f"patterns = explorer.filter_patterns(model, {info.name!r}, params=params)\n"
        "print(strongest_patterns(patterns).channels)",
    )


def draw_meanwhile(view: View) -> None:
    """Something to read and to look at while the climb goes on."""
    st.markdown(
        "A **pattern** is the picture that makes one filter fire most. It starts as faint noise and climbs: "
        "step by step every pixel moves to where the filter's answer grows. What comes out shows what the "
        "filter looks for."
    )
    st.subheader("Meanwhile: the raw kernels of the first convolution")
    draw_kernel_grid(view)
