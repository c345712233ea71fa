"""The section Data: what there is to train on, counted, shown and scanned."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core.datasets.folders import LabelledFiles
from cnn_core.datasets.recent_folders import remember_folder
from cnn_core.datasets.source import source_name
from cnn_core.datasets.splits import Splits
from cnn_core.errors import ConvscopeError
from dashboard.figures.pictures.pattern_grid import row_pixels
from dashboard.figures.pictures.pictures import decoded, thumbnail
from dashboard.run_setup.data_choice import (
    choose_source,
    chosen_source,
    offered_sets,
    source_code,
    split_controls,
    split_was_changed,
    splits_of,
)
from dashboard.run_setup.run_picker import go_to
from dashboard.widgets.errors import show_errors
from dashboard.widgets.export_bar import Export, export_bar, file_name
from dashboard.widgets.gallery import SIDE_PX, Captioned, pictures_html, small_picture
from dashboard.widgets.inputs import choice, select, shuffle_button
from dashboard.widgets.markdown import escape_markdown

if TYPE_CHECKING:
    from cnn_core.datasets.source import DataSource

SAMPLES = 5
MOST_ROWS = 6  # classes whose samples are shown at once
NO_DATA = (
    "**No photos to train on yet.** Name a folder of this computer that holds one folder per class, download "
    "the cats and dogs, or upload a zip. The sample photos of the sidebar are for looking at only."
)


def draw_data() -> None:
    """Choose a source; then counts, samples and what the scan finds."""
    choose_source()
    source = None
    splits = None
    with show_errors():
        source = chosen_source()
        if source is None:
            if not offered_sets():
                st.info(NO_DATA, icon=":material/photo_library:")
            return
        splits = splits_of(source)
        remember_folder(source.folders[0])
    if source is not None and splits is not None:
        with show_errors():
            _draw_splits(source, splits)
    elif split_was_changed():
        st.subheader("Split")
        split_controls(("validation", "test"))


def _draw_splits(source: DataSource, splits: Splits) -> None:
    from dashboard.training import scan as train_scan

    counts, controls = st.columns([1.5, 1], gap="large")
    with counts:
        st.subheader(escape_markdown(source_name(source)))
        st.html(counts_html(splits))
        st.markdown(escape_markdown(class_sentence(splits.classes), longest=None))
    with controls:
        st.subheader("Split")
        st.markdown(_origin_sentence(source, splits))
        split_controls(_without_folder(splits))
        st.button("Go on to Settings", key="to-settings", on_click=go_to, args=("settings",))
    for note in splits.notes:
        st.caption(f":material/info: {escape_markdown(note, longest=None)}")
    report = None
    with show_errors():
        report = train_scan.draw_scan(source, splits)
    _draw_samples(source, splits)
    if report is not None:
        train_scan.draw_sizes(source, report)


def _origin_sentence(source: DataSource, splits: Splits) -> str:
    names = [name for name in ("validation", "test") if name in dict(splits.items())]
    lying = [name for name in names if name not in splits.drawn]
    own = f"{', '.join(['Training', *lying[:-1]])} and {lying[-1]} pictures" if lying else ""
    if not splits.drawn:
        return f"{own} lie in folders of their own."
    drawn = (
        f"the {' and '.join(splits.drawn)} pictures are drawn by chance from training, the same share of "
        f"every class. The same seed, {source.seed}, always draws the same."
    )
    return f"{own} lie in folders of their own; {drawn}" if own else f"No folder says otherwise, so {drawn}"


def _without_folder(splits: Splits) -> tuple[str, ...]:
    """The parts that are drawn from training, or could be."""
    return tuple(
        name for name in ("validation", "test") if name in splits.drawn or name not in dict(splits.items())
    )


def counts_html(splits: Splits) -> str:
    """Pictures per class and split as a table with small bars."""
    pairs = [(name, files.counts()) for name, files in splits.items()]
    most = max(count for _, counts in pairs for count in counts.values())
    heads = "".join(f"<th>{name.capitalize()}</th>" for name, _ in pairs)
    rows = "".join(
        f"<tr><td><b>{html.escape(name)}</b> <span class='own-name'>= {index}</span></td>"
        + "".join(_bar_cell(counts[name], most) for _, counts in pairs)
        + "</tr>"
        for index, name in enumerate(splits.classes)
    )
    sums = "".join(f"<td>{len(files.paths):,}</td>" for _, files in splits.items())
    return (
        f"<div class='counts'><table><thead><tr><th>Class</th>{heads}</tr></thead><tbody>{rows}</tbody>"
        f"<tfoot><tr><td>Together</td>{sums}</tr></tfoot></table></div>"
    )


def _bar_cell(count: int, most: int) -> str:
    return f"<td>{count:,}<div class='bar' style='width:{100 * count / max(most, 1):.1f}%'></div></td>"


def class_sentence(classes: Sequence[str]) -> str:
    """The order of the classes, as the network numbers them; plain text."""
    if len(classes) == 2:
        return (
            f"Classes are numbered in alphabetical order: {classes[0]} = 0, {classes[1]} = 1. "
            f"The network has one output, the probability of {classes[1]}."
        )
    last = f"{classes[-1]} = {len(classes) - 1}"
    return f"Classes are numbered in alphabetical order, from {classes[0]} = 0 to {last}."


def _draw_samples(source: DataSource, splits: Splits) -> None:
    st.subheader("Five of each class")
    names = dict(splits.items())
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = choice("Split", {name: name.capitalize() for name in names}, key="sample_split")
        turn = shuffle_button("Others", key="sample_turn")
    files = names[split]
    rows = {label: samples(files, label, turn) for label in _shown_classes(files)}
    for label, pictures in rows.items():
        st.html(
            f"<div class='row-title'>{html.escape(files.classes[label])}</div>"
            + pictures_html(pictures, columns=SAMPLES)
        )
    export_bar(samples_export(source, splits, split, turn, rows), "samples-export")


def _shown_classes(files: LabelledFiles) -> list[int]:
    """All classes while they are few, else the one that is chosen."""
    if len(files.classes) <= MOST_ROWS:
        return list(range(len(files.classes)))
    titles = {str(label): name for label, name in enumerate(files.classes)}
    return [int(select("Class", titles, key="sample_class"))]


def samples(files: LabelledFiles, label: int, turn: int) -> list[Captioned]:
    """Five pictures of a class by chance, the same for the same ``turn``; damaged ones say so."""
    first = files.labels.index(label)
    count = files.labels.count(label)  # classes lie one after the other
    picks = np.random.default_rng((turn, label)).choice(count, min(SAMPLES, count), replace=False)
    return [sample(files.paths[first + int(pick)]) for pick in picks]


def sample(path: Path) -> Captioned:
    """The middle square of a picture file, small, with its name; grey where it cannot be read."""
    try:
        return Captioned(jpeg=small_picture(path), alt=path.name, caption=path.name)
    except (ConvscopeError, OSError):
        return Captioned(jpeg=_blank(), alt="damaged", caption=f"{path.name}: cannot be read")


@st.cache_resource(show_spinner=False, max_entries=1)
def _blank() -> bytes:
    return thumbnail(np.full((8, 8, 3), 127, np.uint8), SIDE_PX)


def samples_export(
    source: DataSource, splits: Splits, split: str, turn: int, rows: Mapping[int, Sequence[Captioned]]
) -> Export:
    """The samples with the counts of all classes.

    Args:
        source: the data.
        splits: its pictures.
        split: that is shown.
        turn: which five.
        rows: the samples of each class, by its index.
    """
    shown = [sample for row in rows.values() for sample in row]
    counts = {name: files.counts() for name, files in splits.items()}
    named = "; ".join(
        f"{name} " + ", ".join(f"{count:,} {label}" for label, count in of_split.items())
        for name, of_split in counts.items()
    )
    return Export(
        name=file_name(source_name(source), split, "samples"),
        title=f"{source_name(source)}, {split}",
        note=f"From top to bottom: {', '.join(splits.classes[label] for label in rows)}. "
        f"Pictures in all: {named}.",
        image=lambda: row_pixels([decoded(sample.jpeg) for sample in shown], SAMPLES),
        arrays=lambda: {
            "classes": np.array(splits.classes),
            "splits": np.array(list(counts)),
            "counts": np.int64([[of[name] for name in splits.classes] for of in counts.values()]),
            "labels": np.int64([label for label, row in rows.items() for _ in row]),
            "names": np.array([sample.caption for sample in shown]),
            "pictures": np.stack([decoded(sample.jpeg) for sample in shown]),
        },
        code=f"import numpy as np\n\n{source_code(source)}"
        "for name, files in splits.items():\n"
        "    print(name, files.counts())\n"
        f"files = dict(splits.items())[{split!r}]\n"
        "paths = []\n"
        f"for label in {list(rows)!r}:\n"
        "    first, count = files.labels.index(label), files.labels.count(label)\n"
        f"    draw = np.random.default_rng(({turn}, label))\n"
        f"    for pick in draw.choice(count, min({SAMPLES}, count), replace=False):\n"
        "        paths.append(files.paths[first + int(pick)])\n"
        "        print(files.classes[label], paths[-1])\n",
        drawing="from dashboard.figures.pictures.pattern_grid import row_pixels\n"
        "from dashboard.figures.pictures.pictures import decoded\n"
        "from dashboard.training.data import sample\n"
        f"picture = row_pixels([decoded(sample(path).jpeg) for path in paths], {SAMPLES})\n",
    )
