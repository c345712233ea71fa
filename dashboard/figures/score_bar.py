"""The answer as a bar: logits between two classes, or the most probable of many."""

from __future__ import annotations

import html

from cnn_core.results import HeadAnswer
from dashboard.figures.colours import BLUE_WHITE_RED, short

WIDTH, SIDE = 360, 8
SHORTEST_REACH = 6.0  # logits; sigma(6) is 0.998
MOST_CLASSES = 5


def score_bar_svg(answer: HeadAnswer) -> str:
    """The scores of a head as an SVG picture that takes letters and colours from the page.

    Two classes share one axis in logits, with the class that gains named at each end. More
    classes get a bar of their probability each, the five highest.
    """
    if answer.kind == "binary":
        return _two_ended_bar(answer)
    if answer.kind == "regression":
        return _svg(
            28, _text(SIDE, 18, f"{answer.class_names[0]}: {short(float(answer.scores[0]))}"), "value"
        )
    return _bars(answer)


def _two_ended_bar(answer: HeadAnswer) -> str:
    score = float(answer.scores[1])
    left, right = answer.class_names
    reach = max(SHORTEST_REACH, abs(score) * 1.1)
    half = WIDTH / 2 - SIDE

    def x_of(value: float) -> float:
        return WIDTH / 2 + value / reach * half

    colour = _rgb(220 if score > 0 else 35)
    start, end = sorted((x_of(0), x_of(score)))
    ticks = [value for value in (-reach, -reach / 2, 0.0, reach / 2, reach)]
    parts = [
        f'<rect x="{SIDE}" y="26" width="{2 * half}" height="24" rx="4" fill="currentColor" opacity=".07"/>',
        f'<rect x="{start:.1f}" y="26" width="{max(end - start, 1.5):.1f}" height="24" rx="3" '
        f'fill="{colour}"/>',
        f'<line x1="{WIDTH / 2}" x2="{WIDTH / 2}" y1="20" y2="56" stroke="currentColor" opacity=".55"/>',
        _text(SIDE, 14, f"← {left}", weight=600),
        _text(WIDTH - SIDE, 14, f"{right} →", anchor="end", weight=600),
    ]
    for value, anchor in zip(ticks, ("start", "middle", "middle", "middle", "end"), strict=True):
        parts.append(_text(x_of(value), 70, short(round(value, 1)), anchor=anchor, size=11, opacity=0.65))
    parts.append(_text(WIDTH / 2, 86, "logit", anchor="middle", size=11, opacity=0.65))
    label = f"Bar of the logit {short(score)} on an axis from {left} on the left to {right} on the right."
    return _svg(92, "".join(parts), label)


def _bars(answer: HeadAnswer) -> str:
    order = sorted(range(len(answer.scores)), key=lambda i: -float(answer.scores[i]))[:MOST_CLASSES]
    parts = []
    for row, index in enumerate(order):
        y, share = row * 34, float(answer.probabilities[index])
        shown = share if 0 <= share <= 1 else 0.0
        parts.append(_text(SIDE, y + 12, answer.class_names[index], weight=600 if row == 0 else 400))
        parts.append(_text(WIDTH - SIDE, y + 12, f"{share:.1%}", anchor="end", opacity=0.8))
        room = WIDTH - 2 * SIDE
        for width, opacity in ((room, 0.07), (room * shown, 0.75 if row == 0 else 0.4)):
            parts.append(
                f'<rect x="{SIDE}" y="{y + 18}" width="{width:.1f}" height="7" rx="3" '
                f'fill="currentColor" opacity="{opacity}"/>'
            )
    names = ", ".join(f"{answer.class_names[i]} {float(answer.probabilities[i]):.1%}" for i in order)
    return _svg(len(order) * 34, "".join(parts), f"Bars of the most probable classes: {names}.")


def _svg(height: int, body: str, label: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" width="100%" style="max-width:460px;display:block" role="img" '
        f'aria-label="{html.escape(label, quote=True)}">{body}</svg>'
    )


def _text(
    x: float,
    y: float,
    content: str,
    *,
    anchor: str = "start",
    size: int = 13,
    weight: int = 400,
    opacity: float = 1,
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" '
        f'fill="currentColor" opacity="{opacity}">{html.escape(content)}</text>'
    )


def _rgb(entry: int) -> str:
    return "rgb({},{},{})".format(*BLUE_WHITE_RED[entry])
