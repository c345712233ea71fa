"""The parts of the overview page."""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from cnn_core.activations import glanced_at
from cnn_core.attribution import GRAD_CAM
from cnn_core.named_arrays import named_arrays
from cnn_core.prediction import PREDICTION
from cnn_core.results import AttributionMap, HeadAnswer, LayerSummaries, Prediction
from cnn_core.snippet import Call, snippet
from dashboard.figures.colours import Scale
from dashboard.figures.pictures.pictures import jpeg
from dashboard.figures.pictures.scale_bar import scale_bar_html
from dashboard.figures.pictures.strip import card_png
from dashboard.session.resources import explorer
from dashboard.session.state import session
from dashboard.session.view import View
from dashboard.session.warm_up import FIRST_PAGE
from dashboard.widgets import first_words, overlay_view
from dashboard.widgets.analysis_view import check_text, request_about, row_of_results
from dashboard.widgets.export_bar import Export, file_name, own_photo_note
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.overlay_view import (
    answer_html,
    as_on_the_bar,
    attribution_pixels,
    evidence_strength,
    other_name,
    photo_code,
    scale_of,
)
from dashboard.widgets.sentences import (
    balance,
    headline,
    layer_facts,
    range_text,
    shape_text,
    sparsity_course,
    sureness,
    where_evidence_lies,
)

HEAD = 0
HEADS_IN_A_ROW = 2
CHECK_HELP = (
    "The score says how strongly the network speaks for the class, 0 when it cannot decide (the logit, "
    "which is the logarithm of the odds). Where only sums follow the layer, all cells of the map, and "
    "what the network would answer if the layer were all zeros (the constant), add up to it; the "
    "residual is what is missing. The time is what answer, map and all layers took together to compute, "
    "the first time in this session; none is given where they were stored."
)


@contextmanager
def timed(view: View) -> Iterator[Callable[[], float]]:
    """Take the time of computing; gives the milliseconds of the first time in this session, 0 if stored."""
    times = session().first_milliseconds
    key = (view.model_key, view.photo.key)
    stored = explorer().stored(FIRST_PAGE, request_about(view))
    start = time.perf_counter()
    yield lambda: times[key]
    times.setdefault(key, 0.0 if stored else (time.perf_counter() - start) * 1000)


def draw_photo(view: View) -> None:
    """The photo as the network gets it."""
    overlay_view.draw_photo(view)
    height, width = overlay_view.photo_pixels(view).shape[:2]
    st.caption(f"The photo as the network gets it, {height} × {width} pixels")


def no_map_reason(view: View) -> str | None:
    """Why this network has no heat map, or None."""
    return GRAD_CAM.inapplicable(explorer().outline(view.model_key), HEAD)


def attribution_or_none(view: View) -> AttributionMap | None:
    """The heat map of the answer, or None for a network without a layer that has one."""
    if no_map_reason(view) is not None:
        return None
    found: AttributionMap = explorer().run(GRAD_CAM, request_about(view, head=HEAD))
    return found


def draw_attribution(view: View, attribution: AttributionMap, answers: Sequence[HeadAnswer]) -> None:
    """The signed heat map of the answer over the photo, with its scale."""
    answer = answers[attribution.head]
    shown, scale = _as_shown(attribution, answer)
    names = answer.class_names
    name, other = names[shown.class_index], other_name(names, shown.class_index)
    own_name = names[attribution.class_index]
    st.image(
        jpeg(attribution_pixels(view, shown, scale=scale)),
        width="stretch",
        alt=f"Heat map over the photo. {where_evidence_lies(attribution, own_name)}",
    )
    st.html(scale_bar_html(scale, low=other, high=name))
    st.caption(
        "Grad-CAM: what each place adds to the score of its side. The surer the answer, the stronger the "
        "colours."
    )


def _as_shown(attribution: AttributionMap, answer: HeadAnswer) -> tuple[AttributionMap, Scale]:
    """The map with the sides and colours of the score bar, the fainter the less sure the answer is."""
    shown = as_on_the_bar(attribution, answer)
    return shown, scale_of(shown, answer.class_names).faded(evidence_strength(answer))


def draw_no_attribution(view: View) -> None:
    """What there is instead of the heat map for a network without maps."""
    st.info(no_map_reason(view) or "", icon=":material/info:")
    st.page_link(
        "pages/heat_maps.py",
        label="Open the saliency map",
        icon=":material/arrow_outward:",
        query_params={"method": "saliency", "model": view.model_key},
    )


def draw_heads(view: View, answers: Sequence[HeadAnswer]) -> None:
    """Each answer of a network of several outputs, with its own heat map."""
    outline = explorer().outline(view.model_key)
    mapped = [head for head in range(len(answers)) if GRAD_CAM.inapplicable(outline, head) is None]
    calls = [
        Call(analysis=GRAD_CAM, request=request_about(view, head=head), picture=view.photo.path)
        for head in mapped
    ]
    maps = row_of_results(calls, slot="heads", doing="Making the heat map of each answer") or ()
    by_head = dict(zip(mapped, maps, strict=False))
    for start in range(0, len(answers), HEADS_IN_A_ROW):
        columns = st.columns(HEADS_IN_A_ROW, gap="medium")
        for column, head in zip(columns, range(start, len(answers)), strict=False):
            with column:
                _draw_head(view, answers[head], by_head.get(head))


def _draw_head(view: View, answer: HeadAnswer, attribution: AttributionMap | None) -> None:
    st.markdown(f"**{escape_markdown(answer.head)}**")
    if attribution is not None:
        shown, scale = _as_shown(attribution, answer)
        name = answer.class_names[shown.class_index]
        picture = attribution_pixels(view, shown, scale=scale)
        st.image(jpeg(picture), width="stretch", alt=f"Heat map of {answer.head} for {name}")
        st.html(scale_bar_html(scale, low=other_name(answer.class_names, shown.class_index), high=name))
    st.html(answer_html(answer))


def draw_answer(answer: HeadAnswer, attribution: AttributionMap | None, milliseconds: float) -> None:
    """The answer in one word, how sure, the score as a bar, and what it rests on."""
    st.html(answer_html(answer))
    duration = _duration(milliseconds)
    if attribution is None:
        st.caption(duration)
        return
    name, other = (
        answer.class_names[attribution.class_index],
        other_name(answer.class_names, attribution.class_index),
    )
    st.markdown(
        escape_markdown(
            f"{where_evidence_lies(attribution, name)} {balance(attribution, name, other)}", longest=None
        )
    )
    st.caption(f"{check_text(GRAD_CAM.check(attribution))} {duration}", help=CHECK_HELP)


def _duration(milliseconds: float) -> str:
    """How long it took to compute; nothing where all of it was stored."""
    return f":material/timer: computed in {milliseconds:.0f} ms" if milliseconds > 0 else ""


def draw_strip(view: View, layers: LayerSummaries) -> None:
    """The liveliest maps of each size with the layer's figures, each a link to all its maps."""
    infos = glanced_at(explorer().layers(view.model_key))
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
                label=f"**{escape_markdown(block)}**",
                icon=":material/arrow_outward:",
                icon_position="right",
                query_params={"layer": info.name, "model": view.model_key},
            )
            st.html(
                f'<div class="card"><span>{html.escape(kind)}<br>{shape_text(layer.shape)}<br>'
                f"{html.escape(layer_facts(layer))}<br>{range_text(layer)}</span></div>"
            )
    st.caption(
        "The four liveliest maps of each layer, each on its own scale within the range of the layer.",
        help=first_words.LAYERS,
    )
    st.markdown(sparsity_course([layers[info.name] for info in infos]))


def export(view: View, answers: Sequence[HeadAnswer], attribution: AttributionMap | None) -> Export:
    """The evidence, or else the photo, with the scores of all outputs."""
    answer = named_arrays(Prediction(heads=tuple(answers)))
    about = answers[HEAD if attribution is None else attribution.head]
    name = file_name("overview", view.model_key, view.photo.title)
    asked = (PREDICTION,) if attribution is None else (PREDICTION, GRAD_CAM)
    calls = [Call(analysis=each, request=request_about(view), picture=view.photo.path) for each in asked]
    code = snippet(calls, note=own_photo_note(view.photo)) + (
        f"answer = results[0].heads[{HEAD}]\nprint(answer.probabilities)\n"
    )
    if attribution is None:
        return Export(
            name=name,
            title=f"{headline(about)}, {sureness(about)}",
            image=lambda: overlay_view.photo_pixels(view),
            arrays=lambda: answer,
            code=code,
            drawing=f"{photo_code(view)}picture = photo\n",
        )
    shown, scale = _as_shown(attribution, about)
    return Export(
        name=name,
        title=f"{headline(about)}, {sureness(about)}",
        note=f"{view.photo.title}. {GRAD_CAM.title}, added to the score (logit) per cell, from "
        f"{other_name(about.class_names, shown.class_index)} to {about.class_names[shown.class_index]}.",
        image=lambda: attribution_pixels(view, shown, scale=scale),
        scale=scale,
        arrays=lambda: answer | named_arrays(attribution),
        code=code + "print(results[1].values.round(2))",
        drawing="from dashboard.widgets.overlay_view import as_on_the_bar, map_over_photo, scale_of\n"
        f"{photo_code(view)}"
        "shown = as_on_the_bar(results[1], answer)\n"
        f"scale = scale_of(shown, answer.class_names).faded({evidence_strength(about)!r})\n"
        "picture = map_over_photo(photo, shown.values, shown.extent, scale=scale)\n",
    )
