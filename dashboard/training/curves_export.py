"""The curves of one run to take away: as a picture, as arrays and as code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.widgets.export_bar import Export, export_bar, file_name
from dashboard.widgets.run_words import history_arrays

if TYPE_CHECKING:
    from cnn_core.runs.run_view import RunView


def draw_exports(run: RunView) -> None:
    """NPZ of all that was measured, and the code that reads it again."""
    steps = history_arrays(run.steps)
    export = Export(
        name=file_name(run.key, "curves"),
        arrays=lambda: (
            history_arrays(run.history) | {f"step_{name}": values for name, values in steps.items()}
        ),
        code=curves_code(run),
    )
    export_bar(export, f"curves-export-{run.key}")


def curves_code(run: RunView) -> str:
    """Python that reads the curves again, and what they say, with ``cnn_core`` alone."""
    return (
        "from pathlib import Path\n\n"
        "from cnn_core.runs.run_view import RunReader\n"
        "from cnn_core.training.diagnosis.history import history_column\n"
        "from cnn_core.training.diagnosis.task import task_of\n"
        "from cnn_core.training.diagnosis.diagnosis import diagnose\n\n"
        f"run = RunReader().view(Path({str(run.folder)!r}))\n"
        "for name in ('loss', 'accuracy', 'val_loss', 'val_accuracy'):\n"
        "    print(name, history_column(run.history, name).round(3))\n"
        "print(diagnose(run.history, task_of(run.folder)))\n"
    )
