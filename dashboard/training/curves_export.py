"""The curves of one run to take away: as a picture, as arrays and as code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.figures.charts.training_curves import CurveOf
from dashboard.figures.curve_picture import training_curves_pixels
from dashboard.figures.files.page_png import arrays_npz, view_png
from dashboard.widgets.export_bar import export_row, file_name
from dashboard.widgets.run_words import history_arrays

if TYPE_CHECKING:
    from cnn_core.runs.run_view import RunView

FAINT = "Faint: training, a few batches each. "


def draw_exports(run: RunView, curve: CurveOf, verdict: str) -> None:
    """PNG of the curves with what they say, NPZ of all that was measured, and the code.

    Args:
        run: whose curves they are.
        curve: as it is drawn on the page.
        verdict: what the curves say, in a sentence or two.
    """
    export_row(
        file_name(run.key, "curves"),
        key=f"curves-export-{run.key}",
        png=lambda: view_png(
            training_curves_pixels([curve]),
            title=f"{run.title}: {len(run.history)} of {run.config.epochs} epochs",
            note=f"{FAINT if run.steps else ''}{verdict}",
        ),
        npz=lambda: arrays_npz(
            **history_arrays(run.history),
            **{f"step_{name}": values for name, values in history_arrays(run.steps).items()},
        ),
        code=curves_code(run),
    )


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
