"""Settings as fields of a frozen dataclass: each brings its default, label, help, unit and limits.

Form, command line, address and documentation are built from these fields, and the values are checked
against them.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

from cnn_core.errors import ConvscopeError
from cnn_core.files import nested

T = TypeVar("T")


def number(
    default: float, label: str, text: str, minimum: float, maximum: float, step: float, unit: str = ""
) -> Any:
    """A field for a number from ``minimum`` to ``maximum``; whole where ``default`` is an int."""
    about = {"label": label, "help": text, "minimum": minimum, "maximum": maximum, "step": step}
    return dataclasses.field(default=default, metadata=about | {"unit": unit})


def optional_number(
    label: str, text: str, minimum: int, maximum: int, step: int, unit: str = "", absent: str = "Automatic"
) -> Any:
    """A field for a whole number or None, which is called ``absent`` on the page and is the default."""
    about = {"label": label, "help": text, "minimum": minimum, "maximum": maximum, "step": step}
    return dataclasses.field(default=None, metadata=about | {"unit": unit, "absent": absent})


def switch(default: bool, label: str, text: str) -> Any:
    """A field that is on or off."""
    return dataclasses.field(default=default, metadata={"label": label, "help": text})


def choice(default: str, label: str, text: str, options: tuple[str, ...]) -> Any:
    """A field for one of some words."""
    return dataclasses.field(default=default, metadata={"label": label, "help": text, "options": options})


def numbers(
    label: str, text: str, example: str, empty: str, minimum: float, maximum: float, unit: str = ""
) -> Any:
    """A field for a tuple of numbers, whole where ``minimum`` is an int; none at first, called ``empty``."""
    about = {"label": label, "help": text, "minimum": minimum, "maximum": maximum, "unit": unit}
    return dataclasses.field(default=(), metadata=about | {"example": example, "empty": empty})


def label_with_unit(about: Mapping[str, Any]) -> str:
    """What a field with the metadata ``about`` is called, with the unit of its numbers: ``Canvas (px)``."""
    unit = about.get("unit")
    return f"{about['label']} ({unit})" if unit else str(about["label"])


def settings_from_text(values: T, changes: Sequence[str], error: type[ConvscopeError]) -> T:
    """``values`` with some of them written as ``name=value``; words, numbers, ``true``, ``null``, ``[1, 2]``.

    Raises:
        ConvscopeError: the given ``error``: no such setting, or a value that it cannot have.
    """
    written = settings_to_json(values)
    for change in changes:
        name, equals, text = change.partition("=")
        *groups, inner = name.strip().split(".")
        target = nested(written, *groups)
        if not equals or inner not in target:
            raise error(f"Expected NAME=VALUE with a name of {[*written]}. Received: {change!r}.")
        target[inner] = _value_of_text(text.strip())
    changed = settings_from_json(type(values), written, error)
    check_fields(changed, error)
    return changed


def _value_of_text(text: str) -> Any:
    """``0.2``, ``true`` and ``[96, 128]`` as what they say; anything else is a word."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def check_fields(values: Any, error: type[ConvscopeError]) -> None:
    """Hold every field of a settings value against what it brings.

    Raises:
        ConvscopeError: the given ``error``: a number out of its range, or a word that is no option.
    """
    for one in dataclasses.fields(values):
        _check_field(one, getattr(values, one.name), error)


def _check_field(one: dataclasses.Field[Any], value: Any, error: type[ConvscopeError]) -> None:
    about = one.metadata
    if isinstance(one.default, bool) and not isinstance(value, bool):
        raise error(f"Expected {one.name} on or off. Received: {value!r}.")
    if "options" in about and value not in about["options"]:
        raise error(f"Expected {one.name} to be one of {', '.join(about['options'])}. Received: {value!r}.")
    if isinstance(one.default, tuple) and not isinstance(value, tuple):
        raise error(f"Expected {one.name} as a list of numbers, e.g. [1, 2]. Received: {value!r}.")
    if "minimum" in about and not (one.default is None and value is None):
        for number in value if isinstance(value, tuple) else (value,):
            _check_number(one, number, error)


def _check_number(one: dataclasses.Field[Any], value: Any, error: type[ConvscopeError]) -> None:
    low, high = one.metadata["minimum"], one.metadata["maximum"]
    whole = one.default is None or type(low if isinstance(one.default, tuple) else one.default) is int
    fits = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    if not fits or not low <= value <= high:  # NaN is in no range
        kind = "a whole number " if whole else ""
        raise error(f"Expected {one.name} as {kind}from {low} to {high}. Received: {value!r}.")


def settings_to_json(values: Any) -> dict[str, Any]:
    """A settings dataclass, and those in it, as dictionaries that ``json`` can write."""
    return {name: list(v) if isinstance(v, tuple) else v for name, v in dataclasses.asdict(values).items()}


def settings_from_json(kind: type[T], values: Mapping[str, Any], error: type[ConvscopeError]) -> T:
    """Settings from what ``settings_to_json`` gave; fields that are missing keep their defaults.

    Raises:
        ConvscopeError: the given ``error``: an unknown field, or a value of the wrong kind or out of range.
    """
    known = {one.name: one for one in dataclasses.fields(cast(Any, kind))}
    unknown = sorted(set(values) - set(known)) if isinstance(values, Mapping) else [repr(values)[:200]]
    if unknown:
        raise error(f"Expected settings of {sorted(known)}. Received: {', '.join(unknown)}.")
    return kind(**{name: _from_json(known[name], value, error) for name, value in values.items()})


def _from_json(one: dataclasses.Field[Any], value: Any, error: type[ConvscopeError]) -> Any:
    """The value as the field wants it; what cannot be said in JSON otherwise is left to the checks."""
    inner = one.default_factory
    if isinstance(value, Mapping) and dataclasses.is_dataclass(inner):
        return settings_from_json(inner, value, error)
    if isinstance(one.default, tuple) and isinstance(value, list):
        return tuple(value)
    return float(value) if isinstance(one.default, float) and type(value) is int else value
