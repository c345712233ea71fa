"""The parts of the heat maps page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from cnn_core.results import AttributionMap, HeadAnswer
from dashboard.figures.colours import Scale, short
from dashboard.figures.files.page_png import arrays_npz, view_png
from dashboard.figures.pictures.enlarged_map import map_figure
from dashboard.figures.pictures.overlay import overlay_scale
from dashboard.figures.pictures.pictures import enlarged, jpeg
from dashboard.figures.pictures.scale_bar import scale_bar_html
from dashboard.session import address
from dashboard.session.resources import explorer
from dashboard.widgets.choosers import choice, class_picker, layer_slider
from dashboard.widgets.export_bar import export_row, file_name, snippet_start
from dashboard.widgets.markdown import literal
from dashboard.widgets.overlay_view import SHOWN_PX, answer_html, evidence_pixels, other_name, photo_pixels
from dashboard.widgets.params_form import field_names, params_widgets
from dashboard.widgets.picture_grid import framed_chart
from dashboard.widgets.sentences import arithmetic, balance, shape_text, where_evidence_lies
from dashboard.widgets.style import theme

if TYPE_CHECKING:
    from cnn_core.analysis import Analysis
    from cnn_core.probe.layer_info import LayerInfo
    from dashboard.session.view import View

SIGNS = {"signed": "For and against", "positive": "Only for"}
SIGNS_HELP = "Signed evidence shows in blue what speaks against the class; the other view leaves it out."
OPACITY_HELP = "How strongly the map covers the photo; 0 shows the photo itself."
RESIDUAL_HELP = (
    "The cells of this map and a constant, the score of an empty layer, should add up to the score. The "
    "residual is what they miss: nearly 0 where the rest of the network is linear, more where another ReLU "
    "follows."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the page asks, and how it is drawn."""

    method: Analysis
    layer_name: str | None
    head: int
    class_index: int
    params: Any
    class_name: str
    other: str
    answer: HeadAnswer
    opacity: float
    positive_only: bool

    @property
    def possible(self) -> bool:
        """Whether the network has what the method needs."""
        return self.layer_name is not None or not self.method.needs_layer

    def drawn(self, attribution: AttributionMap) -> tuple[AttributionMap, Scale]:
        """The map as it is drawn, with its scale: signed, or only what speaks for the class."""
        if attribution.signed and self.positive_only:
            values = np.clip(attribution.values, 0, None)
            shown = _with_values(attribution, values)
            return shown, overlay_scale(values, signed=False)
        return attribution, overlay_scale(attribution.values, signed=attribution.signed)


def choose(view: View, methods: Sequence[Analysis]) -> Asked:
    """Method, class, layer, opacity and sign."""
    by_key = {method.key: method for method in methods}
    answers = explorer().predict(view.model_key, view.photo.image()).heads
    heads = explorer().heads(view.model_key)
    first, second, third = st.columns([1.9, 1, 2], gap="medium")
    with first:
        titles = {key: method.title for key, method in by_key.items()}
        method = by_key[choice("Method", titles, key="method", help="How the evidence is computed.")]
    with second:
        head, class_index = class_picker(heads, [answer.best for answer in answers])
    with third:
        layer = _layer(view, head) if method.needs_layer else None
        if not method.needs_layer:
            st.caption("This method works on the photo itself, not on a layer.")
    st.caption(f"{method.summary} {method.reference}.")
    opacity_place, sign_place, params_place = st.columns([1.9, 1.5, 1.5], gap="medium")
    with opacity_place:
        opacity = _opacity()
    with sign_place:
        positive = method.signed and choice("Evidence", SIGNS, key="evidence", help=SIGNS_HELP) == "positive"
    with params_place:
        params = method.settings(
            **params_widgets(method.settings, field_names(method.settings), prefix=f"{method.key}_")
        )
    return Asked(
        method=method,
        layer_name=None if layer is None else layer.name,
        head=head,
        class_index=class_index,
        params=params,
        class_name=heads[head].class_names[class_index],
        other=other_name(answers[head], class_index),
        answer=answers[head],
        opacity=opacity,
        positive_only=positive,
    )


def _layer(view: View, head: int) -> LayerInfo | None:
    layers = [info for info in explorer().layers(view.model_key) if info.spatial]
    default = explorer().default_layer(view.model_key, head)
    if not layers or default is None:
        return None
    return layer_slider(layers, default, arrows="Shift")


def _opacity() -> float:
    address.restore("opacity", address.whole_number(0, 100), 75)
    percent = st.slider("Opacity", 0, 100, step=5, key="opacity", format="%d %%", help=OPACITY_HELP)
    address.keep({"opacity": percent})
    return percent / 100


def draw_impossible(view: View, asked: Asked) -> None:
    """Why there is no map, and the answer all the same."""
    photo, answer = st.columns([1.25, 1], gap="large")
    with photo:
        st.image(jpeg(enlarged(photo_pixels(view), SHOWN_PX)), width="stretch", alt="The photo")
    with answer:
        st.info(
            f"{asked.method.title} needs a layer with a map that the answer depends on; this network has "
            "none. Saliency, which works on the photo itself, goes with every network.",
            icon=":material/info:",
        )
        st.html(answer_html(asked.answer))


def draw_over_photo(view: View, asked: Asked, attribution: AttributionMap) -> None:
    """The map over the photo, the reason when it is blank, and the scale."""
    from cnn_core.attribution import blank_reason

    shown, scale = asked.drawn(attribution)
    st.image(
        jpeg(evidence_pixels(view, shown, asked.opacity, scale=scale)),
        width="stretch",
        alt=f"{asked.method.title} for {asked.class_name} over the photo. "
        f"{where_evidence_lies(attribution, asked.class_name)}",
    )
    st.html(_scale_html(asked, attribution, scale))
    reason = blank_reason(attribution, signed=not asked.positive_only)
    if reason is not None:
        st.info(reason, icon=":material/info:")


def _scale_html(asked: Asked, attribution: AttributionMap, scale: Scale) -> str:
    if not attribution.signed:
        return scale_bar_html(scale, high="moves the score most")
    if asked.positive_only:
        return scale_bar_html(scale, high=f"for {asked.class_name}")
    return scale_bar_html(scale, low=f"for {asked.other}", high=f"for {asked.class_name}")


def draw_values(view: View, asked: Asked, attribution: AttributionMap) -> None:
    """The raw map with its values, the score and what the identity leaves over."""
    shown, scale = asked.drawn(attribution)
    height, width = shown.values.shape
    st.markdown(
        f"**{asked.method.title} for {literal(asked.class_name)}**, {shape_text((height, width))} values"
    )
    framed_chart(
        map_figure(shown.values, scale=scale, theme=theme()),
        key="values",
        aspect=1.14 * width / height,
        alt=f"The raw map: {short(float(shown.values.min()))} to {short(float(shown.values.max()))}",
        max_width_px=560,
    )
    words = [where_evidence_lies(attribution, asked.class_name)]
    if attribution.signed:
        words.append(balance(attribution, asked.class_name, asked.other))
    st.markdown(literal(" ".join(words), longest=None))
    st.caption(
        literal(f"{asked.class_name}: {arithmetic(attribution)}", longest=None),
        help=RESIDUAL_HELP if attribution.residual is not None else None,
    )
    _draw_exports(view, asked, attribution)


def _draw_exports(view: View, asked: Asked, attribution: AttributionMap) -> None:
    shown, scale = asked.drawn(attribution)
    imported, passed = settings_in_code(asked.method, asked.params)
    export_row(
        file_name(asked.method.key, asked.class_name, view.photo.title, asked.layer_name),
        png=lambda: view_png(
            evidence_pixels(view, shown, asked.opacity, scale=scale),
            title=f"{asked.method.title} for {asked.class_name}",
            note=f"{view.photo.title}, {asked.layer_name or 'input'}; logit {short(attribution.score)}.",
            scale=scale,
        ),
        npz=lambda: arrays_npz(
            values=attribution.values,
            extent_px=np.float32(attribution.extent),
            score=np.float32(attribution.score),
        ),
        code=snippet_start(view.model_key, view.photo) + f"{imported}\nevidence = explorer.attribution(\n"
        f"    model, image, {asked.method.key!r}, layer_name={asked.layer_name!r},\n"
        f"    head={asked.head}, class_index={asked.class_index},\n{passed})\n"
        "print(evidence.values.round(2), evidence.score)",
    )


def settings_in_code(method: Analysis, params: Any) -> tuple[str, str]:
    """The lines of code that import and pass settings, empty where they are the usual ones."""
    if params == method.settings():
        return "", ""
    kind = type(params)
    return f"\nfrom {kind.__module__} import {kind.__qualname__}\n", f"    params={params!r},\n"


def _with_values(attribution: AttributionMap, values: np.ndarray) -> AttributionMap:
    import dataclasses

    return dataclasses.replace(attribution, values=values)
