"""Pickers for layers, channels and classes; what they choose is in the address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.session import address
from dashboard.session.resources import explorer
from dashboard.session.state import session
from dashboard.widgets.inputs import select, stepped
from dashboard.widgets.markdown import escape_markdown

if TYPE_CHECKING:
    from cnn_core.probe.heads import Region
    from cnn_core.probe.layer_info import LayerInfo
    from cnn_core.probe.probe import Head

LAYER_HELP = (
    "A layer turns the maps of the one before into new ones; later layers see larger parts of the photo."
)
NOBODY = ""
AGAINST_HELP = (
    "What sets the class apart from this one: the map explains the difference of the two scores, and what "
    "both have in common drops out."
)
WHOLE = "whole"
REGIONS = {WHOLE: "The whole picture"} | {
    f"{row}-{column}": f"{row} {column}".capitalize()
    for row in ("top", "middle", "bottom")
    for column in ("left", "centre", "right")
}
REGION_HELP = "This network answers for each place: the map shows what moves the mean answer of this part."
CHANNEL_HELP = "A channel is one filter's map: how strongly its pattern was found at each place."


def layer_slider(
    layers: Sequence[LayerInfo], default: str, *, key: str = "layer", arrows: str | None = None
) -> LayerInfo:
    """Choose one of some layers by its title.

    Args:
        layers: in order of computation, at least one.
        default: name of the layer to start with.
        key: of the widget and in the address.
        arrows: the arrow keys that step through the layers, ``plain`` or with ``shift``; None: none do.
    """
    by_name = {info.name: info for info in layers}
    titles = {info.name: info.title for info in layers}
    names = list(by_name)
    chosen = address.restore(key, address.titled(titles), default if default in by_name else names[0])
    label = "Layer"
    if len(names) == 1:
        st.markdown(f"{label}  \n**{escape_markdown(titles[chosen])}**")
        return by_name[chosen]
    with stepped(key, names, arrows):
        chosen = st.select_slider(label, names, format_func=titles.__getitem__, key=key, help=LAYER_HELP)
    address.keep({key: chosen})
    return by_name[chosen]


def channel_slider(count: int, *, key: str = "channel", arrows: bool = True) -> int:
    """Choose a channel, 0 to ``count - 1``."""
    chosen = address.restore(key, address.whole_number(0, count - 1), 0)
    if count > 1:
        with stepped(key, range(count), "plain" if arrows else None):
            chosen = st.slider("Channel", 0, count - 1, key=key, help=CHANNEL_HELP)
    address.keep({key: chosen})
    return int(chosen)


def class_picker(heads: Sequence[Head], best: Sequence[int]) -> tuple[int, int]:
    """Choose an output and one of its classes: ``(head, class_index)``.

    Args:
        heads: the outputs of the model.
        best: the model's own answer per output; followed until the person, or an address, names a class.
    """
    head = 0
    if len(heads) > 1:
        names = [head.name for head in heads]
        head = names.index(select("Output", {name: name for name in names}, key="head"))
    tokens = class_tokens(heads[head].class_names)
    labels = dict(zip(tokens, class_labels(heads[head].class_names), strict=True))
    parse = address.titled(labels)
    asked = address.current("class", parse, "", held=session().class_named)
    named = session().class_named = asked != ""
    address.put("class", parse, asked or tokens[best[head]])
    token = st.selectbox(
        "Class",
        tokens,
        format_func=labels.__getitem__,
        key="class",
        on_change=_name_class,
        help="The map shows what speaks for this class, whether or not it won.",
    )
    address.keep({"class": token if named else None})
    return head, tokens.index(token)


def against_picker(head: Head, class_index: int) -> int | None:
    """Choose a class to compare with; None for the score alone, and where there is no choice."""
    if head.kind == "binary" or len(head.class_names) < 2:
        return None  # the score of one unit is the difference already
    tokens = class_tokens(head.class_names)
    labels = {
        token: label
        for token, label in zip(tokens, class_labels(head.class_names), strict=True)
        if token != tokens[class_index]
    }
    chosen = select("Against", {NOBODY: "the score alone", **labels}, key="against", help=AGAINST_HELP)
    return None if chosen == NOBODY else tokens.index(chosen)


def region_picker(model_key: str, head: int) -> Region | None:
    """Choose a part of an output with an answer for each place; None for all of it, and for other outputs."""
    name = explorer().heads(model_key)[head].name
    shape = next(
        (info.output_shape for info in explorer().outline(model_key).layers if info.name == name), ()
    )
    if len(shape) != 3:
        return None
    chosen = select("Where it is answered", REGIONS, key="region", help=REGION_HELP)
    if chosen == WHOLE:
        return None
    row, column = divmod(list(REGIONS).index(chosen) - 1, 3)
    return row / 3, column / 3, (row + 1) / 3, (column + 1) / 3


def class_tokens(names: Sequence[str]) -> list[str]:
    """What stands for each class in the address: its name, or its index where another has that name too."""
    taken = set(names)
    tokens = []
    for index, name in enumerate(names):
        token = name if names.count(name) == 1 and name != "" else str(index)
        while token != name and token in taken:
            token = f"{token}."
        tokens.append(token)
    return tokens


def class_labels(names: Sequence[str]) -> list[str]:
    """What each class is called, with its index where another has that name too."""
    return [name if names.count(name) == 1 else f"{name} ({index})" for index, name in enumerate(names)]


def _name_class() -> None:
    session().class_named = True


def first_choice(layers: Sequence[LayerInfo]) -> str:
    """The third convolution: patterns are found in a second and already show fur and stripes."""
    return layers[min(2, len(layers) - 1)].name
