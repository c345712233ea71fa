"""The section Augmentation: five variants of one photo, made by the code that trains; also to take away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core.images.decode import RgbImage, resize_pixels
from cnn_core.training.input.augmentation import augmented
from cnn_core.training.input.pipeline import kept_size_px
from cnn_core.training.settings.config import Augmentation
from cnn_core.training.settings.presets import PRESETS
from dashboard.figures.colours import UInt8
from dashboard.figures.pictures.pattern_grid import row_pixels
from dashboard.figures.pictures.pictures import jpeg
from dashboard.run_setup.settings_choice import (
    augmentation_form,
    chosen_augmentation,
    chosen_preset,
    in_words,
)
from dashboard.widgets.export_bar import Export, export_bar, file_name, own_photo_note
from dashboard.widgets.form import SettingsForm
from dashboard.widgets.gallery import Captioned, pictures_html
from dashboard.widgets.inputs import select, shuffle_button
from dashboard.widgets.markdown import escape_markdown

if TYPE_CHECKING:
    from dashboard.session.photos import Photo
    from dashboard.session.view import View

VARIANTS, COLUMNS = 5, 3
MAIN = ("flip", "rotation_degrees", "zoom", "shift_fraction", "brightness", "contrast")
_FIRST_STEPS = {
    "flip": ("Only flip", Augmentation(flip=True)),
    "rotation": ("Only rotation, up to 45°", Augmentation(rotation_degrees=45.0)),
    "zoom": ("Only zoom, up to 0.5", Augmentation(zoom=0.5)),
    "together": (
        "All together",
        Augmentation(flip=True, rotation_degrees=45.0, zoom=0.5, shift_fraction=0.15),
    ),
    "none": ("Nothing", Augmentation()),
}
STARTS = {
    **_FIRST_STEPS,
    **{
        preset.key: (f"Preset: {preset.title}", preset.config.augmentation)
        for preset in PRESETS
        if preset.config.augmentation != Augmentation()
    },
}
AS_SET = "settings"
NEVER = (
    "Every time a training picture is shown, it is changed by chance within these limits, so that the "
    "network never sees the same picture twice. **Validation and test pictures are never augmented**: "
    "they stand for the photos of later."
)


def draw_augmentation(view: View | None) -> None:
    """The sliders, and beside them the photo with five variants."""
    controls, pictures = st.columns([1, 2.1], gap="large")
    with controls:
        start = _start()
        form = SettingsForm(chosen_augmentation() if start == AS_SET else STARTS[start][1], "try_")
        chosen = _sliders(form)
    with pictures:
        shown = st.container()
        seed = _draw_buttons(chosen, others=view is not None)
        st.caption(NEVER)
    with shown:
        if view is None:
            st.info("Add a photo in the sidebar to see what happens to it.", icon=":material/add_a_photo:")
        else:
            _draw_variants(view, chosen, seed)


def _start() -> str:
    titles = {AS_SET: "As set for training", **{key: title for key, (title, _) in STARTS.items()}}
    changes_nothing = chosen_augmentation() == Augmentation()  # six equal pictures would show nothing
    return select(
        "Start from",
        titles,
        key="start",
        default="together" if changes_nothing else AS_SET,
        on_change=_start_anew,
        help="Sets all sliders; then move them as you like.",
    )


def _start_anew() -> None:
    SettingsForm(Augmentation(), "try_").reset()


def _sliders(form: SettingsForm) -> Augmentation:
    values = {name: form.widget(name, slider=True) for name in MAIN}
    with st.expander("More", icon=":material/tune:"):
        values |= {name: form.widget(name, slider=True) for name in form.names() if name not in MAIN}
    return Augmentation(**values)


def _draw_variants(view: View, chosen: Augmentation, seed: int) -> None:
    config = chosen_preset().config
    side_px = config.size_at(config.epochs - 1)
    image = view.photo.image()
    pixels = _resized(image.fingerprint, kept_size_px(side_px, chosen), image)
    original = augmented(pixels, Augmentation(), np.random.default_rng(0), side_px)
    changed = variants(pixels, chosen, seed=seed, side_px=side_px)
    pictures = [Captioned(jpeg=jpeg(original), alt=f"The photo: {view.photo.title}", caption="Original")]
    for number, variant in enumerate(changed, start=1):
        pictures.append(Captioned(jpeg=jpeg(variant), alt=f"Variant {number}", caption=f"Variant {number}"))
    st.html(pictures_html(pictures, columns=COLUMNS))
    st.caption(
        f"{escape_markdown(view.photo.title)}, {side_px} × {side_px} px, as in the last epochs of training. "
        "Choose another photo in the sidebar."
    )
    export = augmentation_export(view.photo, chosen, [original, *changed], seed=seed, kept_px=pixels.shape[0])
    export_bar(export, "augmentation-export")


def augmentation_export(
    photo: Photo, params: Augmentation, pictures: Sequence[UInt8], *, seed: int, kept_px: int
) -> Export:
    """The original and its variants.

    Args:
        photo: that is changed.
        params: how much.
        pictures: the original, then its variants, ``(side_px, side_px, 3)``.
        seed: of the variants.
        kept_px: side of the square that the variants are cut from.
    """
    own = own_photo_note(photo)
    return Export(
        name=file_name(photo.title, "augmented", seed),
        title=f"{photo.title}, augmented",
        note=f"The original, then {len(pictures) - 1} variants: {in_words(params)}.",
        image=lambda: row_pixels(pictures, COLUMNS),
        arrays=lambda: {"original": pictures[0], "variants": np.stack(pictures[1:])},
        code="import numpy as np\n\n"
        "from cnn_core import open_image\n"
        "from cnn_core.images.decode import resize_pixels\n"
        "from cnn_core.training.input.augmentation import augmented\n"
        "from cnn_core.training.settings.config import Augmentation\n\n"
        f"image = open_image({photo.path!r}){f'  # {own}' if own else ''}\n"
        f"pixels = resize_pixels(image.pixels, ({kept_px}, {kept_px}))\n"
        f"params = {params!r}\n"
        "variants = [\n"
        f"    augmented(pixels, params, np.random.default_rng(({seed}, number)), {pictures[0].shape[0]})\n"
        f"    for number in range({len(pictures) - 1})\n"
        "]\n"
        "print([variant.mean().round(2) for variant in variants])\n",
        drawing="from dashboard.figures.pictures.pattern_grid import row_pixels\n"
        f"original = augmented(pixels, Augmentation(), np.random.default_rng(0), {pictures[0].shape[0]})\n"
        f"picture = row_pixels([original, *variants], {COLUMNS})\n",
    )


def variants(pixels: UInt8, params: Augmentation, *, seed: int, side_px: int) -> list[UInt8]:
    """Five variants ``(side_px, side_px, 3)`` of a picture ``(H, W, 3)``; the same seed gives the same."""
    return [
        augmented(pixels, params, np.random.default_rng((seed, number)), side_px)
        for number in range(VARIANTS)
    ]


@st.cache_resource(show_spinner=False, max_entries=16)
def _resized(fingerprint: str, side_px: int, _image: RgbImage) -> UInt8:
    return resize_pixels(_image.pixels, (side_px, side_px))


def _draw_buttons(chosen: Augmentation, *, others: bool) -> int:
    """The buttons below the variants; gives the seed of these."""
    used = chosen_augmentation()
    with st.container(horizontal=True):
        seed = shuffle_button("Others", key="variants") if others else 0
        st.button(
            "Use these for training",
            key="use-augmentation",
            icon=":material/check:",
            type="primary",
            disabled=used == chosen,
            on_click=_use,
            args=(chosen,),
        )
    words = "just these" if used == chosen else in_words(used)
    st.markdown(f"Training of **{escape_markdown(chosen_preset().title)}** uses {words}.")
    return seed


def _use(chosen: Augmentation) -> None:
    form = augmentation_form(chosen_preset())
    form.put({name: getattr(chosen, name) for name in form.names()})
