"""How good a network is: figures, the pictures behind them, curves and mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from cnn_core.evaluation.predictions import Predictions, predicted_labels
from cnn_core.evaluation.scores import evaluate, indices_in_cell
from dashboard.evaluation.confusion import draw_confusion, first_page
from dashboard.evaluation.curves import draw_curves
from dashboard.evaluation.export import EvaluationSelection, evaluation_export
from dashboard.evaluation.folder_set import folder_set
from dashboard.evaluation.mistakes import draw_mistakes
from dashboard.evaluation.own_sets import SETS, kept_epoch, own_set, prediction_files
from dashboard.evaluation.training_curves import draw_training_curves
from dashboard.widgets.errors import show_errors
from dashboard.widgets.evaluation_pictures import draw_tiles, follow_chosen_photo
from dashboard.widgets.export_bar import export_bar
from dashboard.widgets.inputs import choice, slider
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.set_figures import draw_figures, pictures_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from streamlit.delta_generator import DeltaGenerator

    from dashboard.evaluation.evaluated_set import EvaluatedSet, Network

FOLDER = "folder"  # in the address, in place of a set of the run
SETS_HELP = (
    "Validation pictures of its run were looked at after every epoch, and perhaps chose the epoch that was "
    "kept; test pictures were not looked at before. A folder can hold any others."
)
NOT_YET = (
    "The figures are there once this run has finished: its network then answers every picture of the "
    "validation and the test set. The curves so far are under Train, Progress. An epoch that it has kept can "
    "be chosen in the sidebar, and evaluated on any folder."
)
THRESHOLD_HELP = (
    "From which probability on the answer is {name}. A higher threshold makes that answer rarer and more "
    "often right. Accuracy, the matrix, precision, recall and the points on both curves follow."
)


def draw_evaluation(network: Network) -> None:
    """The figures of a network on a set of its own, or on the pictures of a folder."""
    follow_chosen_photo()
    if network.model_key is None:
        st.info(NOT_YET, icon=":material/fact_check:")
        return
    files = {} if network.run is None else prediction_files(network.run.folder)
    name, beside = _choose_set(list(files))
    with show_errors():
        if name == FOLDER:
            shown = folder_set(network, network.model_key)
        else:
            shown = own_set(network, network.model_key, name, files[name])
        if shown is not None:
            _draw_set(shown, None if name == FOLDER else beside)
    draw_training_curves(network, network.model_key)


def _choose_set(own: Sequence[str]) -> tuple[str, DeltaGenerator]:
    """One of the sets that a run answered itself, or ``FOLDER``; and the place beside that choice."""
    if not own:
        return FOLDER, st.container()
    place, beside = st.columns([1, 2.4], gap="large", vertical_alignment="bottom")
    with place:
        titles = {**{name: SETS[name] for name in own}, FOLDER: "A folder"}
        return choice("Pictures", titles, key="eval_set", help=SETS_HELP), beside


def _draw_set(shown: EvaluatedSet, threshold_place: DeltaGenerator | None) -> None:
    """The figures of a set, the pictures behind them, curves and mistakes.

    Args:
        shown: the network with its answers.
        threshold_place: of the threshold; below the matrix when None.
    """
    predictions, run = shown.predictions, shown.network.run
    left, beside = st.columns([1, 1.35], gap="large")
    matrix = left.container()
    with threshold_place or left:
        threshold = _threshold(predictions)
    evaluation = evaluate(predictions, threshold)
    with beside:
        draw_figures(predictions, evaluation)
        if run is not None:
            st.caption(kept_epoch(run))
    with matrix:
        true, predicted = draw_confusion(predictions, evaluation, shown.file_name)
    with beside:
        indices = indices_in_cell(predictions, true, predicted, threshold)
        _draw_cell_images(shown, indices, (true, predicted), threshold)
    curves_of = draw_curves(predictions, threshold, shown.file_name)
    selection = EvaluationSelection(threshold=threshold, indices=indices, curves_of=curves_of)
    export_bar(evaluation_export(shown, evaluation, selection), "evaluation-export")
    draw_mistakes(shown, threshold)


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


def _draw_cell_images(
    shown: EvaluatedSet, indices: NDArray[np.int64], cell: tuple[int, int], threshold: float
) -> None:
    """The pictures behind the chosen cell."""
    predictions, (true, predicted) = shown.predictions, cell
    names = predictions.classes
    verb = "rightly answered" if true == predicted else "answered"
    st.subheader(
        f"{pictures_text(len(indices))} of {escape_markdown(names[true])}, "
        f"{verb} {escape_markdown(names[predicted])}"
    )
    if len(indices) == 0:
        st.markdown("No picture of this set. Choose another cell of the matrix.")
        return
    draw_tiles(predictions, indices, predicted_labels(predictions, threshold), shown.model_key)
    st.caption(
        f"The surest answer first, with the probability of {escape_markdown(names[predicted])}. "
        "Click a picture to see in Heat maps what this network looks at."
    )
