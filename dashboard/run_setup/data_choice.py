"""Which pictures are trained on: a folder of this computer, the download, or an uploaded zip."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from cnn_core.datasets.found_sets import data_sets_in, is_data_set
from cnn_core.datasets.known_sets import KNOWN_SETS
from cnn_core.datasets.recent_folders import downloads, last_folder, origin_of, used_folders
from cnn_core.datasets.source import DataSource
from cnn_core.datasets.splits import Splits, read_splits
from dashboard.run_setup.folder_offers import folder_times, offer_folders
from dashboard.run_setup.known_set_choice import (
    chosen_set,
    draw_known_sets,
    made_folder,
    take_known_set,
)
from dashboard.run_setup.upload import draw_upload, uploaded, use_upload
from dashboard.session import address
from dashboard.session.state import session
from dashboard.widgets.inputs import choice

ORIGINS = {"folder": "A folder", "download": "Ready-made", "upload": "A zip"}
ORIGIN_HELP = (
    "A folder of this computer, a set that Convscope downloads or draws, or a zip of your own. Each class "
    "has a folder of its own."
)
FOLDER_HELP = (
    "It holds one folder per class (cats, dogs), or train, validation and test folders that do. The path "
    "stays on this computer: a copied link does not name it."
)
NEAR_HELP = (
    "Of two pictures of a class that are nearly the same, only one is trained on. Switch it off where all "
    "are nearly the same because the camera does not move. Of equal files only one is ever trained on."
)
SPLIT_HELP = "Below 1 a share of each class, from 1 on a number of pictures of each class."
MORE_HELP = "One per line; their pictures are joined into training. They hold the same class folders."
FOLDER, MORE, VALIDATION, TEST, SEED, GREY, NEAR = (
    f"data-{name}" for name in ("folder", "more", "validation", "test", "seed", "grey", "near")
)
_USED = "data-used"
DEFAULTS: dict[str, Any] = {MORE: "", VALIDATION: 0.2, TEST: 0.0, SEED: 0, GREY: False, NEAR: True}


def kept(key: str) -> Any:
    """What was put in on the Data section, also while it is not drawn."""
    if key in st.session_state:
        return st.session_state[key]
    if key == FOLDER:
        return _first_folder()
    if key != MORE and chosen_origin() == "download":
        return _fields_of(chosen_set().source(downloads()))[key]
    return DEFAULTS[key]


def _first_folder() -> str:
    """What this session begins with; it stays, whatever other sessions use meanwhile."""
    held = session().data
    if not held.first_folder:
        held.first_folder = last_folder(("folder",))
    return held.first_folder


def chosen_origin() -> str:
    """Where the photos of this session come from.

    Without a choice it is what the address says, if there are such photos, else that of the data used last.
    """
    chosen = session().data.origin
    if chosen is None:
        named = address.current("origin", address.name_in(ORIGINS), None)
        chosen = named if named is not None and _folder_of(named) else origin_of(last_folder())
        st.session_state["origin"] = session().data.origin = chosen
    return str(chosen)


def chosen_folder() -> str:
    """The first folder of this session's data, or nothing while none is chosen."""
    return _folder_of(chosen_origin())


def _folder_of(origin: str) -> str:
    if origin == "folder":
        return str(kept(FOLDER)).strip()
    return made_folder() if origin == "download" else uploaded()


def offered_sets() -> list[Path]:
    """The data sets in the chosen folder, where it is not one itself."""
    folder = chosen_folder()
    return data_sets_in(Path(folder)) if folder else []


def can_train(source: DataSource) -> bool:
    """Whether a source looks as if it could be trained on, from its folders alone."""
    return len(source.folders) > 1 or is_data_set(Path(source.folders[0]))


def chosen_source() -> DataSource | None:
    """The data of this session, or None while none is chosen, but perhaps a folder of several.

    Raises:
        DataError: shares that leave nothing to train on.
    """
    folder = chosen_folder()
    if not folder or offered_sets():
        return None
    more = kept(MORE).splitlines() if chosen_origin() == "folder" else []
    return DataSource(
        folders=(folder, *(line.strip() for line in more if line.strip())),
        validation=float(kept(VALIDATION)),
        test=float(kept(TEST)),
        seed=int(kept(SEED)),
        keep_non_rgb=bool(kept(GREY)),
        keep_near_duplicates=not kept(NEAR),
    )


def use_known_set(key: str) -> None:
    """Make a ready-made set the data of this session, with the fields that fit it; in a callback."""
    if key not in {known.key for known in KNOWN_SETS}:
        return
    st.session_state["origin"] = session().data.origin = "download"
    take_known_set(key)
    _take_fields(chosen_set().source(downloads()))


def _origin_changed() -> None:
    """The fields that fit a ready-made set come and go with it."""
    held, chosen = session().data, st.session_state["origin"]
    if chosen == "download":
        _take_fields(chosen_set().source(downloads()))
    elif held.origin == "download":
        _take_fields(DataSource(folders=(chosen,)))


def _take_fields(source: DataSource) -> None:
    for key, value in _fields_of(source).items():
        st.session_state[key] = value


def _fields_of(source: DataSource) -> dict[str, Any]:
    return {
        VALIDATION: float(source.validation),
        TEST: float(source.test),
        SEED: source.seed,
        GREY: source.keep_non_rgb,
        NEAR: not source.keep_near_duplicates,
    }


def take_source(source: DataSource) -> None:
    """Make the data of a run those of this session; in a callback."""
    st.session_state["origin"] = session().data.origin = "folder"
    st.session_state[FOLDER], *more = source.folders
    st.session_state[MORE] = "\n".join(more)
    _take_fields(source)


def split_was_changed() -> bool:
    """Whether the fields of the split are not where they start, so that they may be what is wrong."""
    return any(kept(key) != DEFAULTS[key] for key in (VALIDATION, TEST, SEED))


def splits_of(source: DataSource) -> Splits:
    """The pictures of a source, listed anew when its folders change.

    Raises:
        DataError: see ``read_splits``.
    """
    return _splits(source, folder_times(source.folders))


@st.cache_resource(show_spinner=False, max_entries=4)
def _splits(source: DataSource, stamp: object) -> Splits:
    return read_splits(source)


def choose_source() -> None:
    """Draw the ways to name the pictures."""
    chosen_origin()  # which is where the widget starts
    origin_place, detail = st.columns([1, 2.1], gap="large")
    with origin_place:
        origin = choice("Photos from", ORIGINS, key="origin", help=ORIGIN_HELP, on_change=_origin_changed)
    session().data.origin = origin
    with detail:
        drawn = {"folder": _choose_folder, "download": _choose_known_set, "upload": draw_upload}
        drawn[origin]()
        offer_data(_USED)
        if origin == "folder":
            with st.expander("Join further folders", icon=":material/create_new_folder:"):
                st.text_area(
                    "More training folders", key=MORE, help=MORE_HELP, height=70, persist_state="session"
                )


def _choose_folder() -> None:
    for key in (FOLDER, MORE):
        st.session_state.setdefault(key, kept(key))
    st.text_input(
        "Folder", key=FOLDER, help=FOLDER_HELP, placeholder="/home/me/photos", persist_state="session"
    )


def _choose_known_set() -> None:
    draw_known_sets(use_known_set)


def offer_data(key: str) -> None:
    """Draw the data sets of a folder that holds several, and the data used before, each to be chosen.

    Args:
        key: of the widgets.
    """
    offer_folders(chosen_folder(), used_folders(), _use, key=key)


def _use(folder: str) -> None:
    """Train on a folder that was chosen among those offered; in a callback."""
    origin = origin_of(folder)
    st.session_state["origin"] = session().data.origin = origin
    if origin == "folder":
        st.session_state[FOLDER] = folder
    elif origin == "upload":
        use_upload(folder)
    else:
        use_known_set(Path(folder).name)


def split_controls(without_folder: Sequence[str]) -> None:
    """How to set pictures aside, for ``validation`` and ``test`` where no folder says it."""
    for key in (VALIDATION, TEST, SEED, GREY, NEAR):
        st.session_state.setdefault(key, kept(key))
    if without_folder:
        *split_columns, seed_place = st.columns(len(without_folder) + 1, gap="medium")
        for name, place in zip(without_folder, split_columns, strict=True):
            least, none = (0.01, "") if name == "validation" else (0.0, " 0: none.")
            place.number_input(
                name.capitalize(), least, 1e6, step=0.05, key=f"data-{name}", help=SPLIT_HELP + none,
                format="%g", persist_state="session",
            )  # fmt: skip
        seed_place.number_input(
            "Seed", 0, 9999, key=SEED, help="Chooses which pictures are set aside.", persist_state="session"
        )
    st.toggle("Leave out near-duplicates", key=NEAR, help=NEAR_HELP, persist_state="session")
    st.toggle(
        "Keep pictures that are not RGB",
        key=GREY,
        help="Grey, palette and CMYK pictures are turned into RGB instead of being left out.",
        persist_state="session",
    )


def source_code(source: DataSource) -> str:
    return (
        "from cnn_core.datasets.source import DataSource\n"
        "from cnn_core.datasets.splits import read_splits\n\n"
        f"splits = read_splits({source!r})\n"
    )
