"""The first convolution of each block: its liveliest maps of the photo (as in row B8 of the assignment)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core.activations import ACTIVATIONS
from cnn_core.results import LayerActivations
from cnn_core.snippet import Call, snippet
from dashboard.figures.pictures.strip import square_pixels
from dashboard.widgets.analysis_view import request_about, row_of_results
from dashboard.widgets.block_rows import PER_BLOCK, PICTURE_PX, blocks_of, draw_block_rows, grid_pixels
from dashboard.widgets.export_bar import Export, export_bar, file_name, own_photo_note

if TYPE_CHECKING:
    from cnn_core.probe.layer_info import LayerInfo
    from dashboard.session.view import View


def draw_block_maps(view: View, infos: Sequence[LayerInfo]) -> None:
    """Eight maps of the first convolution of each block."""
    firsts = [block[0] for block in blocks_of([info for info in infos if info.convolution])]
    if not firsts:
        st.info("This network has no convolution.", icon=":material/info:")
        return
    calls = [
        Call(analysis=ACTIVATIONS, request=request_about(view, layer_name=info.name), picture=view.photo.path)
        for info in firsts
    ]
    found = row_of_results(calls, slot="blocks", doing="Computing the maps of each block")
    if found is None:
        return
    chosen = {info: liveliest(layer) for info, layer in zip(firsts, found, strict=True)}
    rows = {
        info: [square_pixels(layer.maps[..., k], PICTURE_PX) for k in chosen[info]]
        for info, layer in zip(firsts, found, strict=True)
    }
    draw_block_rows(
        view,
        rows,
        "pages/activations.py",
        lambda info: f"The liveliest channels, {', '.join(map(str, chosen[info]))}, each on its own scale.",
    )
    export_bar(
        Export(
            name=file_name(view.model_key, view.photo.title, "blocks"),
            title="The first convolution of each block",
            note=f"{view.photo.title}: {PER_BLOCK} maps of each, own scale each.",
            image=lambda: grid_pixels(rows),
            arrays=lambda: {
                info.name.replace("/", "_"): layer.maps[..., chosen[info]]
                for info, layer in zip(firsts, found, strict=True)
            },
            code=snippet(calls, note=own_photo_note(view.photo))
            + "for result in results:\n    print(result.layer_name, result.maps.shape)\n",
            drawing="from dashboard.activations.block_maps import liveliest\n"
            "from dashboard.figures.pictures.strip import square_pixels\n"
            "from dashboard.widgets.block_rows import grid_pixels\n"
            "rows = {\n"
            "    one.layer_name: [square_pixels(one.maps[..., k], "
            f"{PICTURE_PX}) for k in liveliest(one)]\n"
            "    for one in results\n"
            "}\n"
            "picture = grid_pixels(rows)\n",
        ),
        key="blocks-export",
    )


def liveliest(layer: LayerActivations) -> list[int]:
    """The channels whose maps vary most over the photo, the liveliest first."""
    spread = layer.maps.std(axis=(0, 1))
    return [int(channel) for channel in np.argsort(-spread, kind="stable")[:PER_BLOCK]]
