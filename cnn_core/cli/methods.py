"""The command ``methods``: every analysis with what it needs and its settings."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnn_core.analysis import Analysis


def add_methods(commands: Any) -> None:
    """Add the command to ``commands``, what ``add_subparsers`` gave."""
    command = commands.add_parser("methods", help="the analyses that `run` knows, with their settings")
    command.set_defaults(run=_list)


def _list(_: argparse.Namespace) -> None:
    from cnn_core.analyses import all_analyses  # here, since it loads the framework

    for analysis in all_analyses():
        sys.stdout.write("\n".join(_lines(analysis)) + "\n")


def _lines(analysis: Analysis) -> list[str]:
    lines = [f"{analysis.key:<20} {analysis.summary}", f"{'':<20} needs {needs_text(analysis)}"]
    for field in dataclasses.fields(analysis.settings):
        words = f"{field.metadata['label']}, {range_text(field)}, default {default_text(field)}"
        lines.append(f"{'':<20} --set {field.name}=...  {words}")
    return lines


def needs_text(analysis: Analysis) -> str:
    """What an analysis is asked about: ``a picture, a class, a layer with a map``."""
    layer = {"any": "a layer", "map": "a layer with a map", "convolution": "a convolution", None: ""}
    parts = [
        "a picture" if analysis.needs_image else "",
        "a class" if analysis.needs_class else "",
        layer[analysis.needs_layer],
        "channels" if analysis.takes_channels else "",
    ]
    return ", ".join(part for part in parts if part) or "a model"


def range_text(field: dataclasses.Field[Any]) -> str:
    """What a setting can be: ``8 to 256 px``, ``on or off``, or the words to choose from."""
    about = field.metadata
    if "options" in about:
        return " or ".join(about["options"])
    if "minimum" in about:
        return f"{about['minimum']} to {about['maximum']} {about['unit']}".rstrip()
    return "on or off" if isinstance(field.default, bool) else "numbers"


def default_text(field: dataclasses.Field[Any]) -> str:
    """The default of a setting, as the page calls it."""
    if field.default is None:
        return str(field.metadata["absent"]).lower()
    if isinstance(field.default, bool):
        return "on" if field.default else "off"
    return str(field.metadata["empty"]) if field.default == () else str(field.default)
