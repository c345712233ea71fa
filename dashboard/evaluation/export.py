"""What can be taken away of an evaluation: pictures, all answers, and code that makes the figures again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnn_core.evaluation.predictions import predictions_csv
from dashboard.evaluation.confusion import confusion_summary
from dashboard.figures.pictures.pattern_grid import row_pixels
from dashboard.widgets.evaluation_pictures import PER_PAGE, TILE_PX, tiles_pixels
from dashboard.widgets.export_bar import Export, file_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cnn_core.evaluation.scores import Evaluation
    from dashboard.evaluation.evaluated_set import EvaluatedSet
    from dashboard.figures.colours import UInt8

EXPORTED_COLUMNS = 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EvaluationSelection:
    """What is shown of an evaluation.

    Attributes:
        threshold: from which probability of class 1 on it is the answer, where there are two.
        indices: indices of the pictures behind the chosen cell of the matrix.
        curves_of: index of the class of the curves, None where the set shows one class only.
    """

    threshold: float
    indices: NDArray[np.int64]
    curves_of: int | None


def evaluation_export(shown: EvaluatedSet, evaluation: Evaluation, selection: EvaluationSelection) -> Export:
    """The first pictures behind the chosen cell, the figures of the set in words, and all answers.

    Args:
        shown: the network with its answers.
        evaluation: the figures.
        selection: what is shown.
    """
    predictions, (low, high) = shown.predictions, evaluation.accuracy_interval
    return Export(
        name=file_name(shown.file_name, "evaluation"),
        title=f"{shown.network.title}: {shown.title}, and {len(selection.indices)} of its pictures",
        note=f"Accuracy {evaluation.accuracy:.3f} (95 %: {low:.3f} to {high:.3f}), log loss "
        f"{evaluation.loss:.3f}, calibration error {evaluation.calibration_error:.3f}. "
        f"{confusion_summary(predictions.classes, evaluation)}.",
        image=lambda: first_tiles([predictions.paths[i] for i in selection.indices[:PER_PAGE]]),
        arrays=lambda: {
            "probabilities": predictions.probabilities,
            "labels": predictions.labels,
            "paths": np.array(predictions.paths),
            "classes": np.array(predictions.classes),
            "confusion": np.int64(evaluation.confusion),
            "shown": selection.indices,
        },
        table=lambda: predictions_csv(predictions, selection.threshold),
        code=evaluation_code(shown.code, selection),
        drawing="from dashboard.evaluation.export import first_tiles\n"
        f"picture = first_tiles([predictions.paths[i] for i in {selection.indices[:PER_PAGE].tolist()}])\n",
    )


def first_tiles(paths: Sequence[str]) -> UInt8:
    """Some pictures in rows, those that are gone left out; a grey square where there is none."""
    pictures = tiles_pixels(paths) or [np.full((TILE_PX, TILE_PX, 3), 230, np.uint8)]
    return row_pixels(pictures, min(EXPORTED_COLUMNS, len(pictures)))


def evaluation_code(predictions: str, selection: EvaluationSelection) -> str:
    """Python that makes figures and curves again with ``cnn_core`` alone.

    Args:
        predictions: lines that put the answers into a variable of that name.
        selection: what is shown.
    """
    index, threshold = selection.curves_of, selection.threshold
    curves = "".join(
        f"print({curve}(predictions.probabilities[:, {index}], predictions.labels == {index}))\n"
        for curve in ("precision_recall_curve", "roc_curve")
        if index is not None
    )
    return (
        f"{predictions}\n"
        "from cnn_core.evaluation.curves import precision_recall_curve, roc_curve\n"
        "from cnn_core.evaluation.scores import evaluate, worst_mistakes\n\n"
        f"print(evaluate(predictions, threshold={threshold}))\n"
        f"print([predictions.paths[i] for i in worst_mistakes(predictions, 6, {threshold})])\n"
        f"{curves}"
    )
