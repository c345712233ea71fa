"""Accuracy and loss by epoch as a small drawing (SVG), all seeds over one another."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.reproduction_rows import Row

WIDTH, HEIGHT = 760, 280
LEFT, TOP, PANEL, TALL = 48, 40, 300, 190  # of the first panel, in pixels
SECOND = 390  # how far the second one is to the right
INK, GRID, SAID = "#33383f", "#dfe2e6", "#8a5a00"
# Training is dashed, so that nothing is told by colour alone.
CURVES = (("training", "", "#1f5fa8", ' stroke-dasharray="5 3"'), ("validation", "val_", "#b8401f", ""))

History = Sequence[Mapping[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A pair of axes: where it stands, and what its edges mean."""

    x: int
    name: str
    epochs: int
    low: float
    high: float
    step: float

    def at(self, epoch: float, value: float) -> tuple[float, float]:
        """The place of a point in pixels."""
        across = (epoch - 1) / max(1, self.epochs - 1)
        up = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.x + across * PANEL, TOP + (1 - up) * TALL


def curves_svg(row: Row, histories: Sequence[History]) -> str:
    """The drawing of a row.

    Args:
        row: its numbers are drawn as dotted lines.
        histories: of its finished runs; at least one.
    """
    epochs = max(len(history) for history in histories)
    values = [line[name] for history in histories for line in history for name in ("loss", "val_loss")]
    highest = max(0.8, min(2.4, math.ceil(max(v for v in values if math.isfinite(v)) * 5) / 5))
    accuracy = Panel(x=LEFT, name="accuracy", epochs=epochs, low=0.4, high=1.0, step=0.1)
    step = 0.2 if highest <= 1.2 else 0.4
    loss = Panel(x=LEFT + SECOND, name="loss", epochs=epochs, low=0.0, high=highest, step=step)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="11" fill="{INK}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        *_legend(),
    ]
    for panel in (accuracy, loss):
        parts += _axes(panel)
        parts += _curves(panel, histories)
    parts += [_across(accuracy, said) for said in (row.training, row.validation) if said is not None]
    if row.best_epoch is not None:
        parts.append(_upright(loss, row.best_epoch))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _legend() -> Iterable[str]:
    for index, (title, _, colour, dash) in enumerate(CURVES):
        x = LEFT + index * 110
        yield f'<path d="M{x} 14h26" stroke="{colour}" stroke-width="2"{dash}/>'
        yield _text(x + 32, 18, title, "start")
    x = LEFT + 2 * 110
    yield f'<path d="M{x} 14h26" stroke="{SAID}" stroke-dasharray="1 3"/>'
    yield _text(x + 32, 18, "the document", "start")


def _axes(panel: Panel) -> Iterable[str]:
    for index in range(round((panel.high - panel.low) / panel.step) + 1):
        value = panel.low + index * panel.step
        x, y = panel.at(1, value)
        yield f'<path d="M{x:.1f} {y:.1f}h{PANEL}" stroke="{GRID}"/>'
        yield _text(x - 6, y + 4, f"{value:.1f}", "end")
    for epoch in sorted({1, *range(5, panel.epochs + 1, 5 if panel.epochs <= 40 else 10)}):
        x, y = panel.at(epoch, panel.low)
        yield _text(x, y + 16, str(epoch), "middle")
    yield _text(panel.x + PANEL / 2, HEIGHT - 12, f"{panel.name} by epoch", "middle")


def _curves(panel: Panel, histories: Sequence[History]) -> Iterable[str]:
    for _, prefix, colour, dash in CURVES:
        for history in histories:
            rows = [line for line in history if math.isfinite(line[prefix + panel.name])]
            points = (panel.at(line["epoch"], line[prefix + panel.name]) for line in rows)
            places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            yield (
                f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="1.4" '
                f'stroke-opacity="0.75"{dash}/>'
            )


def _across(panel: Panel, value: float) -> str:
    x, y = panel.at(1, value)
    line = f'<path d="M{x:.1f} {y:.1f}h{PANEL}" stroke="{SAID}" stroke-dasharray="1 3"/>'
    return line + _text(x + PANEL + 4, y + 4, f"{value:.2f}", "start", SAID)


def _upright(panel: Panel, epoch: int) -> str:
    x, _ = panel.at(epoch, panel.low)
    line = f'<path d="M{x:.1f} {TOP}v{TALL}" stroke="{SAID}" stroke-dasharray="1 3"/>'
    return line + _text(x, TOP - 5, f"epoch {epoch}", "middle", SAID)


def _text(x: float, y: float, text: str, anchor: str, colour: str = INK) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{text}</text>'
