"""A photo with a map over it, and the answer beside it."""

from __future__ import annotations

import dataclasses
import html
import math
from collections.abc import Sequence

import numpy as np
import streamlit as st

from cnn_core.images.decode import model_pixels
from cnn_core.images.fitted_map import Extent, fit_to_image
from cnn_core.results import AttributionMap, HeadAnswer
from dashboard.figures.colours import Float, Scale, UInt8
from dashboard.figures.pictures.overlay import overlay, overlay_scale
from dashboard.figures.pictures.pictures import enlarged, jpeg, rgb_pixels
from dashboard.figures.pictures.score_bar import score_bar_html
from dashboard.session.resources import explorer, model_input_pixels
from dashboard.session.view import View
from dashboard.widgets.sentences import headline, margin, sureness, what_it_knows

SHOWN_PX = 576
OPACITY = 0.75
FAINTEST = 0.25  # strength of the colours of a coin toss
SMALLEST_REM, LARGEST_REM = 1.6, 3.1  # of the answer: a coin toss, and certainty


def photo_pixels(view: View) -> UInt8:
    """The photo as the network gets it, ``(H, W, 3)``."""
    return rgb_pixels(model_input_pixels(view.model_key, view.photo.image()))


def draw_photo(view: View) -> None:
    """The photo as the network gets it, enlarged for the page."""
    picture = jpeg(enlarged(photo_pixels(view), SHOWN_PX))
    st.image(picture, width="stretch", alt=f"The photo: {view.photo.title}")


def fine_pixels(view: View) -> UInt8:
    """What the network gets of the photo, in the network's proportions but at the photo's own resolution."""
    height, width, factor = _fine_size(view)
    fit = explorer().card(view.model_key).preprocessing.fit
    return model_pixels(view.photo.image().pixels, (height * factor, width * factor), 3, fit)


def _fine_size(view: View) -> tuple[int, int, int]:
    """Height and width that the network gets, and how many times as large the photo is drawn."""
    height, width = photo_pixels(view).shape[:2]
    return height, width, max(1, round(SHOWN_PX / max(height, width)))


def photo_code(view: View, *, fine: bool = False) -> str:
    """Python that makes ``photo_pixels`` again, or ``fine_pixels``, from ``image`` into ``photo``."""
    if fine:
        height, width, factor = _fine_size(view)
        fit = explorer().card(view.model_key).preprocessing.fit
        return (
            "from cnn_core.images.decode import model_pixels\n"
            f"photo = model_pixels(image.pixels, {(height * factor, width * factor)}, 3, {fit!r})\n"
        )
    return (
        "from dashboard.figures.pictures.pictures import rgb_pixels\n"
        f"photo = rgb_pixels(explorer.model_input_pixels({view.model_key!r}, image))\n"
    )


def map_over_photo(
    photo: UInt8,
    values: Float,
    extent: Extent,
    *,
    scale: Scale,
    opacity: float = OPACITY,
    side_px: int = SHOWN_PX,
    input_size: tuple[int, int] | None = None,
) -> UInt8:
    """A map over a photo, enlarged, ``(H, W, 3)``.

    Args:
        photo: as the network gets it, ``(h, w, 3)``, or a finer one.
        values: the map.
        extent: of the map on the photo.
        scale: its colours.
        opacity: 0..1 of the strongest value.
        side_px: longer side of the picture.
        input_size: height and width that the network gets, which ``extent`` counts in, of a finer photo.
    """
    large = enlarged(photo, side_px)
    stretched = fit_to_image(values, extent, input_size or photo.shape[:2], large.shape[:2])
    return overlay(large, stretched, scale=scale, opacity=opacity)


def scale_of(attribution: AttributionMap, class_names: Sequence[str]) -> Scale:
    """The colours of a map on its own range: signed ones centred on 0, in the colours of their classes."""
    scale = overlay_scale(attribution.values, signed=attribution.signed)
    return in_class_colours(scale, attribution, class_names)


def in_class_colours(scale: Scale, attribution: AttributionMap, class_names: Sequence[str]) -> Scale:
    """Of two classes the first one is blue and the second red, whichever of them a map is for."""
    first_of_two = len(class_names) == 2 and attribution.class_index == 0
    return scale.mirrored() if attribution.signed and first_of_two else scale


def evidence_strength(answer: HeadAnswer) -> float:
    """How strong the colours of a heat map are: full where the network is sure, faint for a coin toss."""
    return max(FAINTEST, math.sqrt(margin(answer)))


def attribution_pixels(
    view: View, attribution: AttributionMap, opacity: float = OPACITY, *, scale: Scale, fine: bool = False
) -> UInt8:
    """An attribution over the photo, ``(H, W, 3)``, or over ``fine_pixels``."""
    photo = photo_pixels(view)
    return map_over_photo(
        fine_pixels(view) if fine else photo,
        attribution.values,
        attribution.extent,
        scale=scale,
        opacity=opacity,
        input_size=(photo.shape[0], photo.shape[1]),
    )


def as_on_the_bar(attribution: AttributionMap, answer: HeadAnswer) -> AttributionMap:
    """The map with the colours and sides of the score bar.

    Of two classes that share one score, the second is always red and to the right: the map for one
    is exactly the negative of the map for the other.
    """
    if answer.kind != "binary" or not attribution.signed or attribution.class_index == 1:
        return attribution
    return dataclasses.replace(
        attribution, values=-attribution.values, class_index=1, score=-attribution.score, constant=None
    )


def only_for(attribution: AttributionMap) -> AttributionMap:
    """A map without what speaks against its class."""
    if not attribution.signed:
        return attribution
    return dataclasses.replace(attribution, values=np.clip(attribution.values, 0, None), signed=False)


def other_name(names: Sequence[str], class_index: int) -> str:
    """What speaks against one of some classes: the other one of two, or the rest."""
    return names[1 - class_index] if len(names) == 2 else f"not {names[class_index]}"


def answer_html(answer: HeadAnswer) -> str:
    """The answer in one word, the larger the surer, how sure, and the score as a bar."""
    size = SMALLEST_REM + (LARGEST_REM - SMALLEST_REM) * math.sqrt(margin(answer))
    return (
        f'<div class="answer" style="font-size:{size:.2f}rem">{html.escape(headline(answer))}</div>'
        f'<div class="sure">{html.escape(sureness(answer))}'
        f'<div class="knows">{html.escape(what_it_knows(answer))}</div></div>{score_bar_html(answer)}'
    )
