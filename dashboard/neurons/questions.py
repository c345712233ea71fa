"""The channels of a layer by what they tell of the classes, and the three questions about silent ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn_core.neurons.photo_index import ChannelFigures, PhotoIndex
from cnn_core.neurons.selectivity import (
    class_auc,
    class_selectivity,
    fires_for_every_class,
    never_fires,
    silent_classes,
)
from dashboard.widgets.markdown import escape_markdown

if TYPE_CHECKING:
    from cnn_core.probe.layer_info import LayerInfo

MOST_PX, ROW_PX = 320, 35
TABLE = "neuron-table"
COLUMNS = {
    "Channel": "Its number in the layer.",
    "Best class": "The class on whose photos its map is strongest on average.",
    "Selectivity": "(mean for the best class - mean for the others) / their sum, Morcos et al. 2018: 0 where "
    "all classes are alike, 1 where it answers one only. Empty where means are negative.",
    "AUC": "The chance that it is stronger on a photo of its best class than on another: 0.5 tells nothing.",
    "Photos": "On how many photos it is above zero anywhere.",
    "Places": "At how many places of all maps it is above zero.",
    "Mean": "Mean of its maps.",
    "Largest": "Its largest activation.",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayerFindings:
    """What a layer's ``k`` channels tell of the classes of an index.

    Attributes:
        figures: of the channels.
        auc: ``(k, classes)``.
        selectivity: ``(k,)``; NaN where a mean is negative, for which it says nothing.
        best_class: ``(k,)``, index of the class with the largest mean.
    """

    figures: ChannelFigures
    auc: NDArray[np.float64]
    selectivity: NDArray[np.float64]
    best_class: NDArray[np.intp]


def first_choice(infos: Sequence[LayerInfo]) -> str:
    """The layer to start with: the last convolution, or the last layer where there is none."""
    return ([info.name for info in infos if info.convolution] or [infos[-1].name])[-1]


def layer_findings(index: PhotoIndex, layer: str) -> LayerFindings:
    """What is known of a layer."""
    figures = index.channels(layer)
    positive = (figures.class_mean >= 0).all(axis=1)
    return LayerFindings(
        figures=figures,
        auc=class_auc(index.class_histograms(layer)),
        selectivity=np.where(positive, class_selectivity(figures.class_mean), np.nan),
        best_class=figures.class_mean.argmax(axis=1),
    )


def draw_questions(index: PhotoIndex, found: LayerFindings, channel: int) -> None:
    """Which channels never fire, which fire for everything, and for which classes nothing does."""
    never = np.flatnonzero(never_fires(found.figures.images_fire))
    every = np.flatnonzero(fires_for_every_class(found.figures.class_fires))
    silent = [index.classes[place] for place in silent_classes(found.figures.class_fires)]
    first, second, third = st.columns(3, gap="small")
    with first:
        help_ = "On no photo of the data set is the channel above zero. A click opens the next one."
        _step_button(f"{len(never)} never {_fire(len(never))}", never, channel, "never", help_)
    with second:
        help_ = (
            "Above zero on more than half of the photos of each class, so that its firing alone hardly tells "
            "classes apart; how strongly it fires may. A click opens the next one."
        )
        _step_button(f"{len(every)} {_fire(len(every))} for every class", every, channel, "every", help_)
    with third.popover(
        f"{len(silent)} {_classes(len(silent))} without a neuron", width="stretch", disabled=not silent
    ):
        st.markdown("No channel of this layer is above zero on any photo of " + _named(silent) + ".")


def _step_button(label: str, channels: NDArray[np.intp], channel: int, key: str, help_: str) -> None:
    st.button(
        label,
        key=f"neurons-{key}",
        help=help_,
        disabled=not len(channels),
        on_click=_open,
        args=(following(channels, channel),),
        width="stretch",
    )


def following(channels: NDArray[np.intp], channel: int) -> int:
    """The next of ascending channels behind one, after the last the first; the same if there are none."""
    later = channels[channels > channel]
    return int(later[0] if len(later) else channels[0]) if len(channels) else channel


def _open(channel: int) -> None:
    """In a callback."""
    st.session_state["channel"] = channel


def _fire(count: int) -> str:
    return "fires" if count == 1 else "fire"


def _classes(count: int) -> str:
    return "class" if count == 1 else "classes"


def _named(names: Sequence[str]) -> str:
    return ", ".join(escape_markdown(name) for name in names)


def draw_table(index: PhotoIndex, found: LayerFindings) -> None:
    """All channels, the most selective first; a click opens one."""
    order = table_order(found)
    figures = found.figures
    best = found.best_class[order]
    rows = {
        "Channel": order,
        "Best class": [index.classes[place] for place in best],
        "Selectivity": found.selectivity[order],
        "AUC": found.auc[order, best],
        "Photos": 100 * figures.images_fire[order],
        "Places": 100 * figures.positions_fire[order],
        "Mean": figures.mean[order],
        "Largest": figures.maximum[order],
    }
    formats = {"Photos": "%.1f %%", "Places": "%.1f %%", "Selectivity": "%.2f", "AUC": "%.2f"}
    looks = {
        name: st.column_config.TextColumn(name, help=about)
        if name == "Best class"
        else st.column_config.NumberColumn(name, help=about, format=formats.get(name, "%.3g"))
        for name, about in COLUMNS.items()
    }
    st.dataframe(
        rows,
        column_config=looks,
        hide_index=True,
        height=min(MOST_PX, ROW_PX * (len(order) + 1) + 3),
        on_select=lambda: _open_row(order),
        selection_mode="single-row",
        key=TABLE,
    )


def table_order(found: LayerFindings) -> NDArray[np.intp]:
    """Channels, the most selective first, those without a selectivity last."""
    return np.argsort(-np.nan_to_num(found.selectivity, nan=-1.0), kind="stable")


def _open_row(order: NDArray[np.intp]) -> None:
    """In a callback."""
    for row in st.session_state[TABLE]["selection"]["rows"][:1]:
        _open(int(order[row]))
