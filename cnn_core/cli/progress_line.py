"""The progress of a run in a terminal: a line per finished epoch, and one that changes below them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from cnn_core.training.run_folder import HISTORY_FILE, Row, read_rows
from cnn_core.training.run_status import read_status

SECONDS_BETWEEN = 0.5
WIDTH = 110


class ProgressLine:
    """Shows what the folder of a run says; cheap enough to be called after every step."""

    def __init__(self, folder: Path, stream: TextIO) -> None:
        """``stream`` is a terminal, or a file that gets whole lines only."""
        self._folder = folder
        self._stream = stream
        self._epochs_text = len(read_rows(folder / HISTORY_FILE))
        self._state_text: str | None = None
        self._next = 0.0

    def __call__(self) -> None:
        """Bring the lines up to date, at most twice a second."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + SECONDS_BETWEEN
            self.show()

    def show(self) -> None:
        """Bring the lines up to date now."""
        for row in read_rows(self._folder / HISTORY_FILE)[self._epochs_text :]:
            self._epochs_text += 1
            self._line(epoch_line(row))
        status = read_status(self._folder)
        state = str(status.get("state", ""))
        if self._stream.isatty():
            self._stream.write(f"\r{status_line(status)[:WIDTH]:<{WIDTH}}\r")
        elif state != self._state_text:
            self._line(state)
        self._state_text = state
        self._stream.flush()

    def close(self) -> None:
        """Show how it ended, and leave the line."""
        self.show()
        if self._stream.isatty():
            self._stream.write("\n")
            self._stream.flush()

    def _line(self, text: str) -> None:
        self._stream.write(f"{text:<{WIDTH}}\n" if self._stream.isatty() else f"{text}\n")


def epoch_line(row: Row) -> str:
    """One finished epoch in a line."""
    metadata = [f"epoch {row.get('epoch', 0):.0f}"]
    metadata += [f"{label} {row[name]:.3f}" for name, label in EPOCH_FIGURES if name in row]
    if "images_per_second" in row:
        metadata.append(f"{row['images_per_second']:.0f} images/s")
    return " · ".join(metadata)


def status_line(status: Mapping[str, Any]) -> str:
    """The running epoch, or what else the run does, in a line."""
    state = str(status.get("state", ""))
    if state != "running":
        fraction = status.get("fraction")
        share = f" {fraction:.0%}" if isinstance(fraction, float) else ""
        return f"{state}: {status['doing']}{share}" if "doing" in status else state
    metadata = [
        f"epoch {status.get('epoch')}/{status.get('epochs')}",
        f"step {status.get('step')}/{status.get('steps')}",
    ]
    metadata += [f"{text} {status[name]:.3f}" for name, text in STEP_FIGURES if _is_number(status.get(name))]
    if _is_number(status.get("images_per_second")):
        metadata.append(f"{status['images_per_second']:.0f} images/s")
    if _is_number(status.get("seconds_left")):
        metadata.append(f"{duration(status['seconds_left'])} left")
    else:
        metadata.append("estimating the time left")
    return " · ".join(metadata)


EPOCH_FIGURES = (
    ("loss", "loss"),
    ("accuracy", "accuracy"),
    ("val_loss", "validation loss"),
    ("val_accuracy", "validation accuracy"),
)
STEP_FIGURES = EPOCH_FIGURES[:2]


def duration(seconds: float) -> str:
    """``75`` as ``1:15``, with hours where there are some."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
