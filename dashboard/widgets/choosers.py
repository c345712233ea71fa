"""Pickers for layers, channels and classes; what they choose is in the address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.session import address
from dashboard.widgets.markdown import literal

if TYPE_CHECKING:
    from streamlit.elements.lib.mutable_expander_container import ExpanderContainer
    from streamlit.elements.lib.mutable_tab_container import TabContainer

    from cnn_core.probe.layer_info import LayerInfo
    from cnn_core.probe.probe import Head

LAYER_HELP = (
    "A layer turns the maps of the one before into new ones; later layers see larger parts of the photo."
)
_NAMED = "_class_named"  # session state: whether the person, or an address, named the class
CHANNEL_HELP = "A channel is one filter's map: how strongly its pattern was found at each place."


def layer_slider(
    layers: Sequence[LayerInfo], default: str, *, key: str = "layer", arrows: str | None = None
) -> LayerInfo:
    """Choose one of some layers by its title.

    Args:
        layers: in order of computation, at least one.
        default: name of the layer to start with.
        key: of the widget and in the address.
        arrows: modifier of the arrow keys that step through the layers, e.g. ``Shift``; None for none.
    """
    by_name = {info.name: info for info in layers}
    names = list(by_name)
    titled = address.titled({info.name: info.title for info in layers})
    chosen = address.restore(key, titled, default if default in by_name else names[0])
    label = "Layer"
    if len(names) == 1:
        st.markdown(f"{label}  \n**{literal(by_name[chosen].title)}**")
        return by_name[chosen]
    with _stepped(key, names, arrows):
        chosen = st.select_slider(
            label, names, format_func=lambda name: by_name[name].title, key=key, help=LAYER_HELP
        )
    address.keep({key: chosen})
    return by_name[chosen]


def channel_slider(count: int, *, key: str = "channel", arrows: bool = True) -> int:
    """Choose a channel, 0 to ``count - 1``."""
    chosen = address.restore(key, address.whole_number(0, count - 1), 0)
    if count == 1:
        address.keep({key: 0})
        return 0
    with _stepped(key, list(range(count)), "" if arrows else None):
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
        names = {head.name: index for index, head in enumerate(heads)}
        address.restore("head", address.name_in(names), heads[0].name)
        head = names[st.selectbox("Output", list(names), key="head")]
        address.keep({"head": heads[head].name})
    tokens = class_tokens(heads[head].class_names)
    labels = dict(zip(tokens, _class_labels(heads[head].class_names), strict=True))
    parse = address.titled(labels)
    asked = address.current("class", parse, "", held=bool(st.session_state.get(_NAMED)))
    named = st.session_state[_NAMED] = asked != ""
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


def _class_labels(names: Sequence[str]) -> list[str]:
    return [name if names.count(name) == 1 else f"{name} ({index})" for index, name in enumerate(names)]


def _name_class() -> None:
    st.session_state[_NAMED] = True


def choice(label: str, options: dict[str, str], *, key: str, help: str | None = None) -> str:
    """Choose one of a few options ``{key: title}`` laid out side by side."""
    address.restore(key, address.titled(options), next(iter(options)))
    chosen = st.segmented_control(
        label, list(options), format_func=options.__getitem__, key=key, help=help, required=True
    )
    chosen = next(iter(options)) if chosen is None else chosen
    address.keep({key: chosen})
    return str(chosen)


def tabs(titles: dict[str, str], *, key: str) -> dict[str, TabContainer]:
    """Tabs ``{key: title}`` with which one is open in the address; only that one is to be computed.

    Returns:
        a container per tab, ``open`` in one of them.
    """
    by_text = titles | {title: title for title in titles.values()}  # what the address, and the widget, holds
    first = next(iter(titles))
    address.restore(key, address.one_of(by_text), titles[first])
    made = dict(zip(titles, st.tabs(list(titles.values()), key=key, on_change="rerun"), strict=True))
    opened = next((name for name, tab in made.items() if tab.open), first)
    address.keep({key: None if opened == first else opened})
    return made


def box(title: str, *, key: str, icon: str) -> ExpanderContainer:
    """A box that opens, and whether it is ``open`` in the address; only then it is to be filled."""
    address.restore(key, address.YES_OR_NO, False)
    made = st.expander(title, icon=icon, key=key, on_change="rerun")
    address.keep({key: True if made.open else None})
    return made


class _stepped:
    """A widget with a button on each side that steps to the neighbouring value."""

    def __init__(self, key: str, values: Sequence[object], arrows: str | None) -> None:
        self._key, self._values, self._arrows = key, values, arrows

    def __enter__(self) -> None:
        self._row = st.container(
            horizontal=True, vertical_alignment="bottom", gap="small", key=f"{self._key}-row"
        )
        self._row.__enter__()
        self._button("chevron_left", "Left", -1)
        self._middle = st.container(width="stretch")
        self._middle.__enter__()

    def __exit__(self, *error: object) -> None:
        self._middle.__exit__(*error)
        self._button("chevron_right", "Right", 1)
        self._row.__exit__(*error)

    def _button(self, icon: str, arrow: str, step: int) -> None:
        shortcut = None if self._arrows is None else "+".join(part for part in (self._arrows, arrow) if part)
        st.button(
            f":material/{icon}:",
            key=f"{self._key}-{arrow.lower()}",
            shortcut=shortcut,
            on_click=self._step,
            args=(step,),
            type="tertiary",
        )

    def _step(self, step: int) -> None:
        place = self._values.index(st.session_state[self._key]) + step
        st.session_state[self._key] = self._values[min(max(place, 0), len(self._values) - 1)]


def first_choice(layers: Sequence[LayerInfo]) -> str:
    """The third convolution: patterns are found in a second and already show fur and stripes."""
    return layers[min(2, len(layers) - 1)].name
