"""Compared runs to take away: figures and differing settings as a picture, as arrays and as code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cnn_core.runs.run_summary import run_figures
from cnn_core.runs.validation_sets import apart_words
from dashboard.figures.files.page_png import arrays_npz, view_png
from dashboard.figures.files.table_png import stacked_pixels, table_pixels
from dashboard.run_comparison.settings import setting_rows
from dashboard.run_comparison.table import COLUMNS, figure_texts
from dashboard.widgets.export_bar import export_row, file_name
from dashboard.widgets.run_words import history_arrays

if TYPE_CHECKING:
    from cnn_core.runs.run_view import RunView

NOTE = "Accuracy and loss are those of the validation pictures; gap: training less validation accuracy."


def draw_exports(runs: Sequence[RunView], titles: Sequence[str]) -> None:
    """PNG of both tables, NPZ of all histories and settings, and the code.

    Args:
        runs: that are compared.
        titles: a name of its own for each.
    """
    export_row(
        file_name("compared", *(run.key for run in runs)),
        key="compare-export",
        png=lambda: comparison_png(runs, titles),
        npz=lambda: comparison_npz(runs, titles),
        code=comparison_code(runs, titles),
    )


def comparison_png(runs: Sequence[RunView], titles: Sequence[str]) -> bytes:
    """The figures, and the settings that differ."""
    figures = [figure_texts(run_figures(run, title)) for run, title in zip(runs, titles, strict=True)]
    pictures = [
        table_pixels(
            ["Run", "State", *(column.title for column in COLUMNS.values())],
            [
                [title, run.state, *texts.values()]
                for run, title, texts in zip(runs, titles, figures, strict=True)
            ],
        ),
    ]
    differing = [row for row in setting_rows(runs, titles) if row.differs]
    if differing:
        rows = [[row.label, *(row.texts[title] for title in titles)] for row in differing]
        pictures.append(table_pixels(["What differs", *titles], rows))
    note = " ".join(words for words in (apart_words(runs, titles), NOTE) if words)
    return view_png(stacked_pixels(pictures), title="Runs compared", note=note)


def comparison_npz(runs: Sequence[RunView], titles: Sequence[str]) -> bytes:
    """The history of each run, numbered in the order of ``titles``, and all settings as texts."""
    settings = setting_rows(runs, titles)
    histories = {
        f"{name}_{place}": values
        for place, run in enumerate(runs)
        for name, values in history_arrays(run.history).items()
    }
    return arrays_npz(
        titles=np.array(titles),
        runs=np.array([run.key for run in runs]),
        setting_names=np.array([row.field for row in settings]),
        settings=np.array([[row.texts[title] for title in titles] for row in settings]),
        **histories,
    )


def comparison_code(runs: Sequence[RunView], titles: Sequence[str]) -> str:
    """Python that reads the runs again with ``cnn_core`` alone."""
    named = "".join(f"    {title!r}: {str(run.folder)!r},\n" for run, title in zip(runs, titles, strict=True))
    return (
        "from pathlib import Path\n\n"
        "from cnn_core.runs.run_view import RunReader\n"
        "from cnn_core.training.diagnosis.comparison import compared_settings\n"
        "from cnn_core.training.diagnosis.history import best_epoch, history_column\n\n"
        f"folders = {{\n{named}}}\n"
        "runs = {title: RunReader().view(Path(folder)) for title, folder in folders.items()}\n"
        "for title, run in runs.items():\n"
        "    print(title, 'lowest validation loss in epoch', best_epoch(run.history))\n"
        "    for name in ('loss', 'accuracy', 'val_loss', 'val_accuracy'):\n"
        "        print(name, history_column(run.history, name).round(3))\n"
        "for row in compared_settings({title: run.config for title, run in runs.items()}):\n"
        "    if row.differs:\n"
        "        print(row.label, row.texts)\n"
    )
