"""State in the address: a copied link opens the same view.

Every choice that makes a view is remembered under the key of its widget, and written to the query
string once a run is over. The address is read only when it comes from outside: a link, the menu, the
Back button; what it names and does not exist here is replaced, and ``missing`` says so. Each page
remembers its own choices, so that no view depends on what was clicked on another page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboard.session.state import EVERYWHERE, session

SHARED_KEYS = frozenset({"model", "photo", "preset", "run"})
SHARED_PREFIXES = ("set_", "aug_")  # settings of training: the sidebar of every page starts with them


def enter(page: str) -> None:
    """Say which page is drawn from here on, and take in an address that came from outside.

    The choices of the page before are put aside. With Back and Forward the address is the whole
    view: what it does not name goes back to where it started.
    """
    held = session()
    before, held.page = held.page, page
    if before not in (EVERYWHERE, page):
        for key in _memory(before):
            if not _is_shared(key):
                st.session_state.pop(key, None)
    arrived, by_history = st.query_params.to_dict(), _by_history()
    if before == page and not by_history and _is_own(arrived):
        return
    held.trail, held.linked, held.missing = [arrived], dict(arrived), {}
    for key in {*arrived, *(_memory(page) if by_history else ())}:
        if not key.startswith("_"):  # such names are the dashboard's own
            st.session_state.pop(key, None)
            _remember(key, arrived.get(key))
    _write()


def restore(key: str, parse: Callable[[str], Any | None], default: Any) -> Any:
    """Put the value for the widget ``key`` into session state, and return it.

    The order: what the person chose, what an address said or they had chosen when they were on this
    page before, ``default``.

    Args:
        key: of the widget and of the query parameter.
        parse: from the text in the address to a value, or None for a value that does not exist here;
            equal to the one of the run before, unless the options of the widget have changed.
        default: used when nothing else fits.
    """
    value = current(key, parse, default)
    put(key, parse, value)
    return value


def put(key: str, parse: Callable[[str], Any | None], value: Any) -> None:
    """Put a value for the widget ``key`` into session state, unless the widget holds it already."""
    # Set anew, for a widget whose range changed would fall back to its own default; but not where it
    # is as it was, for setting takes back what a person has meanwhile moved a slider on to.
    parsers = session().parsers
    if parsers.get(key) != parse or st.session_state.get(key) != value:
        st.session_state[key] = value
    parsers[key] = parse


def set_anew() -> None:
    """Have the next run set every widget anew, where the browser may not have drawn those of this run yet."""
    session().parsers.clear()


def current(key: str, parse: Callable[[str], Any | None], default: Any, *, held: bool = True) -> Any:
    """What ``restore`` would put into session state; for choices whose widget is not drawn now.

    Unless ``held``, what the widget holds does not count: it is no choice of the person.
    """
    holds, named = st.session_state.get(key) if held else None, _memory_of(key).get(key)
    for candidate in (holds, named, session().unaddressed.get(key)):
        parsed = None if candidate is None else parse(str(candidate))
        if parsed is not None:
            return parsed
        if candidate is named and named is not None and session().linked.get(key) == named:
            session().missing[key] = named
    return default


def keep(values: Mapping[str, Any], *, written: bool = True) -> None:
    """Remember choices for the address, and for the way back to this page.

    None takes a key out of the address. What is not to be ``written`` is not in the address either,
    but found again by an address of this session that does not name the key.
    """
    for key, value in values.items():
        text = None if value is None else str(value)
        _remember(key, text if written else None)
        if not written:
            session().unaddressed[key] = text


def missing() -> dict[str, str]:
    """What a link named by key and does not exist here, until something else is chosen in its place."""
    return session().missing


def write() -> None:
    """Bring the address up to date at the end of a run, when all that it named has been looked for."""
    session().linked = {}
    _write()


def _write() -> None:
    """Send one message, for every message may become a step of Back."""
    now = st.query_params.to_dict()
    _is_own(now)
    kept = {key: _memory_of(key).get(key) for key in _memory(session().page)}
    wanted = {key: text for key, text in (now | kept).items() if text is not None}
    if wanted != now:
        st.query_params.from_dict(wanted)
        session().trail.append(wanted)


@dataclass(frozen=True, slots=True)
class one_of:
    """A parser for the values of ``{text: value}``; equal to another one as long as those are."""

    by_text: Mapping[str, Any]

    def __call__(self, text: str) -> Any | None:
        return self.by_text.get(text)


YES_OR_NO = one_of({"True": True, "False": False})


def name_in(options: Iterable[str]) -> one_of:
    """A parser for names that are their own text, also where the widget shows them."""
    return one_of({name: name for name in options})


@dataclass(frozen=True, slots=True)
class titled:
    """A parser for the names of ``{name: title}``; equal to another one as long as the titles are.

    A widget tells its options apart by their titles: as soon as one is called otherwise, its value has
    to be set anew.
    """

    titles: Mapping[str, str]

    def __call__(self, text: str) -> str | None:
        return text if text in self.titles else None


@dataclass(frozen=True, slots=True)
class whole_number:
    """A parser for whole numbers from ``low`` to ``high``."""

    low: int
    high: int

    def __call__(self, text: str) -> int | None:
        try:
            number = int(text)
        except ValueError:
            return None
        return number if self.low <= number <= self.high else None


@dataclass(frozen=True, slots=True)
class number:
    """A parser for numbers from ``low`` to ``high``."""

    low: float
    high: float

    def __call__(self, text: str) -> float | None:
        try:
            value = float(text)
        except ValueError:
            return None
        return value if self.low <= value <= self.high else None


def _by_history() -> bool:
    """Whether the Back or Forward button of the browser led here."""
    run = get_script_run_ctx()
    return run is not None and run.is_history_navigation


def _is_own(address: dict[str, str]) -> bool:
    """Whether the browser shows an address of this session's own, perhaps one that is behind.

    A request that was on its way while the address was written still carries the one before; taken
    for a link, it would undo what the person has just chosen. What came before it is forgotten: the
    browser has moved on from there.
    """
    trail = session().trail
    if address not in trail:
        return False
    del trail[: trail.index(address)]
    return True


def _is_shared(key: str) -> bool:
    return key in SHARED_KEYS or key.startswith(SHARED_PREFIXES)


def _memory(page: str) -> dict[str, str | None]:
    return session().addressed.setdefault(page, {})


def _memory_of(key: str) -> dict[str, str | None]:
    return _memory(EVERYWHERE if _is_shared(key) else session().page)


def _remember(key: str, text: str | None) -> None:
    before = _memory_of(key).get(key)
    if before not in (None, text, session().missing.get(key)):
        session().missing.pop(key, None)  # another choice than the one that stood in
    _memory(session().page)[key] = text  # a page knows what it shows, shared or not
    _memory_of(key)[key] = text
