"""What presets are made for: their documents, their data, and whether the chosen data suit them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from cnn_core.datasets.factors import factors_of
from cnn_core.datasets.known_sets import known_set
from dashboard.run_setup.data_choice import chosen_origin, use_known_set
from dashboard.run_setup.known_set_choice import chosen_set, made_folder
from dashboard.run_setup.run_picker import go_to

if TYPE_CHECKING:
    from cnn_core.training.settings.presets import Preset


DOCUMENTS = {
    "lecture": "The lecture: 0.94 on training, 0.73 on validation photos after 15 epochs without dropout "
    "and augmentation, 0.64 and 0.63 with them.",
    "article": "The article: 0.73 on validation photos without augmentation, 0.81 with it.",
    "report": "The report: 0.75 on validation photos, lowest loss near epoch 14, without dropout and "
    "augmentation; with both, training follows validation.",
}


def suits(preset: Preset, classes: Sequence[str]) -> bool:
    """Whether a preset can be trained on these classes; the reason is drawn where it cannot."""
    if not preset.several_heads or factors_of(classes) is not None:
        return True
    st.warning(
        "This preset trains an answer to each of several questions, which the names of the class folders "
        "tell: length=15px,colour=red. Take its own data, or another preset.",
        icon=":material/warning:",
    )
    return False


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
