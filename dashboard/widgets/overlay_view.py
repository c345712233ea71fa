"""A photo with a map over it, and the answer beside it."""

from __future__ import annotations

import dataclasses
import html
from typing import TYPE_CHECKING

from cnn_core.results import AttributionMap, HeadAnswer
from dashboard.figures.colours import Scale, UInt8
from dashboard.figures.pictures.overlay import fit_to_image, overlay
from dashboard.figures.pictures.pictures import enlarged, rgb_pixels
from dashboard.figures.pictures.score_bar import score_bar_html
from dashboard.session.resources import seen_pixels
from dashboard.session.view import View
from dashboard.widgets.sentences import (
    sureness,
    what_it_knows,
)

if TYPE_CHECKING:
    pass

SHOWN_PX = 576
OPACITY = 0.75


def photo_pixels(view: View) -> UInt8:
    """The photo as the network gets it, ``(H, W, 3)``."""
    image = view.photo.image()
    return rgb_pixels(seen_pixels(view.model_key, image))


def evidence_pixels(view: View, evidence: AttributionMap, opacity: float, *, scale: Scale) -> UInt8:
    """A map over the photo, enlarged for the page, ``(H, W, 3)``."""
    photo = photo_pixels(view)
    large = enlarged(photo, SHOWN_PX)
    values = fit_to_image(evidence.values, evidence.extent, photo.shape[:2], large.shape[:2])
    return overlay(large, values, scale=scale, opacity=opacity)


def as_on_the_bar(evidence: AttributionMap, answer: HeadAnswer) -> AttributionMap:
    """The map with the colours and sides of the score bar.

    Of two classes that share one score, the second is always red and to the right: the map for one
    is exactly the negative of the map for the other.
    """
    if answer.kind != "binary" or not evidence.signed or evidence.class_index == 1:
        return evidence
    return dataclasses.replace(
        evidence, values=-evidence.values, class_index=1, score=-evidence.score, constant=None
    )


def other_name(answer: HeadAnswer, class_index: int) -> str:
    """What speaks against a class: the other one of two, or the rest."""
    if len(answer.class_names) == 2:
        return answer.class_names[1 - class_index]
    return f"not {answer.class_names[class_index]}"


def answer_html(answer: HeadAnswer) -> str:
    """The answer in one word, how sure, and the score as a bar."""
    name = html.escape(answer.class_names[answer.best])
    return (
        f'<div class="answer">{name}</div><div class="sure">{sureness(answer)}'
        f'<div class="knows">{html.escape(what_it_knows(answer))}</div></div>{score_bar_html(answer)}'
    )
