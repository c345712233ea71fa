"""The sidebar: which network, which photo, what it runs on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import streamlit as st

from cnn_core import paths
from cnn_core.errors import ConvscopeError
from cnn_core.images.formats import FORMATS_TEXT
from dashboard.figures.theme import theme_of
from dashboard.session import address
from dashboard.session.own_photos import remember_browser
from dashboard.session.photo import Photo
from dashboard.session.photos import (
    MOST_UPLOADS,
    UPLOADED_BYTES,
    data_groups,
    data_photo,
    photo_named,
    sample_named,
    samples_for,
    take_in,
    uploads,
)
from dashboard.session.resources import device_line, explorer, framework_ready
from dashboard.session.state import session
from dashboard.session.view import Nothing, View
from dashboard.sidebar.model_picker import model_picker
from dashboard.sidebar.model_upload import draw_description, draw_upload
from dashboard.sidebar.training_status import sidebar_training
from dashboard.widgets.errors import show_errors
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.style import photo_buttons_style

DATA_PAGE = 8
MAX_UPLOAD_MB = 20
LOADING_SECONDS = 1.0  # between two looks whether the framework is loaded


NO_MODEL = Nothing(
    "No network to look into",
    "Restore the folder `models/cats_dogs`, or train a network, and reload this page.",
)
NO_PHOTO = Nothing(
    "No photo to look at",
    "Add one in the sidebar, or restore the folder `sample_images` and reload this page.",
)


def sidebar() -> View | Nothing:
    """Draw the sidebar and give back what is chosen, or what is missing."""
    with st.sidebar:
        st.markdown("### :material/center_focus_strong: Convscope")
        model_key = model_picker()
        photo = _photo_picker(model_key)
        st.divider()
        sidebar_training()
        st.divider()
        with show_errors():
            draw_upload()
            if model_key is not None:
                draw_description(explorer().card(model_key))
        _foot()
    address.keep({"model": model_key})
    if photo is not None:
        address.keep({"photo": photo.key}, written=photo.shareable)
        session().own.chosen = None if photo.shareable else photo.key
    if model_key is None:
        return NO_MODEL
    return NO_PHOTO if photo is None else View(model_key, photo)


def _photo_picker(model_key: str | None) -> Photo | None:
    own = samples_for(model_key)
    offered = (*reversed(list(uploads().values())), *own)
    first = (own or offered or (None,))[0]
    key = None
    if first is not None:
        key = address.restore("photo", _photo_key, first.key)
        if sample_named(str(key)) is not None and key not in {photo.key for photo in own}:
            st.session_state["photo"] = key = first.key  # a dog for a network that reads digits
    st.markdown("**Photo**")
    _photo_buttons("photos", offered, chosen=key)
    _uploader()
    with show_errors():
        _data_browser(key)
    return None if first is None or key is None else _readable(photo_named(key) or first, first)


def _photo_key(text: str) -> str | None:
    return text if photo_named(text) else None


def _readable(photo: Photo, first: Photo) -> Photo:
    """``photo``, or ``first`` with the reason told when it cannot be read."""
    try:
        note = photo.image().note
    except (ConvscopeError, OSError) as error:
        st.error(f"**{escape_markdown(photo.title)}**: {_reason(error)}", icon=":material/broken_image:")
        photo = first
    else:
        if note:
            st.caption(note)
    if not photo.shareable:
        st.caption("Your photo stays until you forget it or the server ends; a copied link does not hold it.")
    return photo


def _reason(error: ConvscopeError | OSError) -> str:
    if isinstance(error, OSError):
        return f"Expected a file that can be read. Received: {escape_markdown(error.strerror or 'an error')}."
    return str(error)


def _photo_buttons(name: str, photos: Iterable[Photo], *, chosen: str | None) -> None:
    shown: dict[str, bytes] = {}
    marked = None
    with st.container(key=name):
        for photo in photos:
            try:
                thumbnail = photo.thumbnail()
            except (ConvscopeError, OSError):
                continue
            key = f"photo-{name}-{len(shown)}"
            shown[key] = thumbnail
            label = escape_markdown(photo.title)
            if photo.key == chosen:
                marked, label = key, f"{label} (chosen)"
            st.button(label, key=key, help=escape_markdown(photo.title), on_click=_choose, args=(photo.key,))
    photo_buttons_style(shown, marked, theme_of(st.context.theme.type))


def _choose(key: str) -> None:
    st.session_state["photo"] = key
    session().refused = []


def _uploader() -> None:
    held = session()
    st.file_uploader(
        "Add photos",
        accept_multiple_files=True,
        max_upload_size=MAX_UPLOAD_MB,
        key=f"upload-{held.upload_turn}",
        on_change=_uploaded,
        help=f"{FORMATS_TEXT}, up to {MAX_UPLOAD_MB} MB each; drag them here or click.",
    )
    camera = st.expander("Camera", icon=":material/photo_camera:", key="camera-open", on_change="rerun")
    if camera.open:
        with camera:
            st.camera_input("Take a photo", key="camera", on_change=_taken, label_visibility="collapsed")
    for name, reason in held.refused:
        st.error(f"**{escape_markdown(name)}**: {reason}", icon=":material/broken_image:")
    if held.dropped:
        st.info(
            f"The newest {MOST_UPLOADS} photos are kept, at most {UPLOADED_BYTES // 2**20} MB together. "
            f"Dropped: {escape_markdown(', '.join(held.dropped))}. Upload one again to see it.",
            icon=":material/filter_none:",
        )
    if uploads():
        remember_browser(session().browser)
        st.button(
            "Forget my photos", key="forget", icon=":material/delete:", on_click=_forget, type="tertiary"
        )


def _uploaded() -> None:
    """Take the files in and start with an empty uploader, which frees their memory there."""
    files = st.session_state.get(f"upload-{session().upload_turn}") or []
    if files:
        take_in([(file.name, file.getvalue()) for file in files])
        session().upload_turn += 1


def _taken() -> None:
    picture = st.session_state.get("camera")
    if picture is not None:
        take_in([("Camera", picture.getvalue())])


def _forget() -> None:
    uploads().clear()
    st.session_state.pop("photo", None)
    session().refused = []


def _data_browser(chosen: str | None) -> None:
    folder = paths.data_folder()
    if folder is None:
        return
    try:
        groups = data_groups(folder)
    except OSError:
        st.warning(
            f"Expected photos in the data folder {escape_markdown(folder.name)}. "
            "Received: a folder that cannot be "
            "read. Change its permissions, or name another in `CONVSCOPE_DATA`.",
            icon=":material/folder_off:",
        )
        return
    if not groups:
        return
    browser = st.expander(
        "Data set",
        icon=":material/photo_library:",
        key="data-open",
        on_change="rerun",
        expanded=chosen is not None and "/" in chosen,
    )
    if browser.open:
        with browser:
            _data_page(folder, groups, chosen)


def _data_page(folder: Path, groups: dict[str, tuple[str, ...]], chosen: str | None) -> None:
    own_group = "" if chosen is None else chosen.rpartition("/")[0]
    start = list(groups).index(own_group) if own_group in groups else 0
    group = st.selectbox("Folder", list(groups), index=start, key="data-group")
    names = groups[group]
    shuffled = np.random.default_rng(session().data_turn)
    picks = shuffled.choice(len(names), min(DATA_PAGE, len(names)), replace=False)
    keys = [f"{group}/{names[index]}" for index in picks]
    if own_group == group and chosen is not None and chosen not in keys:
        keys[-1] = chosen  # what is looked at can be seen in the list
    photos = [data_photo(key) for key in keys]
    _photo_buttons("data-photos", [photo for photo in photos if photo is not None], chosen=chosen)
    st.button("Others", key="data-next", icon=":material/shuffle:", on_click=_turn_data_page, width="stretch")
    st.caption(f"{len(names):,} photos in {escape_markdown(folder.name)}/{escape_markdown(group)}")


def _turn_data_page() -> None:
    session().data_turn += 1


def _device() -> None:
    st.caption(f":material/memory: {device_line()}")


@st.fragment(run_every=LOADING_SECONDS)
def _loading() -> None:
    """Until the framework is loaded, in place of what computes."""
    if framework_ready():
        st.rerun()
    st.caption(":material/hourglass_top: loading TensorFlow")


def _foot() -> None:
    with show_errors():
        _device() if framework_ready() else _loading()
        warning = explorer().warning
        if warning is not None:
            st.warning(warning, icon=":material/save:")
