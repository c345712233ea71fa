"""Architecture: the layers of a network, where its weights and its work lie, and the network to take away."""

from __future__ import annotations

import streamlit as st

from dashboard.architecture.graph import draw_graph, open_clicked_layer
from dashboard.architecture.layer_table import draw_table
from dashboard.architecture.summary import block_shares, draw_downloads, totals_sentence
from dashboard.figures.charts.shares import shares_figure
from dashboard.figures.theme import theme_of
from dashboard.session.resources import explorer
from dashboard.session.view import View
from dashboard.sidebar.frame import chosen
from dashboard.widgets.chart import chart
from dashboard.widgets.inputs import tabs
from dashboard.widgets.network_ready import network_ready
from dashboard.widgets.page_fragment import page_fragment


@page_fragment
def body(view: View) -> None:
    """The figures of the whole, the table of the layers, the shares of the blocks."""
    open_clicked_layer(view)
    with network_ready(view):
        costs = explorer().costs(view.model_key)
        infos = explorer().outline(view.model_key).layers
    st.markdown(totals_sentence(infos, costs, explorer().card(view.model_key).input_px))
    left, shares = st.columns([2.6, 1], gap="large")
    with left:
        shown = tabs({"table": "Table", "graph": "Graph"}, key="shown")
        if shown["table"].open:
            with shown["table"]:
                draw_table(view, infos, costs)
        if shown["graph"].open:
            with shown["graph"]:
                draw_graph(view, infos, costs)
    with shares:
        chart(
            shares_figure(block_shares(infos, costs), theme_of(st.context.theme.type)),
            key="shares",
            name="shares",
            alt="The share of each block in the parameters and in the multiply-adds of the network",
        )
        draw_downloads(view.model_key)


st.title("Architecture")
body(chosen(__file__))
