"""The parts of the heat maps page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from cnn_core.analyses import analysis_named
from cnn_core.attribution import blank_reason
from cnn_core.named_arrays import named_arrays
from cnn_core.results import AttributionMap, HeadAnswer
from cnn_core.targets import fitting_layers
from dashboard.figures.colours import Scale, UInt8, short
from dashboard.figures.pictures.enlarged_map import map_figure
from dashboard.figures.pictures.pictures import jpeg
from dashboard.figures.pictures.scale_bar import scale_bar_html
from dashboard.session.resources import explorer
from dashboard.widgets.analysis_view import (
    analysis_picker,
    check_text,
    code_of,
    draw_summary,
    request_about,
)
from dashboard.widgets.choosers import against_picker, class_picker, layer_slider, region_picker
from dashboard.widgets.export_bar import Export, export_bar, file_name
from dashboard.widgets.form import SettingsForm
from dashboard.widgets.inputs import choice, slider
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.overlay_view import (
    answer_html,
    attribution_pixels,
    draw_photo,
    evidence_strength,
    only_for,
    other_name,
    photo_code,
    photo_pixels,
    scale_of,
)
from dashboard.widgets.picture_grid import framed_chart
from dashboard.widgets.sentences import balance, shape_text, where_evidence_lies
from dashboard.widgets.style import theme

if TYPE_CHECKING:
    from cnn_core.analysis import Analysis, Request
    from dashboard.session.view import View

SIGNS = {"signed": "For and against", "positive": "Only for"}
SIGNS_HELP = (
    "Both: what speaks against the class too, in the colour of the other end of the scale below the photo."
)
PHOTOS = {"network": "Network's", "own": "Sharp"}
PHOTOS_HELP = "The few pixels that the network gets, or the photo's own resolution in the same proportions."
OPACITY_HELP = "How strongly the map covers the photo; 0 shows the photo itself."
CHECK_HELP = (
    "All cells of this map, and what the network would answer if this layer were all zeros (the constant), "
    "should add up to the score. The residual is what is missing: nearly nothing where only sums follow the "
    "layer, more where another ReLU follows."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatMapSelection:
    """What the page asks, and how it is drawn.

    Attributes:
        analysis, request, settings: what is computed.
        impossible: why it cannot be done for this network, or None.
        answer: of the network, of the output that is asked about.
        opacity: 0..1.
        fine: draw the photo at its own resolution.
        positive_only: leave out what speaks against the class.
    """

    analysis: Analysis
    request: Request
    settings: Any
    impossible: str | None
    answer: HeadAnswer
    opacity: float
    fine: bool
    positive_only: bool

    @property
    def class_name(self) -> str:
        """The class that is asked about."""
        return self.answer.class_names[self.request.class_index or 0]

    @property
    def asked(self) -> str:
        """The class, and what it is compared with."""
        return self.class_name if self.request.against is None else f"{self.class_name} against {self.other}"

    @property
    def score_words(self) -> str:
        """What the score of the map is."""
        return "score (logit)" if self.request.against is None else "difference of scores (logits)"

    @property
    def other(self) -> str:
        """What speaks against it."""
        if self.request.against is not None:
            return self.answer.class_names[self.request.against]
        return other_name(self.answer.class_names, self.request.class_index or 0)

    def drawn(self, attribution: AttributionMap) -> AttributionMap:
        """The map as it is drawn: signed, or only what speaks for the class."""
        return only_for(attribution) if self.positive_only else attribution

    def scale(self, shown: AttributionMap) -> Scale:
        """The colours over the photo: those of the classes, the fainter the less sure the answer is."""
        return scale_of(shown, self.answer.class_names).faded(evidence_strength(self.answer))

    @property
    def drawing_imports(self) -> str:
        """The lines that import what ``drawn_code`` and ``scale_code`` use."""
        names = ["scale_of", *(["only_for"] if self.positive_only else [])]
        return "".join(f"from dashboard.widgets.overlay_view import {name}\n" for name in names)

    def drawn_code(self, name: str) -> str:
        """Python for ``drawn`` of a variable of that name."""
        return f"only_for({name})" if self.positive_only else name

    def scale_code(self, name: str) -> str:
        """Python for ``scale`` of a variable of that name."""
        return f"scale_of({name}, {self.answer.class_names!r}).faded({evidence_strength(self.answer)!r})"

    def ends(self, attribution: AttributionMap) -> dict[str, str]:
        """What the two ends of a scale mean, for ``scale_bar_html``."""
        if not attribution.signed:
            return {"high": analysis_named(attribution.method).strongest}
        names, index = self.answer.class_names, attribution.class_index
        other = other_name(names, index) if self.request.against is None else self.other
        return {"low": "" if self.positive_only else f"for {other}", "high": f"for {names[index]}"}


def choose(view: View, analyses: Sequence[Analysis]) -> HeatMapSelection:
    """Method with its settings, class, layer, opacity and sign."""
    answers = explorer().predict(view.model_key, view.photo.image()).heads
    method_place, class_place, layer_place = st.columns([1.9, 1, 2], gap="medium")
    with class_place:
        head, class_index = class_picker(
            explorer().heads(view.model_key), [answer.best for answer in answers]
        )
    with method_place:
        analysis, impossible = analysis_picker("Method", analyses, view.model_key, head, key="method")
    layer_name = None
    with layer_place:
        if analysis.needs_layer is None:
            st.caption("This method works on the photo itself, not on a layer.")
        elif impossible is None:
            outline = explorer().outline(view.model_key)
            layers = fitting_layers(analysis, outline)
            default = outline.default_cam_layer(head) or layers[-1].name
            layer_name = layer_slider(layers, default, arrows="shift").name
    with class_place:
        against = against_picker(explorer().heads(view.model_key)[head], class_index)
        region = region_picker(view.model_key, head)
    draw_summary(analysis)
    settings = SettingsForm(analysis.settings(), f"{analysis.key}_").draw()
    opacity_place, photo_place, sign_place = st.columns([1, 0.8, 1], gap="large")
    with opacity_place:
        opacity = slider(
            "Opacity", (0, 100), key="opacity", default=75, step=5, format="%d %%", help=OPACITY_HELP
        )
    with photo_place:
        fine = choice("Photo", PHOTOS, key="sharpness", help=PHOTOS_HELP) == "own"
    with sign_place:
        positive = (
            analysis.signed and choice("Evidence", SIGNS, key="evidence", help=SIGNS_HELP) == "positive"
        )
    return HeatMapSelection(
        analysis=analysis,
        request=request_about(
            view, layer_name=layer_name, head=head, class_index=class_index, region=region, against=against
        ),
        settings=settings,
        impossible=impossible,
        answer=answers[head],
        opacity=opacity / 100,
        fine=fine,
        positive_only=positive,
    )


def draw_impossible(view: View, selection: HeatMapSelection) -> None:
    """Why there is no map, and the answer all the same."""
    photo, answer = st.columns([1.25, 1], gap="large")
    with photo:
        draw_photo(view)
    with answer:
        st.info(escape_markdown(selection.impossible or "", longest=None), icon=":material/info:")
        st.html(answer_html(selection.answer))


def draw_preview(view: View, selection: HeatMapSelection, found: AttributionMap | None) -> None:
    """The map as far as it has grown, over the photo; the photo alone before that."""
    place, _ = st.columns([1.25, 1], gap="large")
    with place:
        if found is None:
            draw_photo(view)
        else:
            draw_over_photo(view, selection, found)


def draw_over_photo(view: View, selection: HeatMapSelection, attribution: AttributionMap) -> None:
    """The map over the photo, the reason when it is blank, and the scale."""
    shown = selection.drawn(attribution)
    st.image(
        jpeg(_pixels(view, selection, shown)),
        width="stretch",
        alt=f"{selection.analysis.title} for {selection.class_name} over the photo. "
        f"{where_evidence_lies(attribution, selection.class_name)}",
    )
    st.html(scale_bar_html(selection.scale(shown), **selection.ends(attribution)))
    reason = blank_reason(attribution, signed=not selection.positive_only)
    if reason is not None:
        st.info(reason.sentence, icon=":material/info:")
        _offer_help(view, selection, reason.remedy)


def _pixels(view: View, selection: HeatMapSelection, shown: AttributionMap) -> UInt8:
    scale = selection.scale(shown)
    return attribution_pixels(view, shown, selection.opacity, scale=scale, fine=selection.fine)


def _offer_help(view: View, selection: HeatMapSelection, remedy: str) -> None:
    """The one click that helps against a blank map, where it would change anything."""
    request = selection.request
    layer = explorer().outline(view.model_key).default_cam_layer(request.head)
    offers = {
        "signed": ("Show both sides", "evidence", "signed"),
        "layer": ("Take the layer before the last pooling", "layer", layer),
        "method": ("Take Grad-CAM", "method", "grad_cam"),
    }
    label, key, value = offers[remedy]
    if value is not None and value not in (request.layer_name, selection.analysis.key):
        st.button(label, key="blank-help", on_click=_set, args=(key, value), icon=":material/healing:")


def _set(key: str, value: str) -> None:
    st.session_state[key] = value


def draw_values(view: View, selection: HeatMapSelection, attribution: AttributionMap) -> None:
    """The raw map with its values, what it says, what it was held against, and its files."""
    shown = selection.drawn(attribution)
    height, width = shown.values.shape
    title = f"**{selection.analysis.title} for {escape_markdown(selection.asked)}**"
    st.markdown(f"{title}, {shape_text((height, width))} values")
    framed_chart(
        map_figure(shown.values, scale=scale_of(shown, selection.answer.class_names), theme=theme()),
        key="values",
        aspect=1.14 * width / height,
        alt=f"The raw map: {short(float(shown.values.min()))} to {short(float(shown.values.max()))}",
        max_width_px=560,
    )
    words = [where_evidence_lies(attribution, selection.class_name)]
    if attribution.signed:
        words.append(balance(attribution, selection.class_name, selection.other))
    st.markdown(escape_markdown(" ".join(words), longest=None))
    st.caption(
        f"{escape_markdown(selection.asked)}: {selection.score_words} {short(attribution.score)}.  \n"
        + check_text(selection.analysis.check(attribution)),
        help=CHECK_HELP if attribution.constant is not None else None,
    )
    export_bar(export(view, selection, attribution))


def export(view: View, selection: HeatMapSelection, attribution: AttributionMap) -> Export:
    """The map over the photo as it is drawn, with its raw values."""
    shown, request = selection.drawn(attribution), selection.request
    return Export(
        name=file_name(selection.analysis.key, selection.class_name, view.photo.title, request.layer_name),
        title=f"{selection.analysis.title} for {selection.asked}",
        note=f"{view.photo.title}, {request.layer_name or 'input'}; "
        f"{selection.score_words} {short(attribution.score)}.",
        image=lambda: _pixels(view, selection, shown),
        scale=selection.scale(shown),
        arrays=lambda: named_arrays(attribution),
        code=code_of(view, selection.analysis, request, selection.settings)
        + "print(result.values.round(2), result.score)",
        drawing="from dashboard.widgets.overlay_view import map_over_photo\n"
        f"{photo_code(view, fine=selection.fine)}{selection.drawing_imports}"
        f"shown = {selection.drawn_code('result')}\n"
        f"scale = {selection.scale_code('shown')}\n"
        "picture = map_over_photo(\n"
        f"    photo, shown.values, shown.extent, scale=scale, opacity={selection.opacity!r},\n"
        f"    input_size={photo_pixels(view).shape[:2]!r},\n"
        ")\n",
    )
