"""The layers of a network as a table, one row of which opens the layer elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.session.view import View

if TYPE_CHECKING:
    from cnn_core.probe.architecture import LayerCost
    from cnn_core.probe.layer_info import LayerInfo

ROW_PX, MOST_PX = 35, 640
FORMATS = {"Parameters": "localized", "Multiply-adds": "compact"}
COLUMNS = {
    "Layer": None,
    "Output": "Height × width × channels; ? where the model leaves a side free.",
    "Parameters": "Weights; those of a layer that is called twice are counted once.",
    "Multiply-adds": "Products that are summed up for one photo, in convolutions and dense layers.",
    "Sees": "Receptive field: how much of the photo one unit sees, in pixels.",
    "Stride": "How far apart neighbouring units look, in pixels of the photo.",
    "Takes": "The layers whose results it takes.",
}


def layer_rows(infos: Sequence[LayerInfo], costs: Sequence[LayerCost]) -> dict[str, list[Any]]:
    """The table by column."""
    titles = {info.name: info.title for info in infos}
    rows: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for info, cost in zip(infos, costs, strict=True):
        field = info.receptive_field
        values = (
            info.title,
            " × ".join("?" if side is None else f"{side:,}" for side in info.output_shape),
            cost.parameters,
            cost.multiply_adds,
            "whole photo" if field is None or field.whole else _pair(field.size_px),
            "" if field is None else _pair(field.jump_px),
            ", ".join(titles[name] for name in cost.inputs) or "the photo",
        )
        for column, value in zip(rows.values(), values, strict=True):
            column.append(value)
    return rows


def _pair(sides: Sequence[float]) -> str:
    return " × ".join(f"{side:g}" for side in sides)


def draw_table(view: View, infos: Sequence[LayerInfo], costs: Sequence[LayerCost]) -> None:
    """Draw the table; a click on a row opens the maps of its layer."""
    number = st.column_config.NumberColumn
    looks = {
        name: number(name, help=about, format=FORMATS[name])
        if name in FORMATS
        else st.column_config.TextColumn(name, help=about)
        for name, about in COLUMNS.items()
    }
    chosen = st.dataframe(
        layer_rows(infos, costs),
        column_config=looks,
        hide_index=True,
        height=min(MOST_PX, ROW_PX * (len(infos) + 1) + 3),
        on_select="rerun",
        selection_mode="single-row",
        key="layer-table",
    )
    for row in chosen["selection"]["rows"][:1]:
        if infos[row].output_shape:
            query = {"layer": infos[row].name, "model": view.model_key}
            st.page_link(
                "pages/activations.py",
                label=f"Open the maps of {infos[row].title}",
                icon=":material/arrow_outward:",
                query_params=query,
            )
