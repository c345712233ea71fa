"""Which network is evaluated: the one in the sidebar, or that of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.evaluation.evaluated_set import Network
from dashboard.run_setup.run_picker import choose_run
from dashboard.session import address
from dashboard.session.resources import explorer
from dashboard.widgets.inputs import choice
from dashboard.widgets.markdown import escape_markdown

if TYPE_CHECKING:
    from cnn_core.runs.run_view import RunView

NETWORKS = {"sidebar": "The one in the sidebar", "run": "A run"}
NETWORK_HELP = "Any network, or an epoch of a run, is chosen in the sidebar; all runs are listed here."


def choose_network(model_key: str | None, known: Sequence[RunView]) -> Network | None:
    """The network to evaluate; where there is none, what to do.

    A run that was looked at is looked at here too, until the other network is chosen.

    Args:
        model_key: of the model in the sidebar, None where there is none.
        known: all runs, newest first.
    """
    if model_key is None:
        return _network_of_run(known)
    if not known:
        return _in_sidebar(model_key, known)
    looked_at = address.current("run", address.name_in([run.key for run in known]), None)
    source_place, detail = st.columns([1, 2.4], gap="large", vertical_alignment="bottom")
    with source_place:
        start = "sidebar" if looked_at is None else "run"
        source = choice("Network", NETWORKS, key="eval_of", default=start, help=NETWORK_HELP)
    with detail:
        return _network_of_run(known) if source == "run" else _in_sidebar(model_key, known)


def network_of_run(run: RunView) -> Network:
    """The network of a run, which may not be there yet."""
    return Network(key=run.key, title=run.title, model_key=run.model_key, run=run)


def _network_of_run(known: Sequence[RunView]) -> Network | None:
    run = choose_run(known)
    return None if run is None else network_of_run(run)


def _in_sidebar(model_key: str, known: Sequence[RunView]) -> Network:
    card = explorer().card(model_key)
    title = card.title if card.epoch is None else f"{card.title}, epoch {card.epoch}"
    st.markdown(f"**{escape_markdown(title)}**")
    run = next((run for run in known if run.model_key == model_key), None)
    return Network(key=model_key, title=title, model_key=model_key, run=run)
