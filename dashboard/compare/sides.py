"""The two sides of a comparison: what the sidebar shows, and another network or photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cnn_core.activations import ACTIVATIONS
from cnn_core.analysis import Request
from cnn_core.feature_visualization import FILTER_PATTERNS
from cnn_core.models.card import checkpoint_key, run_and_epoch
from cnn_core.prediction import PREDICTION
from cnn_core.snippet import Call
from cnn_core.targets import fitting_layers
from dashboard.session.photos import all_photos
from dashboard.session.resources import explorer
from dashboard.session.view import View
from dashboard.widgets.analysis_view import usual_attribution
from dashboard.widgets.choosers import class_picker, first_choice, layer_slider
from dashboard.widgets.inputs import select

if TYPE_CHECKING:
    from cnn_core.analysis import Analysis
    from cnn_core.probe.layer_info import LayerInfo

NAMES = "A", "B"
SAME = ""
PATTERNS = 8
NETWORK_HELP = "Another network, or another epoch of the same run."
PHOTO_HELP = "The same photo for two networks, or another photo for one network."


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side.

    Attributes:
        name: A or B.
        view: its network and its photo.
        title: of the network.
        layer: whose maps and patterns are shown; None where the network has no convolution.
        head: index of the output that is asked.
        class_index: that the heat map is for.
        method: of the heat map.
    """

    name: str
    view: View
    title: str
    layer: LayerInfo | None
    head: int
    class_index: int
    method: Analysis

    @property
    def class_name(self) -> str:
        """What the heat map is for."""
        return str(explorer().heads(self.view.model_key)[self.head].class_names[self.class_index])

    def calls(self) -> list[Call]:
        """The answer, the heat map and the maps."""
        asked = {
            PREDICTION: self._request(),
            self.method: self._request(head=self.head, class_index=self.class_index),
        }
        if self.layer is not None:
            asked[ACTIVATIONS] = self._request(layer_name=self.layer.name)
        path = self.view.photo.path
        return [Call(analysis=each, request=request, picture=path) for each, request in asked.items()]

    def pattern_call(self, channels: Sequence[int]) -> Call | None:
        """The patterns of some channels, where the layer has any."""
        if self.layer is None:
            return None
        request = Request(model_key=self.view.model_key, layer_name=self.layer.name, channels=tuple(channels))
        return Call(analysis=FILTER_PATTERNS, request=request)

    def _request(self, **about: object) -> Request:
        return Request(model_key=self.view.model_key, image=self.view.photo.image(), **about)  # type: ignore[arg-type]


def choose_sides(view: View) -> tuple[Side, Side]:
    """Draw the pickers: the other network and photo, then layer and class."""
    networks = _networks()
    others = {key: title for key, title in networks.items() if key != view.model_key}
    model_place, photo_place = st.columns(2, gap="large")
    with model_place:
        first = next(iter(others), view.model_key)
        options = {**others, view.model_key: f"{networks.get(view.model_key, view.model_key)} (as A)"}
        model_key = select("Network of B", options, key="b_model", default=first, help=NETWORK_HELP)
    with photo_place:
        photos = all_photos(view.model_key)
        titles = {SAME: f"{view.photo.title} (as A)"} | {
            key: photo.title for key, photo in photos.items() if key != view.photo.key
        }
        chosen = select("Photo of B", titles, key="b_photo", default=SAME, help=PHOTO_HELP)
    other = View(model_key, view.photo if chosen == SAME else photos[chosen])
    layer_place, class_place = st.columns(2, gap="large")
    with layer_place:
        layers = _convolutions(view.model_key)
        layer = layer_slider(layers, first_choice(layers), arrows="plain") if layers else None
    with class_place:
        answers = explorer().predict(view.model_key, view.photo.image()).heads
        head, class_index = class_picker(explorer().heads(view.model_key), [one.best for one in answers])
    title = networks.get(view.model_key, view.model_key)
    mine = Side(
        name=NAMES[0],
        view=view,
        title=title,
        layer=layer,
        head=head,
        class_index=class_index,
        method=usual_attribution(view.model_key, head),
    )
    return mine, _other_side(mine, other, networks.get(model_key, model_key), layers)


def _other_side(mine: Side, view: View, title: str, layers: Sequence[LayerInfo]) -> Side:
    """The same class and the same depth in another network."""
    heads = explorer().heads(view.model_key)
    asked = explorer().heads(mine.view.model_key)[mine.head].name
    head = next((index for index, one in enumerate(heads) if one.name == asked), 0)
    names = heads[head].class_names
    if mine.class_name in names:
        class_index = names.index(mine.class_name)
    else:
        class_index = explorer().predict(view.model_key, view.photo.image()).heads[head].best
    return Side(
        name=NAMES[1],
        view=view,
        title=title,
        layer=same_depth(mine.layer, layers, _convolutions(view.model_key)),
        head=head,
        class_index=class_index,
        method=usual_attribution(view.model_key, head),
    )


def same_depth(
    layer: LayerInfo | None, own: Sequence[LayerInfo], others: Sequence[LayerInfo]
) -> LayerInfo | None:
    """The layer of another network that is as deep: of the same name, else as far from first to last.

    Args:
        layer: one of ``own``.
        own: the convolutions of its network.
        others: those of the other one; None comes back where there is none.
    """
    if layer is None or not others:
        return None
    by_name = {info.name: info for info in others}
    if layer.name in by_name and len(own) == len(others):
        return by_name[layer.name]
    share = own.index(layer) / max(1, len(own) - 1)
    return others[round(share * (len(others) - 1))]


def _convolutions(model_key: str) -> tuple[LayerInfo, ...]:
    outline = explorer().outline(model_key)
    return () if FILTER_PATTERNS.inapplicable(outline, 0) else fitting_layers(FILTER_PATTERNS, outline)


def _networks() -> dict[str, str]:
    """Every network with its title, and the kept epochs of runs."""
    found = {}
    for card in explorer().models():
        run_key, _ = run_and_epoch(card.key)
        found[card.key] = card.title
        for epoch in explorer().checkpoints(run_key):
            when = "before training" if epoch == 0 else f"epoch {epoch}"
            found[checkpoint_key(run_key, epoch)] = f"{card.title}, {when}"
    return found
