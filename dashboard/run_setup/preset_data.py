"""The data that a preset is made for, offered while others are chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from cnn_core.datasets.known_sets import known_set
from dashboard.run_setup.data_choice import chosen_origin, use_known_set
from dashboard.run_setup.known_set_choice import chosen_set, made_folder
from dashboard.run_setup.run_picker import go_to

if TYPE_CHECKING:
    from cnn_core.training.settings.presets import Preset


def offer_its_data(preset: Preset) -> None:
    """For a preset that is made for one data set while another one is chosen."""
    if not preset.data or (chosen_origin() == "download" and chosen_set().key == preset.data):
        return
    known = known_set(preset.data)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/dataset: Made for **{known.title}**; other data are chosen.")
        st.button(
            f"Take {known.title}",
            key="take-its-data",
            type="tertiary",
            icon=":material/swap_horiz:",
            on_click=_take_its_data,
            args=(known.key,),
        )


def _take_its_data(key: str) -> None:
    use_known_set(key)
    if not made_folder():
        go_to("data")
