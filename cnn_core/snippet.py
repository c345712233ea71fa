"""The lines of Python that make a result again."""

from __future__ import annotations

import dataclasses
from typing import Any

from cnn_core.analysis import Analysis, Request


def snippet(
    analysis: Analysis, request: Request, settings: Any = None, *, picture: str = "photo.jpg", note: str = ""
) -> str:
    """Runnable lines that end with the result in a variable ``result``.

    Args:
        analysis: what is computed.
        request: about what; only what differs from the usual request is written.
        settings: of the analysis; the defaults when None.
        picture: path of the file that ``request.image`` was read from.
        note: put behind the line that reads the picture.
    """
    chosen = analysis.settings() if settings is None else settings
    has_picture = analysis.needs_image and request.image is not None
    imports = [
        f"from cnn_core import open_explorer{', open_image' if has_picture else ''}",
        "from cnn_core.analyses import analysis_named",
        "from cnn_core.analysis import Request",
    ]
    passed = _changed(chosen)
    if passed:
        imports.append(f"from {type(chosen).__module__} import {type(chosen).__qualname__}")
    lines = [*imports, "", "explorer = open_explorer()"]
    if has_picture:
        lines.append(f"image = open_image({picture!r}){f'  # {note}' if note else ''}")
    lines.append(f"request = Request({_request_arguments(analysis, request)})")
    arguments = [f"analysis_named({analysis.key!r})", "request"]
    if passed:
        arguments.append(f"{type(chosen).__qualname__}({passed})")
    lines.append(f"result = explorer.run({', '.join(arguments)})")
    return "\n".join(lines) + "\n"


def _request_arguments(analysis: Analysis, request: Request) -> str:
    """What a request says, as keyword arguments, without what the analysis does not need."""
    needed = {
        "image": analysis.needs_image,
        "layer_name": analysis.needs_layer is not None,
        "head": analysis.needs_class or analysis.needs_layer is not None,
        "class_index": analysis.needs_class,
        "channels": analysis.takes_channels,
    }
    values = {field.name: getattr(request, field.name) for field in dataclasses.fields(request)}
    usual = {field.name: field.default for field in dataclasses.fields(request)}
    return ", ".join(
        f"{name}={'image' if name == 'image' else repr(value)}"
        for name, value in values.items()
        if needed.get(name, True) and value != usual[name]
    )


def _changed(settings: Any) -> str:
    """The settings that are not the usual ones, as keyword arguments."""
    usual = type(settings)()
    names = [field.name for field in dataclasses.fields(settings)]
    return ", ".join(
        f"{name}={getattr(settings, name)!r}"
        for name in names
        if getattr(settings, name) != getattr(usual, name)
    )
