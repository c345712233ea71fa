"""A colour scale as a thin bar with its range, to stand under a picture."""

from __future__ import annotations

import html

from dashboard.figures.colours import Scale, short

STOPS = 12


def scale_bar_html(scale: Scale, *, low: str = "", high: str = "", unit: str = "") -> str:
    """The scale with the values at its ends and at 0, as HTML that takes its letters from the page.

    Args:
        scale: colours and range.
        low, high: what the two ends mean.
        unit: of the values.
    """
    colours = ", ".join(
        "rgb({},{},{})".format(*scale.table[round(i * 255 / STOPS)]) for i in range(STOPS + 1)
    )
    ends = [_end(short(scale.low), low), _end(short(scale.high), high)]
    middle = html.escape(" · ".join(filter(None, ("0" if scale.signed else "", unit))))
    label = html.escape(
        f"Colour scale from {short(scale.low)} {low} to {short(scale.high)} {high} {unit}", quote=True
    )
    return (
        f'<div role="img" aria-label="{label}" style="font-size:.82rem;line-height:1.35">'
        f'<div style="height:8px;border-radius:4px;background:linear-gradient(90deg,{colours})"></div>'
        '<div style="display:flex;justify-content:space-between;gap:.8em;margin-top:.25rem;opacity:.78">'
        f'<span>{ends[0]}</span><span style="text-align:center">{middle}</span>'
        f'<span style="text-align:right">{ends[1]}</span></div></div>'
    )


def _end(value: str, meaning: str) -> str:
    return html.escape(f"{value} {meaning}".strip())
