"""An evaluation to take away: the pictures that are shown, all answers, and the code."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from dashboard.evaluation.confusion import told_cells
from dashboard.figures.colours import UInt8
from dashboard.figures.files.page_png import arrays_npz, view_png
from dashboard.figures.pictures.pattern_grid import row_pixels
from dashboard.widgets.evaluation_pictures import PER_PAGE, TILE_PX, tiles_pixels
from dashboard.widgets.export_bar import export_row, file_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cnn_core.evaluation.predictions import Predictions
    from cnn_core.evaluation.scores import Evaluation
    from cnn_core.runs.run_view import RunView

COLUMNS = 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """What the page was asked to show of an evaluation.

    Attributes:
        threshold: from which probability of class 1 on it is the answer, where there are two.
        members: indices of the pictures behind the chosen cell of the matrix.
        curves_of: index of the class of the curves, None where the set shows one class only.
    """

    threshold: float
    members: NDArray[np.int64]
    curves_of: int | None


def draw_exports(
    run: RunView,
    name: str,
    predictions: Predictions,
    evaluation: Evaluation,
    asked: Asked,
) -> None:
    """PNG of the first pictures behind the chosen cell, NPZ of all answers, the code.

    Args:
        run: whose network answered.
        name: of the set.
        predictions: its answers.
        evaluation: the figures.
        asked: what the page was asked to show.
    """
    export_row(
        file_name(run.key, name, "evaluation"),
        key="evaluation-export",
        png=lambda: evaluation_png(run, name, predictions, evaluation, asked),
        npz=lambda: arrays_npz(
            probabilities=predictions.probabilities,
            labels=predictions.labels,
            paths=np.array(predictions.paths),
            classes=np.array(predictions.classes),
            confusion=np.int64(evaluation.confusion),
            shown=asked.members,
        ),
        code=evaluation_code(run, name, predictions, asked),
    )


def evaluation_png(
    run: RunView,
    name: str,
    predictions: Predictions,
    evaluation: Evaluation,
    asked: Asked,
) -> bytes:
    """The first pictures behind the chosen cell, and the figures of the set in words."""
    low, high = evaluation.accuracy_interval
    counts = told_cells(predictions.classes, evaluation)
    pictures = tiles_pixels([predictions.paths[i] for i in asked.members[:PER_PAGE]], _decoded)
    blank = np.full((TILE_PX, TILE_PX, 3), 230, np.uint8)
    tiles = row_pixels(pictures or [blank], min(COLUMNS, max(len(pictures), 1)))
    return view_png(
        tiles,
        title=f"{run.title}: the {name} set, and {len(asked.members)} of its pictures",
        note=f"Accuracy {evaluation.accuracy:.3f} (95 %: {low:.3f} to {high:.3f}), log loss "
        f"{evaluation.loss:.3f}, calibration error {evaluation.calibration_error:.3f}. {counts}.",
    )


def _decoded(face: bytes) -> UInt8:
    with Image.open(io.BytesIO(face)) as picture:
        return np.asarray(picture.convert("RGB"))


def evaluation_code(run: RunView, name: str, predictions: Predictions, asked: Asked) -> str:
    """Python that makes figures and curves again with ``cnn_core`` alone."""
    index, threshold = asked.curves_of, asked.threshold
    curves = "".join(
        f"print({curve}(predictions.probabilities[:, {index}], predictions.labels == {index}))\n"
        for curve in ("precision_recall_curve", "roc_curve")
        if index is not None
    )
    return (
        "from pathlib import Path\n\n"
        "from cnn_core.evaluation.curves import precision_recall_curve, roc_curve\n"
        "from cnn_core.evaluation.scores import evaluate, worst_mistakes\n"
        "from cnn_core.evaluation.predictions import read_predictions\n\n"
        f"path = Path({str(run.folder / f'predictions_{name}.npz')!r})\n"
        f"predictions = read_predictions(path, {predictions.classes!r})\n"
        f"print(evaluate(predictions, threshold={threshold}))\n"
        f"print([predictions.paths[i] for i in worst_mistakes(predictions, 6, {threshold})])\n"
        f"{curves}"
    )
