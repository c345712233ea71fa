"""The network as a graph whose blocks open and close; a click on a layer opens its maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from cnn_core.probe.blocks import Box, all_blocks, block_paths, boxes, columns
from dashboard.figures.charts.network_graph import GraphBox, network_graph_figure
from dashboard.figures.theme import theme_of
from dashboard.session.state import session
from dashboard.session.view import View
from dashboard.widgets.chart import chart
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.picture_grid import clicked_name

if TYPE_CHECKING:
    from cnn_core.probe.architecture import LayerCost
    from cnn_core.probe.blocks import Path
    from cnn_core.probe.layer_info import LayerInfo

KEY, OPENED = "network-graph", "graph-open"
WITHIN = " / "
HELP = (
    "Layers that belong together, by the sizes of their maps and by their names. A click on a closed one in "
    "the graph opens it too."
)


def draw_graph(view: View, infos: Sequence[LayerInfo], costs: Sequence[LayerCost]) -> None:
    """Choose the open blocks, see the network, click a block to open it and a layer to see its maps."""
    paths = block_paths(infos)
    opened = _choose_opened(view.model_key, paths)
    places = {cost.name: index for index, cost in enumerate(costs)}
    inputs = [[places[name] for name in cost.inputs] for cost in costs]
    found = boxes(paths, inputs, opened)
    drawn = graph_boxes(found, infos, costs)
    chart(
        network_graph_figure(drawn, theme_of(st.context.theme.type)),
        key=KEY,
        name="network",
        alt=f"The network from top to bottom: {', '.join(box.title for box in drawn[:40])}",
        on_select=lambda: _clicked(view.model_key, found, infos),
    )
    st.caption("Click a layer to see its maps. Lines around a box carry results past it.")


def open_clicked_layer(view: View) -> None:
    """Go to the maps of a layer that was clicked."""
    held = session()
    layer, held.clicked_layer = held.clicked_layer, None
    if layer is not None:
        st.switch_page("pages/activations.py", query_params={"layer": layer, "model": view.model_key})


def graph_boxes(
    found: Sequence[Box], infos: Sequence[LayerInfo], costs: Sequence[LayerCost]
) -> list[GraphBox]:
    """What is drawn of each box: its title, its shape and what it costs."""
    places = columns(found)
    drawn = []
    for index, box in enumerate(found):
        last = infos[box.layers[-1]]
        parameters = sum(costs[layer].parameters for layer in box.layers)
        shape = " × ".join("?" if side is None else f"{side:,}" for side in last.output_shape)
        title = f"▸ {box.path[-1]} · {len(box.layers)} layers" if box.closed else f"{last.title}   {shape}"
        drawn.append(
            GraphBox(
                title=title,
                about=f"<b>{last.title if not box.closed else WITHIN.join(box.path)}</b><br>{shape}<br>"
                f"{parameters:,} parameters",
                closed=box.closed,
                strong=last.convolution,
                inputs=box.inputs,
                depth=box.depth,
                column=places[index],
            )
        )
    return drawn


def _choose_opened(model_key: str, paths: Sequence[Path]) -> set[Path]:
    """The blocks that are open; those inside a closed one are not offered."""
    held = session().opened_blocks.setdefault(model_key, set())
    every = all_blocks(paths)
    shown = [path for path in every if all(path[:end] in held for end in range(1, len(path)))]
    if not shown:
        return set()
    titles = {
        index: escape_markdown(f"{WITHIN.join(path)} ({every[path]})") for index, path in enumerate(shown)
    }
    key = f"{OPENED}-{model_key}-{len(shown)}"
    st.session_state[key] = [index for index, path in enumerate(shown) if path in held]
    chosen = st.pills(
        "Open blocks",
        list(titles),
        selection_mode="multi",
        format_func=titles.__getitem__,
        key=key,
        help=HELP,
        on_change=_keep_opened,
        args=(model_key, key, tuple(shown)),
    )
    return {shown[index] for index in chosen} | (held - set(shown))


def _keep_opened(model_key: str, key: str, shown: Sequence[Path]) -> None:
    chosen = {shown[index] for index in st.session_state[key]}
    session().opened_blocks[model_key] = chosen | (session().opened_blocks[model_key] - set(shown))


def _clicked(model_key: str, found: Sequence[Box], infos: Sequence[LayerInfo]) -> None:
    """Open a block, or remember a layer whose maps are to be seen; in a callback."""
    place = clicked_name(KEY)
    if place is None or place >= len(found):
        return
    box, held = found[place], session()
    if box.closed:
        held.opened_blocks[model_key].add(box.path)
    elif infos[box.layers[0]].output_shape:
        held.clicked_layer = infos[box.layers[0]].name
