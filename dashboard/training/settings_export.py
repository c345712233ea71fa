"""The chosen settings to take away: as a table, as texts and as code that starts the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnn_core.training.diagnosis.comparison import compared_settings
from dashboard.figures.files.page_png import arrays_npz, view_png
from dashboard.figures.files.table_png import table_pixels
from dashboard.widgets.export_bar import export_row, file_name

if TYPE_CHECKING:
    from cnn_core.datasets.source import DataSource
    from cnn_core.training.settings.config import TrainingConfig

SIDE_BY_SIDE = 2  # rows of the table, so that it is not a long thin picture


def draw_exports(config: TrainingConfig, source: DataSource | None, title: str) -> None:
    """PNG and NPZ of all settings, and the code that trains with them.

    Args:
        config: the settings.
        source: the data, None if none is chosen yet.
        title: of the preset.
    """
    rows = [(row.label, row.texts[title]) for row in compared_settings({title: config})]
    export_row(
        file_name(config.preset, "settings"),
        key="settings-export",
        png=lambda: view_png(
            table_pixels(["Setting", "Value"] * SIDE_BY_SIDE, _folded(rows)), title=f"Settings: {title}"
        ),
        npz=lambda: arrays_npz(
            names=np.array([name for name, _ in rows]), values=np.array([value for _, value in rows])
        ),
        code=settings_code(config, source),
    )


def _folded(rows: list[tuple[str, str]]) -> list[tuple[str, ...]]:
    """The rows in two columns, the second beside the first."""
    half = -(-len(rows) // SIDE_BY_SIDE)
    padded = [*rows, *[("", "")] * (half * SIDE_BY_SIDE - len(rows))]
    return [left + right for left, right in zip(padded[:half], padded[half:], strict=True)]


def settings_code(config: TrainingConfig, source: DataSource | None) -> str:
    """Python that makes the settings again, and how to start a run with them."""
    data = repr(source) if source is not None else "DataSource(folders=('the/folder/of/your/photos',))"
    return (
        "from cnn_core import paths\n"
        "from cnn_core.datasets.source import DataSource\n"
        "from cnn_core.runs.runs import Runs\n"
        "from cnn_core.training.settings.config import Augmentation, TrainingConfig\n\n"
        f"config = {config!r}\n"
        f"source = {data}\n"
        "runs = Runs(paths.runs_folder())\n"
        "# The next line starts the training, in a process of its own:\n"
        "# runs.launch(config, source)\n"
        "print(config, source, len(runs.all()))\n"
    )
