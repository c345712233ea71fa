"""Which pictures a network is evaluated on: those of a data folder, or of one of its splits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from cnn_core.datasets.folders import LabelledFiles, labelled_files
from cnn_core.datasets.recent_folders import evaluated_folders, last_folder, remember_evaluated
from cnn_core.datasets.split_folders import labelled_splits
from dashboard.run_setup.folder_offers import folder_times, offer_folders
from dashboard.session import address
from dashboard.widgets.inputs import choice

FOLDER, SPLIT = "eval-folder", "eval_split"
FOLDER_HELP = (
    "It holds one folder per class (cats, dogs), or train, validation and test folders that do. The path "
    "stays on this computer: a copied link does not name it."
)
SPLITS = {"validation": "Validation", "test": "Test", "train": "Training", "all": "All"}
SPLIT_HELP = (
    "How good a network is shows on pictures that it was not trained on; on those of its training it shows "
    "how well it remembers them."
)
NO_FOLDER = (
    "**No photos to evaluate on yet.** Name a folder of this computer that holds one folder per class, "
    "called like the classes of the network."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FolderSplit:
    """Pictures with the class folders that they lie in.

    Attributes:
        name: of the data folder.
        split: ``validation``, ``test``, ``train`` or ``all``.
        folders: that hold the class folders.
        files: the pictures.
    """

    name: str
    split: str
    folders: tuple[Path, ...]
    files: LabelledFiles


def choose_split(nothing_named: str = NO_FOLDER) -> FolderSplit | None:
    """Name a data folder and one of its splits; None, with what to do, while there is nothing to read.

    Args:
        nothing_named: what is said while no folder is named; Markdown.

    Raises:
        DataError: a folder that is missing, cannot be read or holds no classes.
    """
    st.session_state.setdefault(FOLDER, last_folder())
    folder_place, split_place = st.columns([1.6, 1], gap="large", vertical_alignment="bottom")
    with folder_place:
        folder = st.text_input(
            "Data folder",
            key=FOLDER,
            help=FOLDER_HELP,
            placeholder="/home/me/photos",
            persist_state="session",
            on_change=_forget_split,
        ).strip()
    if offer_folders(folder, evaluated_folders(), _use, key="eval-used"):
        return None
    if not folder:
        st.info(nothing_named, icon=":material/photo_library:")
        return None
    splits = labelled_splits(Path(folder))
    split = next(iter(splits))
    if len(splits) > 1:
        with split_place:
            titles = {name: SPLITS[name] for name in splits}
            split = choice("Split", titles, key=SPLIT, help=SPLIT_HELP)
    files = _files(splits[split], folder_times(map(str, splits[split])))
    remember_evaluated(folder)
    name = Path(folder).name or folder
    return FolderSplit(name=name, split=split, folders=splits[split], files=files)


def _use(folder: str) -> None:
    """Take a folder that was chosen among those offered; in a callback."""
    st.session_state[FOLDER] = folder
    _forget_split()


def _forget_split() -> None:
    """Begin another folder with the split that says most of a network; in a callback."""
    st.session_state.pop(SPLIT, None)
    address.keep({SPLIT: None})


@st.cache_resource(show_spinner=False, max_entries=4)
def _files(folders: tuple[Path, ...], times: object) -> LabelledFiles:
    """The pictures of folders, listed anew when these change."""
    return labelled_files(folders)
