"""Widgets whose choice is in the address: one call restores it, draws the widget, and keeps it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.session import address

if TYPE_CHECKING:
    from streamlit.elements.lib.mutable_expander_container import ExpanderContainer
    from streamlit.elements.lib.mutable_tab_container import TabContainer

LARGEST_TURN = 9999


def kept(key: str, parse: Callable[[str], Any | None], default: Any) -> Any:
    """A choice without a widget of its own, such as what a click in a picture chose; see ``address``."""
    value = address.restore(key, parse, default)
    address.keep({key: value})
    return value


def select(
    label: str, options: Mapping[str, str], *, key: str, default: str | None = None, **look: Any
) -> str:
    """Choose one of ``{name: title}`` from a list.

    Args:
        label: of the widget.
        options: at least one.
        key: of the widget and in the address.
        default: name to start with; the first one when None.
        look: further arguments of ``st.selectbox``.
    """
    start = next(iter(options)) if default is None else default
    address.restore(key, address.titled(options), start)
    chosen = str(st.selectbox(label, list(options), format_func=options.__getitem__, key=key, **look))
    address.keep({key: chosen})
    return chosen


def choice(
    label: str, options: Mapping[str, str], *, key: str, default: str | None = None, **look: Any
) -> str:
    """Choose one of a few ``{name: title}`` laid out side by side; as ``select``."""
    start = next(iter(options)) if default is None else default
    address.restore(key, address.titled(options), start)
    chosen = st.segmented_control(
        label, list(options), format_func=options.__getitem__, key=key, required=True, **look
    )
    chosen = start if chosen is None else str(chosen)
    address.keep({key: chosen})
    return chosen


def slider(
    label: str, span: tuple[float, float], *, key: str, default: float, step: float = 1, **look: Any
) -> Any:
    """Choose a number of ``span``, both ends included; whole where ``default`` is an int.

    Only a number other than ``default`` is in the address. ``look``: further arguments of ``st.slider``.
    """
    whole = isinstance(default, int)
    address.restore(key, (address.whole_number if whole else address.number)(*span), default)
    chosen = st.slider(label, *span, step=step, key=key, **look)
    address.keep({key: None if chosen == default else chosen})
    return chosen


def toggle(label: str, *, key: str, default: bool = False, **look: Any) -> bool:
    """Switch something on or off. ``look``: further arguments of ``st.toggle``."""
    address.restore(key, address.YES_OR_NO, default)
    chosen = st.toggle(label, key=key, **look)
    address.keep({key: chosen})
    return chosen


def tabs(titles: Mapping[str, str], *, key: str) -> dict[str, TabContainer]:
    """Tabs ``{key: title}`` with which one is open in the address; only that one is to be computed.

    Returns:
        a container per tab, ``open`` in one of them.
    """
    by_text = {**titles, **{title: title for title in titles.values()}}  # what address and widget hold
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


def shuffle_button(label: str, *, key: str, **look: Any) -> int:
    """A button that draws others; gives how often it was pressed, which seeds the draw.

    ``look``: further arguments of ``st.button``, whose key is ``key`` with ``-next``.
    """
    turn: int = address.restore(key, address.whole_number(0, LARGEST_TURN), 0)
    address.keep({key: turn or None})
    st.button(label, icon=":material/shuffle:", key=f"{key}-next", on_click=_turn, args=(key,), **look)
    return turn


def _turn(key: str) -> None:
    st.session_state[key] = (int(st.session_state[key]) + 1) % (LARGEST_TURN + 1)


def pager(count: int, per_page: int, *, key: str) -> slice:
    """Which of ``count`` things stand on the chosen page; buttons turn it where there are several pages."""
    last = max(0, (count - 1) // per_page)
    page: int = address.restore(key, address.whole_number(0, last), 0)
    address.keep({key: page or None})
    shown = slice(page * per_page, min((page + 1) * per_page, count))
    if last:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _page_button("chevron_left", "Before", key, page - 1, disabled=page == 0)
            st.markdown(f"{shown.start + 1} to {shown.stop} of {count:,}", width="content")
            _page_button("chevron_right", "Next", key, page + 1, disabled=page == last)
    return shown


def _page_button(icon: str, name: str, key: str, page: int, *, disabled: bool) -> None:
    st.button(
        name,
        key=f"{key}-{name.lower()}",
        icon=f":material/{icon}:",
        on_click=st.session_state.__setitem__,
        args=(key, page),
        disabled=disabled,
        type="tertiary",
    )


class stepped:
    """A widget with a button on each side that steps to the neighbouring value.

    Args:
        key: of the widget.
        values: that it takes, in order.
        arrows: the arrow keys that do the same, ``plain`` or with ``shift``; None: none do.
    """

    def __init__(self, key: str, values: Sequence[object], arrows: str | None) -> None:
        self._key, self._values, self._arrows = key, values, arrows

    def __enter__(self) -> None:
        self._row = st.container(
            horizontal=True, vertical_alignment="bottom", gap="small", key=f"{self._key}-steps-{self._arrows}"
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
        st.button(
            f":material/{icon}:",
            key=f"{self._key}-{arrow.lower()}",
            on_click=self._step,
            args=(step,),
            type="tertiary",
        )

    def _step(self, step: int) -> None:
        index = self._values.index(st.session_state[self._key]) + step
        st.session_state[self._key] = self._values[min(max(index, 0), len(self._values) - 1)]
