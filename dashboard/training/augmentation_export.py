"""The variants of a photo to take away: as a picture, as arrays and as code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dashboard.figures.files.page_png import arrays_npz, view_png
from dashboard.figures.pictures.pattern_grid import row_pixels
from dashboard.widgets.export_bar import export_row, file_name

if TYPE_CHECKING:
    from cnn_core.training.settings.config import Augmentation
    from dashboard.figures.colours import UInt8
    from dashboard.session.photos import Photo

COLUMNS = 3


def draw_exports(
    photo: Photo, params: Augmentation, pictures: Sequence[UInt8], *, seed: int, kept_px: int, words: str
) -> None:
    """PNG of the original and its variants, NPZ of their pixels, and the code.

    Args:
        photo: that is changed.
        params: how much.
        pictures: the original, then its variants, ``(side_px, side_px, 3)``.
        seed: of the variants.
        kept_px: side of the square that the variants are cut from.
        words: what the augmentation does.
    """
    export_row(
        file_name(photo.title, "augmented", seed),
        key="augmentation-export",
        png=lambda: view_png(
            row_pixels(pictures, COLUMNS),
            title=f"{photo.title}, augmented",
            note=f"The original, then {len(pictures) - 1} variants: {words}.",
        ),
        npz=lambda: arrays_npz(original=pictures[0], variants=np.stack(pictures[1:])),
        code=augmentation_code(
            photo, params, count=len(pictures) - 1, seed=seed, side_px=pictures[0].shape[0], kept_px=kept_px
        ),
    )


def augmentation_code(
    photo: Photo, params: Augmentation, *, count: int, seed: int, side_px: int, kept_px: int
) -> str:
    """Python that makes the same variants with ``cnn_core`` alone."""
    own = "" if photo.shareable else "  # the photo is yours: put the path of its file here"
    return (
        "import numpy as np\n\n"
        "from cnn_core import open_image\n"
        "from cnn_core.images.decode import resize_pixels\n"
        "from cnn_core.training.input.augmentation import augmented\n"
        "from cnn_core.training.settings.config import Augmentation\n\n"
        f"image = open_image({photo.path!r}){own}\n"
        f"pixels = resize_pixels(image.pixels, ({kept_px}, {kept_px}))\n"
        f"params = {params!r}\n"
        "variants = [\n"
        f"    augmented(pixels, params, np.random.default_rng(({seed}, number)), {side_px})\n"
        f"    for number in range({count})\n"
        "]\n"
        "print([variant.mean().round(2) for variant in variants])\n"
    )
