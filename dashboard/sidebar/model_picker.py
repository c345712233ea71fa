"""The picker of the network in the sidebar, with what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.session import address
from dashboard.session.resources import explorer
from dashboard.widgets.errors import told_errors

if TYPE_CHECKING:
    from cnn_core.models.card import ModelCard


def model_picker() -> str | None:
    """Choose a model by its title; None, with the reason told, if there is none."""
    with told_errors():
        cards = {card.key: card for card in explorer().models()}
        if not cards:
            st.error(
                "Expected a model in the folder `models`. Received: none that can be read. "
                "Restore `models/cats_dogs`, or train one.",
                icon=":material/error:",
            )
            return None
        titles = _titles(cards)
        address.restore("model", address.titled(titles), next(iter(cards)))
        key = st.selectbox(
            "Model",
            list(cards),
            format_func=titles.__getitem__,
            key="model",
            help="The trained network that is opened.",
        )
        st.caption(_model_line(cards[key]))
        return str(key)
    return None


def _titles(cards: dict[str, ModelCard]) -> dict[str, str]:
    """A title per model, with its key where two have the same: the picker tells them apart by it."""
    every = [card.title for card in cards.values()]
    return {
        key: card.title if every.count(card.title) == 1 else f"{card.title} ({key})"
        for key, card in cards.items()
    }


def _model_line(card: ModelCard) -> str:
    height, width = card.input_px
    line = f"{_million(card.parameters)} parameters · {height} × {width} px"
    if card.accuracy is None:
        return line
    pictures = card.facts.get("validation", {}).get("pictures")
    held_out = f"{pictures:,} held-out photos" if isinstance(pictures, int) else "held-out photos"
    return f"{line}  \n{100 * card.accuracy:.1f} % right on {held_out}"


def _million(count: int) -> str:
    return f"{count / 1e6:.2f} M" if count >= 1e6 else f"{count / 1e3:.0f} k" if count >= 1e3 else str(count)
