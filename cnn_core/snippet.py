"""The lines of Python that make results again."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cnn_core.analysis import Analysis, Request


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Call:
    """What the explorer is asked to run.

    Attributes:
        analysis: what is computed.
        request: about what; only what differs from the usual request is written.
        settings: of the analysis; the defaults when None.
        picture: path of the file that ``request.image`` was read from.
    """

    analysis: Analysis
    request: Request
    settings: Any = None
    picture: str = "photo.jpg"

    @property
    def pictures(self) -> tuple[str, ...]:
        """The path of the picture, or nothing where none is needed."""
        return (self.picture,) if self.analysis.needs_image and self.request.image is not None else ()


def snippet(asked: Call | Sequence[Call], *, note: str = "") -> str:
    """Runnable lines that end with the result in a variable ``result``, or several in a list ``results``.

    Args:
        asked: one call, or at least one in a row.
        note: put behind the line that reads the picture, where there is only one.
    """
    calls = (asked,) if isinstance(asked, Call) else asked
    pictures = list(dict.fromkeys(picture for call in calls for picture in call.pictures))
    set_types = {type(call.settings) for call in calls if _changed(call.settings)}
    lines = [
        f"from cnn_core import open_explorer{', open_image' if pictures else ''}",
        "from cnn_core.analyses import analysis_named",
        "from cnn_core.analysis import Request",
        *sorted(f"from {each.__module__} import {each.__qualname__}" for each in set_types),
        "",
        "explorer = open_explorer()",
    ]
    if len(pictures) == 1:
        lines.append(f"image = open_image({pictures[0]!r}){f'  # {note}' if note else ''}")
    runs = [_run(call, "image" if len(pictures) == 1 else f"open_image({call.picture!r})") for call in calls]
    several = ["results = [", *(f"    {run}," for run in runs), "]"]
    return "\n".join(lines + ([f"result = {runs[0]}"] if isinstance(asked, Call) else several)) + "\n"


def _run(call: Call, image: str) -> str:
    arguments = [f"analysis_named({call.analysis.key!r})", f"Request({_request_arguments(call, image)})"]
    changed = _changed(call.settings)
    if changed:
        arguments.append(f"{type(call.settings).__qualname__}({changed})")
    return f"explorer.run({', '.join(arguments)})"


def _request_arguments(call: Call, image: str) -> str:
    """What a request says, as keyword arguments, without what the analysis does not need."""
    analysis, request = call.analysis, call.request
    needed = {
        "image": analysis.needs_image,
        "layer_name": analysis.needs_layer is not None,
        "head": analysis.needs_class or analysis.needs_layer is not None,
        "class_index": analysis.needs_class,
        "channels": analysis.takes_channels,
        "region": analysis.needs_class,
        "against": analysis.needs_class,
    }
    values = {field.name: getattr(request, field.name) for field in dataclasses.fields(request)}
    usual = {field.name: field.default for field in dataclasses.fields(request)}
    return ", ".join(
        f"{name}={image if name == 'image' else repr(value)}"
        for name, value in values.items()
        if needed.get(name, True) and value != usual[name]
    )


def _changed(settings: Any) -> str:
    """The settings that are not the usual ones, as keyword arguments; nothing for None."""
    if settings is None:
        return ""
    usual = type(settings)()
    names = [field.name for field in dataclasses.fields(settings)]
    return ", ".join(
        f"{name}={getattr(settings, name)!r}"
        for name in names
        if getattr(settings, name) != getattr(usual, name)
    )
