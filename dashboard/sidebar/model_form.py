"""What an uploaded model says of itself, put right: title, classes, outputs, and how it is shown pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from cnn_core.errors import ModelError
from cnn_core.images.preprocessing import Preprocessing
from cnn_core.uploads.preprocessings import PREPROCESSINGS, TITLES, name_of
from cnn_core.uploads.trying import Tried, tried
from dashboard.figures.colours import UInt8, short
from dashboard.figures.pictures.pictures import enlarged, jpeg
from dashboard.session.photos import samples_for
from dashboard.session.resources import explorer
from dashboard.session.state import session
from dashboard.widgets.evaluation_pictures import sure
from dashboard.widgets.markdown import escape_markdown

if TYPE_CHECKING:
    from cnn_core.models.card import ModelCard
    from cnn_core.probe.heads import Head

MAX_CLASSES_TEXT = 200_000
OWN = "own"
ORDERS = {"rgb": "Red, green, blue", "bgr": "Blue, green, red"}
FITS = {"squash": "Squashed", "crop": "Its middle cut out"}
TRIED_PHOTOS = 3
PICTURE_PX = 160
OUTPUT_TITLES = {
    "softmax": "Probabilities of classes that exclude one another (softmax).",
    "binary": "One unit for two classes.",
    "multilabel": "A probability for each class (sigmoid).",
}
MEANINGS = {"classes": "Classes", "numbers": "Numbers"}
CLASSES_HELP = (
    "One name per line in the order of the outputs, or a list or `class_indices` in JSON, as "
    '{"cats": 0, "dogs": 1}.'
)
OWN_HELP = "Each pixel, 0 to 255, times the scale, plus the offset: one number, or one per channel."
PIXELS_HELP = "What the network was trained on. Wrong pixels give wrong answers without any error."


def card_form(key: str, card: ModelCard) -> dict[str, Any] | None:
    """Draw the form; gives the changes of the card when it is saved.

    Raises:
        ModelError: something in it that cannot be read.
    """
    reasons = card.metadata.get("guessed")
    pixels = card.metadata["preprocessing"]
    with st.form(f"card-{key}", border=False):
        title = st.text_input("Title", card.title, max_chars=80)
        heads = explorer().heads(key)
        typed = {head.name: _draw_output(head, card.classes, several=len(heads) > 1) for head in heads}
        known = name_of(pixels)
        names = {**TITLES, OWN: "Own scale and offset"}
        chosen = st.selectbox(
            "Pixels",
            list(names),
            index=list(names).index(known or OWN),
            format_func=names.__getitem__,
            help=PIXELS_HELP,
        )
        scale, offset = (
            column.text_input(f"Own {name}", _numbers_text(pixels[name]), help=OWN_HELP)
            for column, name in zip(st.columns(2), ("scale", "offset"), strict=True)
        )
        order = st.selectbox(
            "Own order",
            list(ORDERS),
            index=list(ORDERS).index(card.preprocessing.channel_order),
            format_func=ORDERS.__getitem__,
        )
        fit = st.selectbox(
            "A photo of another shape",
            list(FITS),
            index=list(FITS).index(card.preprocessing.fit),
            format_func=FITS.__getitem__,
        )
        if isinstance(reasons, dict) and "preprocessing" in reasons:
            st.caption(f"Guessed. {escape_markdown(str(reasons['preprocessing']), longest=200)}")
        st.form_submit_button("Save", icon=":material/save:", on_click=_save, args=(key,))
    if session().saved_form != key:
        return None
    session().saved_form = None
    own = {"scale": scale, "offset": offset, "channel_order": order}
    changes = {"title": title.strip() or key, "preprocessing": pixels_of(chosen, own, fit)}
    return changes | {"classes": named_classes(typed)}


def _save(key: str) -> None:
    """Noted, since a run that another one cuts short before the form forgets that its button was pressed."""
    session().saved_form = key


def pixels_of(chosen: str, own: Mapping[str, str], fit: str) -> dict[str, Any]:
    """The preprocessing of a card: one of the usual ones by its key, or one's own, as it was typed.

    Raises:
        ModelError: numbers that cannot be read.
    """
    if chosen in PREPROCESSINGS:
        return {**PREPROCESSINGS[chosen], "fit": fit}
    typed = {name: numbers_of(own[name]) for name in ("scale", "offset")}
    return {**typed, "channel_order": own["channel_order"], "fit": fit}


def named_classes(typed: Mapping[str, str | None]) -> Any:
    """The classes of a card, from what was typed for each output; None for one that means numbers.

    Raises:
        ModelError: JSON that cannot be read.
    """
    named = {head: [] if text is None else classes_of(text) for head, text in typed.items()}
    alone = len(named) == 1 and None not in typed.values()
    return next(iter(named.values())) if alone else named


def _draw_output(head: Head, classes: Any, *, several: bool) -> str | None:
    """Names and meaning of one output, as they are typed; None where it means numbers.

    What it means is said where the network itself tells it, and asked where it does not.
    """
    name = f" of {escape_markdown(head.name)}" if several else ""
    names = classes.get(head.name, ()) if isinstance(classes, Mapping) else () if several else classes
    text = st.text_area(f"Classes{name}", "\n".join(names), help=CLASSES_HELP)
    if several and not text.strip():
        text = "\n".join(head.class_names)  # without names beside one that has some, it would mean numbers
    if head.kind not in ("logits", "regression"):
        st.caption(OUTPUT_TITLES[head.kind])
        return text
    meaning = st.selectbox(
        f"Output{name}" if several else "Outputs",
        list(MEANINGS),
        index=int(head.kind == "regression"),
        format_func=MEANINGS.__getitem__,
        help="The network ends in plain sums: the logits of classes, or numbers such as an age.",
    )
    return text if meaning == "classes" else None


@st.dialog("How this model is shown a photo", width="large")
def try_pixels(key: str) -> None:
    """The tensor that enters the model in each of the usual ways, and what it answers then."""
    photos = samples_for(key)[:TRIED_PHOTOS]
    card = explorer().card(key)
    ways = {"now": card.preprocessing} | {
        name: Preprocessing(
            scale=tuple(about["scale"]),
            offset=tuple(about["offset"]),
            channel_order=about["channel_order"],
            fit=card.preprocessing.fit,
        )
        for name, about in PREPROCESSINGS.items()
    }
    with st.spinner("Asking the model"):
        pictures = [explorer().model_input_pixels(key, photo.image()) for photo in photos]
        answers = tried(explorer().model(key).probe, pictures, ways)
    st.caption(
        "Each row shows the numbers that enter the model, from the smallest, black, to the largest, white. "
        "The right way is usually the one with sure and sensible answers."
    )
    for name, way in ways.items():
        tensor_place, words = st.columns([1, 5], vertical_alignment="center")
        tensor = way.apply(pictures[0])
        tensor_place.image(
            jpeg(enlarged(tensor_pixels(tensor), PICTURE_PX)), alt=f"What enters the model: {name}"
        )
        title = "As the card says now" if name == "now" else TITLES[name]
        words.markdown(
            f"**{title}**: {short(float(tensor.min()))} to {short(float(tensor.max()))}  \n"
            + answers_words(answers[name], [photo.title for photo in photos])
        )


def tensor_pixels(tensor: Any) -> UInt8:
    """Model input ``(h, w, c)`` as a picture ``(h, w, 3)``: its smallest number black, its largest white."""
    low, high = float(tensor.min()), float(tensor.max())
    pixels = np.rint((tensor - low) / max(high - low, 1e-12) * 255).astype(np.uint8)
    if pixels.shape[-1] == 1:
        return np.repeat(pixels, 3, axis=-1)
    return pixels[..., :3]


def answers_words(found: Tried, titles: list[str]) -> str:
    """Picture and answer, as Markdown."""
    shares = found.probabilities
    told = [
        f"{escape_markdown(title)}: {escape_markdown(answer)}"
        + ("" if shares is None else f" {escape_markdown(sure(shares[place]))}")
        for place, (title, answer) in enumerate(zip(titles, found.answers, strict=True))
    ]
    return " · ".join(told)


def numbers_of(text: str) -> list[float]:
    """Numbers with commas or blanks between them.

    Raises:
        ModelError: something else.
    """
    try:
        return [float(part) for part in text.replace(",", " ").split()]
    except ValueError as error:
        raise ModelError(
            f"Expected numbers with commas between them. Received: {text[:60]!r}. Write 0.5, 0.5, 0.5 for "
            "example."
        ) from error


def _numbers_text(value: Any) -> str:
    return ", ".join(f"{each:g}" for each in (value if isinstance(value, list) else [value]))


def classes_of(text: str) -> Any:
    """Names as somebody types or pastes them.

    Raises:
        ModelError: JSON that cannot be read.
    """
    text = text.strip()[:MAX_CLASSES_TEXT]
    if text.startswith(("{", "[")):
        try:
            return json.loads(text)
        except ValueError as error:
            raise ModelError(
                f"Expected class names or JSON. Received: JSON with an error ({error})."
            ) from error
    return [line.strip().rstrip(",").strip("\"'") for line in text.splitlines() if line.strip()]
