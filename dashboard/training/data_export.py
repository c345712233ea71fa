"""A data set to take away: its samples, and what the scan has measured."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnn_core.datasets.source import source_name
from dashboard.figures.files.page_png import arrays_npz, view_png
from dashboard.figures.pictures.pattern_grid import row_pixels
from dashboard.run_setup.data_choice import source_code
from dashboard.widgets.export_bar import Export, export_bar, export_row, file_name

if TYPE_CHECKING:
    from cnn_core.datasets.scan.scan import ScanReport
    from cnn_core.datasets.source import DataSource
    from cnn_core.datasets.splits import Splits
    from dashboard.figures.colours import UInt8
    from dashboard.widgets.gallery import Captioned

COLUMNS = 5


def draw_samples_export(
    source: DataSource, splits: Splits, split: str, turn: int, rows: Mapping[int, Sequence[Captioned]]
) -> None:
    """PNG of the samples with the counts, NPZ of both, and the code that draws the same.

    Args:
        source: the data.
        splits: its pictures.
        split: that is shown.
        turn: which five.
        rows: the samples of each class, by its index.
    """
    shown = [sample for row in rows.values() for sample in row]
    export_row(
        file_name(source_name(source), split, "samples"),
        key="samples-export",
        png=lambda: view_png(
            row_pixels([_decoded(sample.jpeg) for sample in shown], COLUMNS),
            title=f"{source_name(source)}, {split}",
            note=f"From top to bottom: {', '.join(splits.classes[label] for label in rows)}. "
            f"Pictures in all: {told_counts(splits)}.",
        ),
        npz=lambda: arrays_npz(
            classes=np.array(splits.classes),
            splits=np.array([name for name, _ in splits.items()]),
            counts=_counts(splits),
            labels=np.int64([label for label, row in rows.items() for _ in row]),
            names=np.array([sample.caption for sample in shown]),
            pictures=np.stack([_decoded(sample.jpeg) for sample in shown]),
        ),
        code=samples_code(source, split, turn, list(rows)),
    )


def told_counts(splits: Splits) -> str:
    """Pictures per split and class, in words."""
    return "; ".join(
        f"{name} " + ", ".join(f"{count:,} {label}" for label, count in files.counts().items())
        for name, files in splits.items()
    )


def _counts(splits: Splits) -> NDArray[np.int64]:
    """Pictures ``(splits, classes)``."""
    return np.int64([[files.counts()[name] for name in splits.classes] for _, files in splits.items()])


def _decoded(jpeg: bytes) -> UInt8:
    with Image.open(io.BytesIO(jpeg)) as picture:
        return np.asarray(picture.convert("RGB"))


def samples_code(source: DataSource, split: str, turn: int, labels: Sequence[int]) -> str:
    """Python that counts the pictures and draws the same samples with ``cnn_core`` alone."""
    return (
        f"import numpy as np\n\n{source_code(source)}"
        "for name, files in splits.items():\n"
        "    print(name, files.counts())\n"
        f"files = dict(splits.items())[{split!r}]\n"
        f"for label in {list(labels)!r}:\n"
        "    first, count = files.labels.index(label), files.labels.count(label)\n"
        f"    draw = np.random.default_rng(({turn}, label))\n"
        f"    for pick in draw.choice(count, min({COLUMNS}, count), replace=False):\n"
        "        print(files.classes[label], files.paths[first + int(pick)])\n"
    )


def draw_sizes_export(source: DataSource, report: ScanReport) -> None:
    """NPZ of all sizes and of the problems that were found, and the code."""
    found = report.problems
    export = Export(
        name=file_name(source_name(source), "sizes"),
        arrays=lambda: {
            **{f"sizes_px_{name}": np.int64(sizes) for name, sizes in report.sizes_px.items()},
            "problem_kinds": np.array([problem.kind for problem in found], np.str_),
            "problem_paths": np.array([str(problem.path) for problem in found], np.str_),
        },
        code=scan_code(source),
    )
    export_bar(export, "sizes-export")


def scan_code(source: DataSource) -> str:
    """Python that scans the files again with ``cnn_core`` alone."""
    return (
        f"from cnn_core import paths\nfrom cnn_core.datasets.scan.scan import scan\n{source_code(source)}"
        f"report = scan(splits, paths.cache_folder() / 'scans', keep_non_rgb={source.keep_non_rgb},\n"
        f"              keep_near_doubles={source.keep_near_doubles})\n"
        "for name, sizes_px in report.sizes_px.items():\n"
        "    print(name, sizes_px.min(axis=0), sizes_px.max(axis=0))\n"
        "for problem in report.problems:\n"
        "    print(problem.kind, problem.path, problem.detail)\n"
    )
