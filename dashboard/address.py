"""State in the address: a copied link opens the same view.

Every choice that makes a view is written to the query string under the key of its widget. An
address that came from outside (a link, the Back button) is read before the widget is made;
values that do not exist here are ignored. Each page remembers its own choices, so that no view
depends on what was clicked on another page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import streamlit as st

_KNOWN = "_address"  # session state: per page, what this session wrote or read last, by key
_PAGE = "_page"
EVERYWHERE = "everywhere"
SHARED_KEYS = frozenset({"model", "photo", "preset"})
SHARED_PREFIXES = ("set_", "aug_")  # settings of training: the sidebar of every page starts with them


def enter(page: str) -> None:
    """Say which page is drawn from here on; the choices of the page before are put aside."""
    before = st.session_state.get(_PAGE)
    if before is not None and before != page:
        for key in _memory(before):
            st.session_state.pop(key, None)
    st.session_state[_PAGE] = page


def restore(key: str, parse: Callable[[str], Any | None], default: Any) -> Any:
    """Put the value for the widget ``key`` into session state, and return it.

    The order: what the address says if that is new, what the person chose, what they had chosen
    when they were on this page before, ``default``.

    Args:
        key: of the widget and of the query parameter.
        parse: from the text in the address to a value, or None for a value that does not exist here.
        default: used when nothing else fits.
    """
    # Set anew in every run: a widget whose range changed would fall back to its own default.
    st.session_state[key] = value = current(key, parse, default)
    return value


def current(key: str, parse: Callable[[str], Any | None], default: Any) -> Any:
    """What ``restore`` would put into session state; for choices whose widget is not drawn now."""
    known = _memory_of(key)
    written = st.query_params.get(key)
    candidates = [st.session_state.get(key), known.get(key)]
    if written is not None and written != known.get(key):
        candidates.insert(0, written)
    for candidate in candidates:
        parsed = None if candidate is None else parse(str(candidate))
        if parsed is not None:
            return parsed
    return default


def keep(values: Mapping[str, Any]) -> None:
    """Write choices to the address, and remember them for the way back to this page.

    None takes a key out of the address.
    """
    texts = {key: None if value is None else str(value) for key, value in values.items()}
    for key, text in texts.items():
        _memory_of(key)[key] = text
        if text is None and key in st.query_params:
            del st.query_params[key]
    changed = {key: t for key, t in texts.items() if t is not None and st.query_params.get(key) != t}
    if changed:
        st.query_params.update(changed)


def name_in(options: Iterable[str]) -> Callable[[str], str | None]:
    """A parser for names that are their own text."""
    return {name: name for name in options}.get


def whole_number(low: int, high: int) -> Callable[[str], int | None]:
    """A parser for whole numbers from ``low`` to ``high``."""

    def parse(text: str) -> int | None:
        try:
            number = int(text)
        except ValueError:
            return None
        return number if low <= number <= high else None

    return parse


def number(low: float, high: float) -> Callable[[str], float | None]:
    """A parser for numbers from ``low`` to ``high``."""

    def parse(text: str) -> float | None:
        try:
            value = float(text)
        except ValueError:
            return None
        return value if low <= value <= high else None

    return parse


def _memory(page: str) -> dict[str, str | None]:
    pages: dict[str, dict[str, str | None]] = st.session_state.setdefault(_KNOWN, {})
    return pages.setdefault(page, {})


def _memory_of(key: str) -> dict[str, str | None]:
    shared = key in SHARED_KEYS or key.startswith(SHARED_PREFIXES)
    return _memory(EVERYWHERE if shared else st.session_state.get(_PAGE, EVERYWHERE))
