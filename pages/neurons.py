"""Neurons: what makes each one fire, over a whole data set."""

from __future__ import annotations

import streamlit as st

from dashboard.neurons import one_channel, questions
from dashboard.neurons.chosen_index import choose_index
from dashboard.session.resources import explorer
from dashboard.session.view import View
from dashboard.sidebar.frame import chosen
from dashboard.widgets.choosers import channel_slider, layer_slider
from dashboard.widgets.network_ready import network_ready
from dashboard.widgets.page_fragment import page_fragment


@page_fragment
def body(view: View) -> None:
    """Choose a data set, a layer and a channel; see what makes the channel fire."""
    with network_ready(view):
        infos = explorer().layers(view.model_key)
    index = choose_index(view.model_key)
    if index is None:
        return
    counts = {layer.name: layer.channels for layer in index.layers}
    indexed = [info for info in infos if info.name in counts]
    layer_place, channel_place = st.columns(2, gap="medium")
    with layer_place:
        info = layer_slider(indexed, questions.first_choice(indexed), arrows="shift")
    with channel_place:
        channel = channel_slider(counts[info.name])
    found = questions.layer_findings(index, info.name)
    questions.draw_questions(index, found, channel)
    one_channel.draw_heading(found, info, channel)
    patches, beside = st.columns([1.72, 1], gap="large")
    with patches:
        one_channel.draw_patches(view, index, info, channel)
    with beside:
        one_channel.draw_classes(index, found, channel)
        one_channel.draw_on_photo(view, info, channel)
    st.markdown("**All channels of the layer**, the most selective first; click one to open it")
    questions.draw_table(index, found)


st.title("Neurons")
body(chosen(__file__))
