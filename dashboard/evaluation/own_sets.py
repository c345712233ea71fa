"""The sets that a run answered itself when it finished: validation, and test where there is one."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path

import streamlit as st

from cnn_core.evaluation.predictions import Predictions, of_factor, read_predictions
from cnn_core.files import nested
from cnn_core.models.card import CARD_FILE, MODEL_FOLDER, read_card
from cnn_core.runs.run_view import RunView
from cnn_core.training.diagnosis.history import best_epoch
from dashboard.evaluation.evaluated_set import EvaluatedSet, Network
from dashboard.widgets.inputs import select

SETS = {"validation": "Validation", "test": "Test"}
REMEMBERED_SETS = 4


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


def own_set(network: Network, model_key: str, name: str, path: Path) -> EvaluatedSet:
    """The answers in a file that a run has written, remembered as long as it stays the same.

    Raises:
        DataError: damaged.
    """
    card = read_card(path.parent / MODEL_FOLDER / CARD_FILE)
    classes, factor, head, code = card.classes, None, 0, ""
    if isinstance(classes, Mapping):  # several outputs: what is stored are the combinations of their classes
        factor = select("Output", {name: name for name in classes}, key="eval_head_name")
        head, code = list(classes).index(factor), f"predictions = of_factor(predictions, {factor!r})\n"
        classes = tuple(nested(card.metadata, "data", name, "pictures"))
    metadata = path.stat()
    stamp = (str(path), metadata.st_mtime_ns, metadata.st_size)
    return EvaluatedSet(
        network=network,
        model_key=model_key,
        name=name,
        title=f"the {name} set",
        predictions=_predictions((*stamp, factor), path, classes, factor),
        code="from pathlib import Path\n\n"
        f"from cnn_core.evaluation.predictions import {'of_factor, ' * bool(factor)}read_predictions\n\n"
        f"predictions = read_predictions(Path({str(path)!r}), {classes!r})\n" + code,
        head=head,
    )


@st.cache_resource(show_spinner=False, max_entries=REMEMBERED_SETS)
def _predictions(stamp: Hashable, _path: Path, classes: tuple[str, ...], factor: str | None) -> Predictions:
    found = read_predictions(_path, classes)
    return found if factor is None else of_factor(found, factor)
