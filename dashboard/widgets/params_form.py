"""Widgets built from the fields of a settings dataclass: their labels, limits and help come from there."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.session import address

AUTOMATIC = "Automatic"


def params_widgets(params_type: type[Any], names: Sequence[str], *, prefix: str) -> dict[str, Any]:
    """One widget per named field, at its default until changed; what they choose is in the address.

    Args:
        params_type: dataclass whose fields carry ``label``, ``help``, ``minimum``, ``maximum`` and
            ``step`` as metadata.
        names: which fields, in the order of the page.
        prefix: of the keys, so that two forms on a page do not meet.

    Returns:
        Chosen value by field name.
    """
    fields = {field.name: field for field in dataclasses.fields(params_type)}
    return {name: _widget(fields[name], f"{prefix}{name}") for name in names}


def field_names(params_type: type[Any]) -> list[str]:
    """The names of all fields that can be shown as widgets."""
    return [field.name for field in dataclasses.fields(params_type) if "label" in field.metadata]


def _widget(field: dataclasses.Field[Any], key: str) -> Any:
    about = field.metadata
    if isinstance(field.default, bool):
        address.restore(key, address.YES_OR_NO, field.default)
        value: Any = st.toggle(about["label"], key=key, help=about["help"])
    elif field.default is None:
        value = _optional_number(field, key)
    else:
        kind = type(field.default)
        low, high = kind(about["minimum"]), kind(about["maximum"])
        parse = address.whole_number(low, high) if kind is int else address.number(low, high)
        address.restore(key, parse, field.default)
        value = st.slider(about["label"], low, high, step=kind(about["step"]), key=key, help=about["help"])
    address.keep({key: value})
    return None if value == AUTOMATIC else value


def _optional_number(field: dataclasses.Field[Any], key: str) -> int | str:
    """A slider whose first place leaves the choice to the analysis."""
    about = field.metadata
    numbers = list(range(int(about["minimum"]), int(about["maximum"]) + 1, int(about["step"])))
    options: dict[str, int | str] = {AUTOMATIC: AUTOMATIC, **{str(number): number for number in numbers}}
    address.restore(key, address.one_of(options), AUTOMATIC)
    chosen: int | str = st.select_slider(about["label"], list(options.values()), key=key, help=about["help"])
    return chosen
