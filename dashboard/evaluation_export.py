"""An evaluation to take away: the pictures that are shown, all answers, and the code."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from dashboard.evaluation_confusion import told_cells
from dashboard.evaluation_pictures import PER_PAGE, TILE_PX, tiles_pixels
from dashboard.exports import export_row, file_name
from dashboard.figures.colours import UInt8
from dashboard.figures.export import arrays_npz, view_png
from dashboard.figures.pattern_grid import row_pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cnn_core.evaluation.predictions import Predictions
    from cnn_core.evaluation.scores import Evaluation
    from cnn_core.runs.run_view import RunView

COLUMNS = 6


def draw_exports(
    run: RunView,
    name: str,
    predictions: Predictions,
    evaluation: Evaluation,
    threshold: float,
    members: NDArray[np.int64],
) -> None:
    """PNG of the first pictures behind the chosen cell with all figures, NPZ of all answers, the code."""
    export_row(
        file_name(run.key, name, "evaluation"),
        key="evaluation-export",
        png=lambda: evaluation_png(run, name, predictions, evaluation, members),
        npz=lambda: arrays_npz(
            probabilities=predictions.probabilities,
            labels=predictions.labels,
            paths=np.array(predictions.paths),
            classes=np.array(predictions.classes),
            confusion=np.int64(evaluation.confusion),
            shown=members,
        ),
        code=evaluation_code(run, name, predictions, threshold),
    )


def evaluation_png(
    run: RunView, name: str, predictions: Predictions, evaluation: Evaluation, members: NDArray[np.int64]
) -> bytes:
    """The first pictures behind the chosen cell, with the figures of the set in words."""
    low, high = evaluation.accuracy_interval
    counts = told_cells(predictions.classes, evaluation)
    pictures = tiles_pixels([predictions.paths[i] for i in members[:PER_PAGE]], _decoded)
    blank = np.full((TILE_PX, TILE_PX, 3), 230, np.uint8)
    return view_png(
        row_pixels(pictures or [blank], min(COLUMNS, max(len(pictures), 1))),
        title=f"{run.title}: {len(members)} pictures of the {name} set",
        note=f"Accuracy {evaluation.accuracy:.3f} (95 %: {low:.3f} to {high:.3f}), log loss "
        f"{evaluation.loss:.3f}, calibration error {evaluation.calibration_error:.3f}. {counts}.",
    )


def _decoded(face: bytes) -> UInt8:
    with Image.open(io.BytesIO(face)) as picture:
        return np.asarray(picture.convert("RGB"))


def evaluation_code(run: RunView, name: str, predictions: Predictions, threshold: float) -> str:
    """Python that makes the figures again with ``cnn_core`` alone."""
    return (
        "from pathlib import Path\n\n"
        "from cnn_core.evaluation.scores import evaluate, worst_mistakes\n"
        "from cnn_core.evaluation.predictions import read_predictions\n\n"
        f"path = Path({str(run.folder / f'predictions_{name}.npz')!r})\n"
        f"predictions = read_predictions(path, {predictions.classes!r})\n"
        f"print(evaluate(predictions, threshold={threshold}))\n"
        f"print([predictions.paths[i] for i in worst_mistakes(predictions, 6, {threshold})])\n"
    )
