"""The raw kernels of the first convolution, which can be looked at as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard.figures.colours import short
from dashboard.figures.files.page_png import arrays_npz, view_png
from dashboard.figures.pictures.channel_grid import grid_aspect
from dashboard.figures.pictures.pattern_grid import (
    kernel_grid_figure,
    kernel_pixels,
    mosaic_pixels,
    picture_tiling,
)
from dashboard.session.resources import explorer
from dashboard.widgets.choosers import box
from dashboard.widgets.export_bar import export_row, file_name, snippet_start
from dashboard.widgets.picture_grid import framed_chart
from dashboard.widgets.style import theme

if TYPE_CHECKING:
    from dashboard.session.view import View


def draw_kernels(view: View) -> None:
    """The kernels of the first convolution, in a box that opens."""
    kernels = box("The raw kernels of the first convolution", key="kernels-open", icon=":material/blur_on:")
    if kernels.open:
        with kernels:
            draw_kernel_grid(view)


def draw_kernel_grid(view: View) -> None:
    """All kernels of the first convolution as one picture, and their exports."""
    kernels = explorer().first_layer_kernels(view.model_key)
    figure, tiles = kernel_grid_figure(kernels, selected=None, theme=theme())
    framed_chart(
        figure,
        key="kernels",
        aspect=grid_aspect(tiles),
        alt=f"The {tiles.count} kernels of the first convolution",
        max_width_px=900,
    )
    st.caption(
        "Only the first convolution works on colours, so only its weights can be seen directly. "
        "Grey is 0; each kernel is stretched to its own range."
    )
    _export_kernels(view, kernels)


def _export_kernels(view: View, kernels: np.ndarray) -> None:
    def grid_png() -> bytes:
        tiles = picture_tiling(len(kernels), kernels.shape[1:3], whole=True)
        return view_png(
            mosaic_pixels(kernel_pixels(kernels), tiles),
            title=f"The {len(kernels)} kernels of the first convolution",
            note=f"Grey is 0, own range each; all weights {short(float(kernels.min()))} to "
            f"{short(float(kernels.max()))}.",
        )

    export_row(
        file_name(view.model_key, "kernels"),
        key="kernels-export",
        png=grid_png,
        npz=lambda: arrays_npz(kernels=kernels),
        code=snippet_start(view.model_key, view.photo) + "\nkernels = explorer.first_layer_kernels(model)\n"
        "print(kernels.shape, kernels.min(), kernels.max())",
    )
