"""How good the network of a run is: figures, the pictures behind them, curves and mistakes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core.evaluation.predictions import Predictions, predicted_labels, read_predictions
from cnn_core.evaluation.scores import Evaluation, evaluate, indices_in_cell
from cnn_core.models.card import CARD_FILE, MODEL_FOLDER, read_card
from cnn_core.training.diagnosis.history import best_epoch
from dashboard.evaluation.confusion import confusion_summary, draw_confusion, first_page
from dashboard.evaluation.curves import draw_curves
from dashboard.evaluation.mistakes import draw_mistakes
from dashboard.figures.pictures.pattern_grid import row_pixels
from dashboard.widgets.evaluation_pictures import (
    PER_PAGE,
    TILE_PX,
    draw_tiles,
    follow_chosen_photo,
    tiles_pixels,
)
from dashboard.widgets.export_bar import Export, export_bar, file_name
from dashboard.widgets.inputs import choice, slider
from dashboard.widgets.markdown import escape_markdown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cnn_core.runs.run_view import RunView
    from dashboard.figures.colours import UInt8

SETS = {"validation": "Validation", "test": "Test"}
SETS_HELP = (
    "Validation pictures were looked at after every epoch, and perhaps chose the epoch that was kept; test "
    "pictures were not looked at before."
)
NOT_YET = (
    "The figures are there once this run has finished: its network then answers every picture of the "
    "validation and the test set. The curves so far are under Train, Progress."
)
THRESHOLD_HELP = (
    "From which probability on the answer is {name}. A higher threshold makes that answer rarer and more "
    "often right. Accuracy, the matrix, precision, recall and the points on both curves follow."
)
INTERVAL_HELP = (
    "Share of the pictures that were answered right, and the 95 % interval by Wilson (1927): what chance in "
    "the choice of so many pictures leaves open."
)
LOSS_HELP = "Mean cross-entropy in nats: 0 is perfect, 0.69 is tossing a coin between two classes."
AUC_HELP = (
    "Area under the ROC curve: the chance that a random picture of a class gets a higher probability of it "
    "than a random other one. 0.5 is chance."
)
ECE_HELP = (
    "Expected calibration error (Guo et al. 2017): by how much the probability of the answers differs from "
    "the share that is right, in 15 bins."
)
REMEMBERED_SETS = 4
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


def draw_evaluation(run: RunView) -> None:
    """The figures of a finished run on its validation or test pictures."""
    follow_chosen_photo()
    files = prediction_files(run.folder)
    if not files or run.model_key is None:
        st.info(NOT_YET, icon=":material/fact_check:")
        return
    set_place, threshold_place = st.columns([1, 2.4], gap="large", vertical_alignment="bottom")
    with set_place:
        name = choice("Pictures", {key: SETS[key] for key in files}, key="eval_set", help=SETS_HELP)
    predictions = predictions_in(files[name], _classes(run.folder))
    with threshold_place:
        threshold = _threshold(predictions)
    evaluation = evaluate(predictions, threshold)
    _draw_figures(predictions, evaluation)
    st.caption(kept_epoch(run))
    files_named = file_name(run.key, name)
    matrix, pictures = st.columns([1, 1.35], gap="large")
    with matrix:
        true, predicted = draw_confusion(predictions, evaluation, files_named)
    with pictures:
        indices = indices_in_cell(predictions, true, predicted, threshold)
        _draw_cell_images(predictions, indices, (true, predicted), threshold, run.model_key)
    curves_of = draw_curves(predictions, threshold, files_named)
    selection = EvaluationSelection(threshold=threshold, indices=indices, curves_of=curves_of)
    export_bar(evaluation_export(run, name, predictions, evaluation, selection), "evaluation-export")
    draw_mistakes(run, predictions, threshold)


def kept_epoch(run: RunView) -> str:
    """Which epoch the network of a run is from, as Markdown; its figures differ from those of others."""
    best = best_epoch(run.history)
    if run.config.keep == "best" and best is not None:
        return f"The network is that of epoch {best}, the one with the lowest validation loss."
    return f"The network is that of the last epoch, {len(run.history)}."


def prediction_files(folder: Path) -> dict[str, Path]:
    """What the network of a run answered to its sets, by the name of the set; those that are there."""
    files = {name: folder / f"predictions_{name}.npz" for name in SETS}
    return {name: path for name, path in files.items() if path.is_file()}


def predictions_in(path: Path, classes: tuple[str, ...]) -> Predictions:
    """The answers in a file, remembered as long as it stays the same.

    Raises:
        DataError: damaged.
    """
    metadata = path.stat()
    return _predictions((str(path), metadata.st_mtime_ns, metadata.st_size), path, classes)


@st.cache_resource(show_spinner=False, max_entries=REMEMBERED_SETS)
def _predictions(stamp: Hashable, _path: Path, classes: tuple[str, ...]) -> Predictions:
    return read_predictions(_path, classes)


def _classes(folder: Path) -> tuple[str, ...]:
    """The names of the classes in the order of the probabilities."""
    classes = read_card(folder / MODEL_FOLDER / CARD_FILE).classes
    return tuple(next(iter(classes.values()))) if isinstance(classes, Mapping) else classes


def _threshold(predictions: Predictions) -> float:
    """From which probability of class 1 on it is the answer; one half where there are more classes."""
    if not predictions.two_classes:
        st.caption(f"{len(predictions.classes)} classes: the most probable one is the answer.")
        return 0.5
    name = predictions.classes[1]
    chosen: float = slider(
        f"Threshold: from this probability on the answer is {escape_markdown(name)}",
        (0.0, 1.0),
        key="eval_threshold",
        default=0.5,
        step=0.01,
        help=THRESHOLD_HELP.format(name=escape_markdown(name)),
        on_change=first_page,
    )
    return chosen


def _draw_figures(predictions: Predictions, evaluation: Evaluation) -> None:
    low, high = evaluation.accuracy_interval
    accuracy, interval = f"{100 * evaluation.accuracy:.1f} %", f"{100 * low:.1f} to {100 * high:.1f} %"
    auc = "–" if evaluation.auc is None else f"{evaluation.auc:.3f}"
    by_chance = f"{np.log(len(predictions.classes)):.2f} by chance"
    figures = (
        ("Accuracy", accuracy, f"95 %: {interval}", INTERVAL_HELP),
        ("Right", f"{evaluation.correct:,}", f"of {evaluation.pictures:,} pictures", None),
        ("Log loss", f"{evaluation.loss:.3f}", by_chance, LOSS_HELP),
        ("AUC", auc, "0.5 by chance", AUC_HELP),
        ("Calibration error", f"{evaluation.calibration_error:.3f}", "0 is perfect", ECE_HELP),
    )
    for column, (title, value, about, text) in zip(st.columns(len(figures)), figures, strict=True):
        column.metric(title, value, help=text)
        column.caption(about)


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count:,} pictures"


def _draw_cell_images(
    predictions: Predictions, indices: np.ndarray, cell: tuple[int, int], threshold: float, model_key: str
) -> None:
    """The pictures behind the chosen cell."""
    names, (true, predicted) = predictions.classes, cell
    verb = "rightly answered" if true == predicted else "answered"
    st.subheader(
        f"{_pictures(len(indices))} of {escape_markdown(names[true])}, "
        f"{verb} {escape_markdown(names[predicted])}"
    )
    if len(indices) == 0:
        st.markdown("No picture of this set. Choose another cell of the matrix.")
        return
    draw_tiles(predictions, indices, predicted_labels(predictions, threshold), model_key)
    st.caption(
        f"The surest answer first, with the probability of {escape_markdown(names[predicted])}. "
        "Click a picture to see in Heat maps what this network looks at."
    )


def evaluation_export(
    run: RunView,
    name: str,
    predictions: Predictions,
    evaluation: Evaluation,
    selection: EvaluationSelection,
) -> Export:
    """The first pictures behind the chosen cell, the figures of the set in words, and all answers.

    Args:
        run: whose network answered.
        name: of the set.
        predictions: its answers.
        evaluation: the figures.
        selection: what is shown.
    """
    low, high = evaluation.accuracy_interval
    return Export(
        name=file_name(run.key, name, "evaluation"),
        title=f"{run.title}: the {name} set, and {len(selection.indices)} of its pictures",
        note=f"Accuracy {evaluation.accuracy:.3f} (95 %: {low:.3f} to {high:.3f}), log loss "
        f"{evaluation.loss:.3f}, calibration error {evaluation.calibration_error:.3f}. "
        f"{confusion_summary(predictions.classes, evaluation)}.",
        image=lambda: _first_tiles([predictions.paths[i] for i in selection.indices[:PER_PAGE]]),
        arrays=lambda: {
            "probabilities": predictions.probabilities,
            "labels": predictions.labels,
            "paths": np.array(predictions.paths),
            "classes": np.array(predictions.classes),
            "confusion": np.int64(evaluation.confusion),
            "shown": selection.indices,
        },
        code=evaluation_code(run.folder / f"predictions_{name}.npz", predictions.classes, selection),
    )


def _first_tiles(paths: Sequence[str]) -> UInt8:
    """Some pictures in rows, those that are gone left out; a grey square where there is none."""
    pictures = tiles_pixels(paths) or [np.full((TILE_PX, TILE_PX, 3), 230, np.uint8)]
    return row_pixels(pictures, min(EXPORTED_COLUMNS, len(pictures)))


def evaluation_code(path: Path, classes: tuple[str, ...], selection: EvaluationSelection) -> str:
    """Python that makes figures and curves again with ``cnn_core`` alone."""
    index, threshold = selection.curves_of, selection.threshold
    curves = "".join(
        f"print({curve}(predictions.probabilities[:, {index}], predictions.labels == {index}))\n"
        for curve in ("precision_recall_curve", "roc_curve")
        if index is not None
    )
    return (
        "from pathlib import Path\n\n"
        "from cnn_core.evaluation.curves import precision_recall_curve, roc_curve\n"
        "from cnn_core.evaluation.predictions import read_predictions\n"
        "from cnn_core.evaluation.scores import evaluate, worst_mistakes\n\n"
        f"predictions = read_predictions(Path({str(path)!r}), {classes!r})\n"
        f"print(evaluate(predictions, threshold={threshold}))\n"
        f"print([predictions.paths[i] for i in worst_mistakes(predictions, 6, {threshold})])\n"
        f"{curves}"
    )
