"""How a network was trained: the curves of the history that lies beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from cnn_core.training.run_folder import HISTORY_FILE, read_rows
from dashboard.figures.charts.curve_ranges import CurveOf
from dashboard.figures.charts.training_curves import training_curves_alt, training_curves_figure
from dashboard.session.resources import explorer
from dashboard.widgets import first_words
from dashboard.widgets.chart import chart
from dashboard.widgets.export_bar import Export, export_bar, file_name
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.run_words import history_arrays
from dashboard.widgets.style import theme

if TYPE_CHECKING:
    from pathlib import Path

    from dashboard.evaluation.evaluated_set import Network


def draw_training_curves(network: Network, model_key: str) -> None:
    """Loss and accuracy by epoch, with the notes of the card; nothing for a network without a history."""
    path = explorer().folder(model_key) / HISTORY_FILE
    curve = CurveOf(title=network.title, history=read_rows(path))
    if not curve.history:
        return
    st.subheader("How it was trained", help=first_words.CURVES)
    chart(
        training_curves_figure([curve], theme=theme()),
        key="eval-training",
        name=file_name(network.key, "training"),
        alt=training_curves_alt([curve]),
    )
    notes = explorer().card(model_key).metadata.get("notes")
    for note in notes if isinstance(notes, list) else ():
        st.caption(escape_markdown(str(note), longest=None))
    export_bar(training_export(network, curve, path), "training-export")


def training_export(network: Network, curve: CurveOf, path: Path) -> Export:
    """Every column of the history, and the code that reads it again.

    Args:
        network: that was trained.
        curve: its history.
        path: of the file of that history.
    """
    return Export(
        name=file_name(network.key, "training"),
        arrays=lambda: history_arrays(curve.history),
        code="from pathlib import Path\n\n"
        "from cnn_core.training.diagnosis.history import best_epoch, history_column\n"
        "from cnn_core.training.run_folder import read_rows\n\n"
        f"history = read_rows(Path({str(path)!r}))\n"
        "print('lowest validation loss in epoch', best_epoch(history))\n"
        "for name in ('loss', 'accuracy', 'val_loss', 'val_accuracy'):\n"
        "    print(name, history_column(history, name).round(3))\n",
    )
