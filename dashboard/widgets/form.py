"""A settings value as a form: each field a widget that starts at the value's own figure.

What differs from where the form started is in the address; a copied link therefore names only that.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from cnn_core.settings import label_with_unit
from dashboard.session import address

FINEST_DIGITS = 6
BESIDE = 3  # fields of a form that stand beside each other
NAMES = {"adamw": "AdamW", "rmsprop": "RMSprop", "sgd": "SGD", "cpu": "CPU", "float32": "float32"}


@dataclass(frozen=True, slots=True)
class SettingsForm:
    """The fields of one settings value.

    Attributes:
        start: dataclass whose fields are made by ``cnn_core.settings``; its values are what the widgets
            start with.
        prefix: of the keys, so that two forms on a page do not meet.
    """

    start: Any
    prefix: str

    def draw(self) -> Any:
        """Draw all fields, the first ones beside each other and the rest in a box; give the settings."""
        names = self.names()
        values: dict[str, Any] = {}
        if names:
            more = names[BESIDE:]
            columns = st.columns(len(names[:BESIDE]) + bool(more), gap="large", vertical_alignment="bottom")
            for column, name in zip(columns, names[:BESIDE], strict=False):
                with column:
                    values[name] = self.widget(name, slider=True)
            if more:
                with columns[-1], st.popover("More", icon=":material/tune:", width="stretch"):
                    values |= {name: self.widget(name, slider=True) for name in more}
        return dataclasses.replace(self.start, **values)

    def widget(self, name: str, *, slider: bool = False) -> Any:
        """Draw the widget of a field, a slider instead of a number if asked for, and give its value."""
        about = self.about(name)
        key, default = self._key(name), getattr(self.start, name)
        address.put(key, _parser(about, default), self._current(name, bounded=slider))
        value = _drawn(about, default, key, slider=slider)
        known = value != _shown(about, default) and _parser(about, default)(str(value)) is not None
        address.keep({key: value if known else None})
        return _meant(about, value, default)

    def value(self, name: str) -> Any:
        """The value of a field without its widget."""
        return _meant(self.about(name), self._current(name), getattr(self.start, name))

    def _current(self, name: str, *, bounded: bool = False) -> Any:
        """What the widget of a field holds; unless ``bounded``, also a number out of range.

        Such a number is kept, for the check to name it: a browser that refuses it would go on with the
        one before without a word. The address does not get it, nor does it come from there.
        """
        key, default, about = self._key(name), getattr(self.start, name), self.about(name)
        typed, parser = st.session_state.get(key), _parser(about, default)
        numeric = "minimum" in about and "absent" not in about
        if not bounded and numeric and typed is not None and parser(str(typed)) is None:
            return type(default)(typed)
        return address.current(key, parser, _shown(about, default))

    def values(self) -> dict[str, Any]:
        """The values of all fields that have a widget."""
        return {name: self.value(name) for name in self.names()}

    def names(self) -> list[str]:
        """The fields that have a widget."""
        return [one.name for one in dataclasses.fields(self.start) if "label" in self.about(one.name)]

    def changed(self) -> list[str]:
        """Labels of the fields that are not where the form started."""
        return [
            str(self.about(name)["label"])
            for name in self.names()
            if self.value(name) != getattr(self.start, name)
        ]

    def put(self, values: Mapping[str, Any]) -> None:
        """Set fields; before their widgets are drawn, or in a callback."""
        for name, value in values.items():
            shown = _shown(self.about(name), value)
            st.session_state[self._key(name)] = shown
            address.keep({self._key(name): None if value == getattr(self.start, name) else shown})

    def reset(self) -> None:
        """Put all fields back to where the form starts; before their widgets are drawn, or in a callback."""
        for name in self.names():
            st.session_state.pop(self._key(name), None)
            address.keep({self._key(name): None})

    def _key(self, name: str) -> str:
        return f"{self.prefix}{name}"

    def about(self, name: str) -> Mapping[str, Any]:
        """What a field brings for its widget: ``label``, ``help`` and more; empty if it has none."""
        return next(one.metadata for one in dataclasses.fields(self.start) if one.name == name)


def _drawn(about: Mapping[str, Any], default: Any, key: str, *, slider: bool) -> Any:
    label, help_text = label_with_unit(about), about["help"]
    if isinstance(default, bool):
        return st.toggle(label, key=key, help=help_text)
    if "absent" in about:
        return st.select_slider(label, list(_optional(about).values()), key=key, help=help_text)
    if "options" in about:
        return st.selectbox(label, list(about["options"]), format_func=_words, key=key, help=help_text)
    if isinstance(default, tuple):
        return st.text_input(label, key=key, help=help_text, placeholder=about["empty"])
    kind = type(default)
    low, high, step = kind(about["minimum"]), kind(about["maximum"]), kind(about["step"])
    shape = {"step": step, "key": key, "format": _number_format(step)}
    if slider:
        return st.slider(label, low, high, help=help_text, **shape)
    return st.number_input(label, help=f"{help_text} From {low:g} to {high:g}.", **shape)


def _parser(about: Mapping[str, Any], default: Any) -> Callable[[str], Any | None]:
    if isinstance(default, bool):
        return address.YES_OR_NO
    if "absent" in about:
        return address.one_of(_optional(about))
    if "options" in about:
        return address.name_in(about["options"])
    if isinstance(default, tuple):
        return str
    low, high = type(default)(about["minimum"]), type(default)(about["maximum"])
    return address.whole_number(low, high) if isinstance(default, int) else address.number(low, high)


def _optional(about: Mapping[str, Any]) -> dict[str, int | str]:
    """What an optional number can be, by its text: absent, or one of the steps of its range."""
    numbers = range(about["minimum"], about["maximum"] + 1, about["step"])
    return {about["absent"]: about["absent"], **{str(number): number for number in numbers}}


def _shown(about: Mapping[str, Any], value: Any) -> Any:
    """A value as its widget takes it: several numbers are a line of text, and what is absent has a name."""
    if value is None:
        return about["absent"]
    return ", ".join(f"{number:g}" for number in value) if isinstance(value, tuple) else value


def _meant(about: Mapping[str, Any], value: Any, default: Any) -> Any:
    """What a widget's value means; a line that is no list of numbers is left as it is, for the check."""
    if value == about.get("absent"):
        return None
    if not isinstance(default, tuple):
        return value
    try:
        numbers = tuple(float(part) for part in str(value).replace(";", ",").split(",") if part.strip())
    except ValueError:
        return value
    return tuple(int(number) if number.is_integer() else number for number in numbers)


def _number_format(step: float) -> str:
    if isinstance(step, int):
        return "%d"
    digits = next((n for n in range(FINEST_DIGITS) if round(step, n) == step), FINEST_DIGITS)
    return f"%.{digits}f" if digits < 4 else "%g"


def _words(option: str) -> str:
    name = NAMES.get(option)
    if name is not None:
        return name
    return option.replace("_", " ").capitalize() if option.islower() else option
