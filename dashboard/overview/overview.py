"""The parts of the overview page."""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core.results import AttributionMap, HeadAnswer, LayerSummaries
from dashboard.figures.files.page_png import arrays_npz, view_png
from dashboard.figures.pictures.overlay import overlay_scale
from dashboard.figures.pictures.pictures import enlarged, jpeg
from dashboard.figures.pictures.scale_bar import scale_bar_html
from dashboard.figures.pictures.strip import card_png
from dashboard.session.resources import explorer
from dashboard.session.view import View
from dashboard.widgets.export_bar import export_row, file_name, snippet_start
from dashboard.widgets.markdown import literal
from dashboard.widgets.overlay_view import (
    OPACITY,
    SHOWN_PX,
    answer_html,
    as_on_the_bar,
    evidence_pixels,
    other_name,
    photo_pixels,
)
from dashboard.widgets.sentences import (
    arithmetic,
    balance,
    layer_facts,
    range_text,
    shape_text,
    sparsity_course,
    sureness,
    where_evidence_lies,
)

if TYPE_CHECKING:
    from cnn_core.probe.layer_info import LayerInfo

METHOD = "grad_cam"
HEAD = 0
MOST_CARDS = 6


@contextmanager
def timed(view: View) -> Iterator[Callable[[], float]]:
    """Take the time of an analysis; gives the milliseconds of the first time in this session."""
    times: dict[tuple[str, str], float] = st.session_state.setdefault("_times", {})
    key = (view.model_key, view.photo.key)
    start = time.perf_counter()
    yield lambda: times[key]
    times.setdefault(key, (time.perf_counter() - start) * 1000)


def draw_photo(view: View) -> None:
    """The photo as the network gets it."""
    pixels = photo_pixels(view)
    height, width = pixels.shape[:2]
    st.image(jpeg(enlarged(pixels, SHOWN_PX)), width="stretch", alt=f"The photo: {view.photo.title}")
    st.caption(f"The photo as the network gets it, {height} × {width} pixels")


def evidence_or_none(view: View) -> AttributionMap | None:
    """The heat map of the answer, or None for a network without a layer that has one."""
    if explorer().default_layer(view.model_key, HEAD) is None:
        return None
    return explorer().attribution(view.model_key, view.photo.image(), METHOD, head=HEAD)


def draw_evidence(view: View, evidence: AttributionMap, answers: Sequence[HeadAnswer]) -> None:
    """The signed heat map of the answer over the photo, with its scale."""
    answer = answers[evidence.head]
    shown = as_on_the_bar(evidence, answer)
    scale = overlay_scale(shown.values, signed=shown.signed)
    name, other = answer.class_names[shown.class_index], other_name(answer, shown.class_index)
    own_name = answer.class_names[evidence.class_index]
    st.image(
        jpeg(evidence_pixels(view, shown, OPACITY, scale=scale)),
        width="stretch",
        alt=f"Heat map over the photo. {where_evidence_lies(evidence, own_name)}",
    )
    st.html(scale_bar_html(scale, low=other, high=name))
    st.caption(
        f"Grad-CAM, signed: red speaks for {literal(name)}, blue for {literal(other)}; in logits per cell"
    )


def draw_no_evidence(view: View) -> None:
    """What there is instead of the heat map for a network without maps."""
    st.info(
        "This network has no layer with a map that its answer depends on, so there is no Grad-CAM here. "
        "Saliency shows how the score reacts to each pixel.",
        icon=":material/info:",
    )
    st.page_link(
        "pages/heat_maps.py",
        label="Open the saliency map",
        icon=":material/arrow_outward:",
        query_params={"method": "saliency", "model": view.model_key},
    )


def draw_answer(answers: Sequence[HeadAnswer], evidence: AttributionMap | None, milliseconds: float) -> None:
    """The answer in one word, how sure, the score as a bar, and what it rests on."""
    for answer in answers:
        if len(answers) > 1:
            st.caption(literal(answer.head))
        st.html(answer_html(answer))
    duration = f":material/timer: {_duration(milliseconds)}"
    if evidence is None:
        st.caption(duration)
        return
    answer = answers[evidence.head]
    name, other = answer.class_names[evidence.class_index], other_name(answer, evidence.class_index)
    st.markdown(
        literal(f"{where_evidence_lies(evidence, name)} {balance(evidence, name, other)}", longest=None)
    )
    icon = ":material/task_alt:" if evidence.adds_up else ":material/info:"
    st.caption(f"{icon} {literal(arithmetic(evidence), longest=None)} · {duration}", help=CHECK_HELP)


CHECK_HELP = (
    "The score is the logit: log-odds of the class, 0 when the network cannot decide. Where the rest of the "
    "network is linear, the cells of the map and a constant, the score of an empty map, add up to it; the "
    "residual is what they miss. The time is what answer, map and all layers took together when this photo "
    "was first opened here."
)


def _duration(milliseconds: float) -> str:
    return "from memory" if milliseconds < 1 else f"{milliseconds:.0f} ms"


def strip_layers(view: View) -> list[LayerInfo]:
    """The last layer before each change of size, from the photo to the answer; at most six."""
    spatial = [info for info in explorer().layers(view.model_key) if info.spatial]
    active = [info for info in spatial if info.activation is not None] or spatial
    last_of_size = list({info.output_shape[:2]: info for info in active}.values())
    if len(last_of_size) <= MOST_CARDS:
        return last_of_size
    picks = np.linspace(0, len(last_of_size) - 1, MOST_CARDS).round().astype(int)
    return [last_of_size[index] for index in picks]


def draw_strip(view: View, layers: LayerSummaries) -> None:
    """The liveliest maps of each size with the layer's figures, each a link to all its maps."""
    infos = strip_layers(view)
    if not infos:
        return
    st.subheader("Through the layers")
    for column, info in zip(st.columns(len(infos)), infos, strict=True):
        layer = layers[info.name]
        block, _, kind = info.title.partition(", ")
        with column:
            st.image(card_png(layer), width="stretch", alt=f"Four maps of {info.title}. {layer_facts(layer)}")
            st.page_link(
                "pages/activations.py",
                label=f"**{literal(block)}**",
                icon=":material/arrow_outward:",
                icon_position="right",
                query_params={"layer": info.name, "model": view.model_key},
            )
            st.html(
                f'<div class="card"><span>{html.escape(kind)}<br>{shape_text(layer.shape)}<br>'
                f"{html.escape(layer_facts(layer))}<br>{range_text(layer)}</span></div>"
            )
    st.caption("The four liveliest maps of each layer, each on its own scale within the range of the layer.")
    st.markdown(sparsity_course([layers[info.name] for info in infos]))


def draw_exports(view: View, answers: Sequence[HeadAnswer], evidence: AttributionMap | None) -> None:
    """PNG of the evidence, NPZ of scores and map, and the code."""
    scores = {f"scores_{head.head}": head.scores for head in answers}
    name = file_name("overview", view.model_key, view.photo.title)
    code = (
        snippet_start(view.model_key, view.photo)
        + "\nanswer = explorer.predict(model, image).heads[0]\n"
        + "print(answer.class_names[answer.best], answer.probabilities)\n"
    )
    if evidence is None:
        best = answers[0].class_names[answers[0].best]
        export_row(
            name,
            png=lambda: view_png(photo_pixels(view), title=f"{best}, {sureness(answers[0])}"),
            npz=lambda: arrays_npz(**scores),
            code=code,
        )
        return
    answer = answers[evidence.head]
    best = answer.class_names[evidence.class_index]
    shown = as_on_the_bar(evidence, answer)
    scale = overlay_scale(shown.values, signed=shown.signed)
    red = answer.class_names[shown.class_index]
    export_row(
        name,
        png=lambda: view_png(
            evidence_pixels(view, shown, OPACITY, scale=scale),
            title=f"{best}, {sureness(answer)}",
            note=f"{view.photo.title}. {METHOD}, logits per cell: red speaks for {red}.",
            scale=scale,
        ),
        npz=lambda: arrays_npz(
            evidence=evidence.values,
            extent_px=np.float32(evidence.extent),
            **scores,
        ),
        code=f"{code}evidence = explorer.attribution(model, image, {METHOD!r})\n"
        "print(evidence.values.round(2))",
    )
