"""The answer as a bar: logits between two classes, or the most probable of many.

Written as HTML, so that letters and ground are the page's own in both themes.
"""

from __future__ import annotations

import html

from cnn_core.results import HeadAnswer
from dashboard.figures.colours import BLUE_WHITE_RED, short

SHORTEST_REACH = 6.0  # logits; sigma(6) is 0.998
MOST_CLASSES = 5
POSITIVE, NEGATIVE = 220, 35  # entries of BLUE_WHITE_RED: the colours of the map beside it


def score_bar_html(answer: HeadAnswer) -> str:
    """The scores of a head.

    Two classes share one axis in logits, with the class that gains named at each end. More
    classes get a bar of their probability each, the five highest.
    """
    if answer.kind == "binary":
        return _two_ended_bar(answer)
    if answer.kind == "regression":
        value = short(float(answer.scores[answer.best]))
        return f"<div>{html.escape(answer.class_names[answer.best])}: {value}</div>"
    return _bars(answer)


def two_ended_span(score: float) -> tuple[float, float, float]:
    """Left end and width of the bar from 0 to ``score``, in percent, and the reach of the axis in logits."""
    reach = max(SHORTEST_REACH, abs(score) * 1.1)
    end = 50 + 50 * score / reach
    return min(50.0, end), abs(end - 50), reach


def _two_ended_bar(answer: HeadAnswer) -> str:
    score = float(answer.scores[1])
    left, right = map(html.escape, answer.class_names)
    start, width, reach = two_ended_span(score)
    colour = "rgb({},{},{})".format(*BLUE_WHITE_RED[POSITIVE if score > 0 else NEGATIVE])
    ticks = "".join(_tick(part, reach) for part in (-1, -0.5, 0, 0.5, 1))
    label = html.escape(
        f"Bar of the score, {short(score)}, on an axis from {answer.class_names[0]} on the left "
        f"to {answer.class_names[1]} on the right",
        quote=True,
    )
    row = "display:flex;justify-content:space-between"
    zero = "position:absolute;left:50%;top:-.2rem;bottom:-.2rem;width:1px;background:currentColor"
    return (
        f'<div role="img" aria-label="{label}" style="max-width:30rem">'
        f'<div style="{row};font-weight:600;font-size:.9rem"><span>← {left}</span>'
        f"<span>{right} →</span></div>"
        '<div style="position:relative;height:1.5rem;margin:.3rem 0;border-radius:.3rem;'
        'background:color-mix(in srgb,currentColor 8%,transparent)">'
        f'<div style="position:absolute;left:{start:.2f}%;width:{width:.2f}%;height:100%;min-width:2px;'
        f'border-radius:.2rem;background:{colour}"></div>'
        f'<div style="{zero}"></div></div>'
        f'<div style="position:relative;height:1.1rem;font-size:.82rem;opacity:.7">{ticks}</div>'
        '<div style="text-align:center;font-size:.82rem;opacity:.7">score (logit)</div></div>'
    )


def _tick(part: float, reach: float) -> str:
    """A number under its place on the axis; those at the ends stay inside."""
    shift = -50 * (1 + int(part)) if abs(part) == 1 else -50
    return (
        f'<span style="position:absolute;left:{50 + 50 * part:.0f}%;transform:translateX({shift}%)">'
        f"{short(round(reach * part, 1))}</span>"
    )


def _bars(answer: HeadAnswer) -> str:
    order = sorted(range(len(answer.scores)), key=lambda i: -float(answer.scores[i]))[:MOST_CLASSES]
    rows = "".join(
        _bar(answer.class_names[index], float(answer.probabilities[index]), first=place == 0)
        for place, index in enumerate(order)
    )
    names = ", ".join(f"{answer.class_names[i]} {100 * float(answer.probabilities[i]):.1f} %" for i in order)
    label = html.escape(f"Bars of the most probable classes: {names}", quote=True)
    return f'<div role="img" aria-label="{label}" style="max-width:30rem">{rows}</div>'


def _bar(name: str, share: float, *, first: bool) -> str:
    weight, strength = (600, 75) if first else (400, 40)
    width = 100 * min(max(share, 0), 1)
    return (
        f'<div style="display:flex;justify-content:space-between;font-size:.9rem;font-weight:{weight}">'
        f"<span>{html.escape(name)}</span><span>{100 * share:.1f} %</span></div>"
        '<div class="bar" style="height:.45rem;margin-bottom:.5rem;border-radius:.2rem;'
        'background:color-mix(in srgb,currentColor 8%,transparent)">'
        f'<div style="width:{width:.2f}%;height:100%;border-radius:.2rem;'
        f'background:color-mix(in srgb,currentColor {strength}%,transparent)"></div></div>'
    )
