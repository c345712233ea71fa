"""The raw kernels of the first convolution, which can be looked at as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.figures.colours import Float, short
from dashboard.figures.pictures.pattern_grid import kernel_grid_figure, kernels_mosaic
from dashboard.session.resources import explorer
from dashboard.widgets.export_bar import Export, export_bar, file_name
from dashboard.widgets.inputs import box
from dashboard.widgets.picture_grid import picture_grid
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
    alt = f"The {tiles.count} kernels of the first convolution"
    picture_grid(figure, tiles, key="kernels", alt=alt, max_width_px=900)
    st.caption(
        "Only the first convolution works on colours, so only its weights can be seen directly. "
        "Grey is 0; each kernel is stretched to its own range."
    )
    export_bar(export(view, kernels), key="kernels-export")


def export(view: View, kernels: Float) -> Export:
    """All kernels as they are drawn, with their weights."""
    return Export(
        name=file_name(view.model_key, "kernels"),
        title=f"The {len(kernels)} kernels of the first convolution",
        note=f"Grey is 0, own range each; all weights {short(float(kernels.min()))} to "
        f"{short(float(kernels.max()))}.",
        image=lambda: kernels_mosaic(kernels),
        arrays=lambda: {"kernels": kernels},
        code="from cnn_core import open_explorer\n\n"
        f"kernels = open_explorer().first_layer_kernels({view.model_key!r})\n"
        "print(kernels.shape, kernels.min(), kernels.max())",
        drawing="from dashboard.figures.pictures.pattern_grid import kernels_mosaic\n"
        "picture = kernels_mosaic(kernels)",
    )
