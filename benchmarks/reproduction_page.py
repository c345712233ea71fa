"""The page docs/reproduction.md from the histories of the runs."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.report import table
from benchmarks.reproduction_rows import ROWS, Row
from cnn_core.training.diagnosis.diagnosis import diagnose
from cnn_core.training.diagnosis.history import best_epoch
from cnn_core.training.diagnosis.task import TWO_CLASSES, Task
from cnn_core.training.settings.presets import preset_named

CLOSE, CLOSE_EPOCHS = 0.03, 3  # of accuracy, and of the epoch; a larger difference asks for a cause
HEAD = ("row", "preset", "epochs", "seeds", "training", "ours", "validation", "ours", "lowest loss", "ours")
JUDGED_EPOCHS = 5
INTRODUCTION = """\
# Reproduction

Written by `python -m benchmarks.reproduction write`, not by hand. Every network of the documents was
trained for real, with `python -m benchmarks.reproduction train`, on the 2,000 training photos of
cats_and_dogs_filtered, and judged on its 1,000 validation photos, at 150 x 150 pixels; for *C3 with C1* on
6,002 photos and 2,000 others, as many as the report has.

*Training* is the accuracy in the last epoch, *validation* the mean over the last five, since single
epochs jump by up to 0.05: first what the document says, then the mean of our runs, with the smallest, the
largest, and the difference of the mean from the document. *Lowest loss* is the epoch of the lowest validation
loss. Bold: further than 0.03, or 3 epochs, away; the cause is told below. With 1,000 photos a validation
accuracy is known to about ±0.028 (twice the standard error at 0.73), before any difference between seeds. The
sentences on over-fitting are those of the page Train, which reads smoothed curves.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """One run of a preset.

    Attributes:
        seed: of the run.
        state: ``finished``, or what else it is.
        epochs: as many as it is to train.
        history: a row per epoch that is finished.
        task: what it was to learn.
    """

    seed: int
    state: str
    epochs: int
    history: Sequence[Mapping[str, float]]
    task: Task = TWO_CLASSES

    @property
    def finished(self) -> bool:
        """Whether it counts."""
        return self.state == "finished" and len(self.history) > 0


Runs = Mapping[str, Sequence[Trained]]


def page(runs: Runs, pictures: str) -> str:
    """The whole page.

    Args:
        runs: by key of the row.
        pictures: folder of the curves, seen from the page.
    """
    overview = table(HEAD, [_cells(row, _finished(runs, row)) for row in ROWS])
    sections = (_section(row, runs.get(row.key, ()), pictures) for row in ROWS)
    return "\n".join([INTRODUCTION, overview, *sections])


def unexplained(runs: Runs) -> tuple[Row, ...]:
    """The rows that differ and say no cause."""
    return tuple(row for row in ROWS if not row.why and differs(row, _finished(runs, row)))


def differs(row: Row, finished: Sequence[Trained]) -> bool:
    """Whether a mean is further than ``CLOSE`` from the document's, or than ``CLOSE_EPOCHS``."""
    if not finished:
        return False
    best = _best_epochs(finished)
    return (
        (row.training is not None and _far(row.training, _ends(finished, "accuracy")))
        or (row.validation is not None and _far(row.validation, _ends(finished, "val_accuracy")))
        or (row.best_epoch is not None and _far(row.best_epoch, best, CLOSE_EPOCHS))
    )


def _finished(runs: Runs, row: Row) -> list[Trained]:
    return [run for run in runs.get(row.key, ()) if run.finished]


def _cells(row: Row, finished: Sequence[Trained]) -> list[str]:
    epochs = preset_named(row.preset).config.epochs
    cells = [row.key, f"`{row.preset}`", str(epochs), str(len(finished))]
    for said, name in ((row.training, "accuracy"), (row.validation, "val_accuracy")):
        cells += ["" if said is None else f"{said:.2f}", _compared(said, _ends(finished, name), ".3f", CLOSE)]
    cells.append("" if row.best_epoch is None else f"about {row.best_epoch}")
    return [*cells, _compared(row.best_epoch, _best_epochs(finished), ".0f", CLOSE_EPOCHS)]


def _ends(finished: Sequence[Trained], name: str) -> list[float]:
    """Where each run ends up: the last epoch of training, the mean of some for validation."""
    epochs = JUDGED_EPOCHS if name == "val_accuracy" else 1
    return [statistics.fmean(row[name] for row in run.history[-epochs:]) for run in finished]


def _best_epochs(finished: Sequence[Trained]) -> list[int]:
    """The epoch of the lowest validation loss of each run."""
    found = (best_epoch(run.history) for run in finished)
    return [epoch for epoch in found if epoch is not None]


def _far(said: float, values: Sequence[float], close: float = CLOSE) -> bool:
    return len(values) > 0 and abs(round(statistics.fmean(values) - said, 6)) > close


def _compared(said: float | None, values: Sequence[float], form: str, close: float) -> str:
    """Mean, range where there are several runs, and difference, bold where it is large."""
    if not values:
        return "not trained yet"
    text = f"{statistics.fmean(values):{form}}"
    if len(values) > 1:
        text += f" ({min(values):{form}}–{max(values):{form}})"
    if said is None:
        return text
    difference = f"{statistics.fmean(values) - said:+{form}}"
    return f"{text}, " + (f"**{difference}**" if _far(said, values, close) else difference)


def _section(row: Row, runs: Sequence[Trained], pictures: str) -> str:
    finished = [run for run in runs if run.finished]
    lines = [f"## {row.key}: {preset_named(row.preset).title} (`{row.preset}`)\n"]
    lines += [f"*The document.* {row.said}\n"]
    if finished:
        lines += [f"![{_told(row, finished)}]({pictures}/{row.name}.svg)\n"]
    lines += [f"*Seed {run.seed}.* {_diagnosis(run)}\n" for run in runs] or ["Not trained yet.\n"]
    if differs(row, finished):
        lines += [f"*Why it differs.* {row.why or 'Not known yet.'}\n"]
    return "\n".join([*lines, f"*Left open, and chosen.* {row.left_open}\n"])


def _diagnosis(run: Trained) -> str:
    if not run.finished:
        return f"Not finished: {run.state}, {len(run.history)} of {run.epochs} epochs."
    last = run.history[-1]
    return (
        f"{last['accuracy']:.3f} training and {last['val_accuracy']:.3f} validation accuracy. "
        f"{diagnose(run.history, run.task).sentence}"
    )


def _told(row: Row, finished: Sequence[Trained]) -> str:
    """What the picture shows, for those who do not see it."""
    ends = [
        f"seed {run.seed} ends at {run.history[-1]['accuracy']:.2f} and {run.history[-1]['val_accuracy']:.2f}"
        for run in finished
    ]
    return f"Accuracy and loss of {row.name} by epoch, training and validation: {', '.join(ends)}"
