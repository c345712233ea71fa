"""The picker of the network in the sidebar, with the epoch of a trained run and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cnn_core.models.card import checkpoint_key, run_and_epoch
from dashboard.session import address
from dashboard.session.resources import explorer
from dashboard.session.state import session
from dashboard.sidebar.model_upload import is_hidden
from dashboard.widgets.errors import show_errors
from dashboard.widgets.markdown import escape_markdown

if TYPE_CHECKING:
    from cnn_core.models.card import ModelCard

EPOCH = "model_epoch"  # key of the slider; the address has the epoch in the key of the model
MOST_TOLD = 20  # models that are left out
EPOCH_HELP = (
    "An epoch is one pass over all training photos. Every page shows the network as it was then; the last "
    "place is the network that the run has saved."
)


def model_picker() -> str | None:
    """Choose a model by its title, and the epoch of a run; None, with the reason told, if there is none."""
    with show_errors():
        new, session().new_model = session().new_model, None
        if new is not None:
            choose_model(new)
        cards = {run_and_epoch(card.key)[0]: card for card in explorer().models() if not is_hidden(card.key)}
        left_out = {
            key: reason for key, reason in explorer().unreadable_models().items() if not is_hidden(key)
        }
        if not cards:
            _tell_left_out(left_out)
            st.error(
                "Expected a model in the folder `models`. Received: none that can be read. "
                "Restore `models/cats_dogs`, or train one.",
                icon=":material/error:",
            )
            return None
        titles = _titles(cards)
        address.restore("model", _run_of(titles), next(iter(cards)))
        chosen = st.selectbox(
            "Model",
            list(cards),
            format_func=titles.__getitem__,
            key="model",
            help="The trained network that is opened.",
        )
        key = _epoch_slider(chosen, cards[chosen])
        st.caption(_model_line(explorer().card(key)))
        _tell_left_out(left_out)
        return key
    return None


def _tell_left_out(reasons: Mapping[str, str]) -> None:
    """Which models are not in the list, and why."""
    if reasons:
        count = "1 model is" if len(reasons) == 1 else f"{len(reasons)} models are"
        with st.expander(f"{count} left out", icon=":material/error:"):
            for key, reason in list(reasons.items())[:MOST_TOLD]:
                st.markdown(f"**{escape_markdown(key)}**: {escape_markdown(reason, longest=None)}")


def choose_model(key: str) -> None:
    """Choose a model, or an epoch of one, in a callback."""
    address.keep({"model": key})
    st.session_state["model"] = run_and_epoch(key)[0]


def _epoch_slider(run_key: str, card: ModelCard) -> str:
    """The key of the chosen epoch; of the model itself where there is nothing to choose."""
    keys = [checkpoint_key(run_key, epoch) for epoch in explorer().checkpoints(run_key)]
    keys += [card.key] if card.key not in keys else []
    parse = address.name_in(keys)
    # The key of the model in the address has both; what the selectbox holds has no epoch.
    chosen = str(address.current("model", parse, keys[-1], held=False))
    if len(keys) > 1:
        address.put(EPOCH, parse, chosen)
        st.select_slider(
            "Epoch", keys, key=EPOCH, format_func=_epoch_title, on_change=_choose_epoch, help=EPOCH_HELP
        )
    return chosen


def _choose_epoch() -> None:
    choose_model(st.session_state[EPOCH])


def _epoch_title(key: str) -> str:
    _, epoch = run_and_epoch(key)
    return "saved network" if epoch is None else "before training" if epoch == "0" else f"epoch {epoch}"


@dataclass(frozen=True, slots=True)
class _run_of:
    """A parser for the keys of models, with or without an epoch: gives the one without."""

    titles: Mapping[str, str]

    def __call__(self, text: str) -> str | None:
        run_key, _ = run_and_epoch(text)
        return run_key if run_key in self.titles else None


def _titles(cards: dict[str, ModelCard]) -> dict[str, str]:
    """A title per model, with its key where two have the same: the picker tells them apart by it."""
    every = [card.title for card in cards.values()]
    return {
        key: card.title if every.count(card.title) == 1 else f"{card.title} ({key})"
        for key, card in cards.items()
    }


def _model_line(card: ModelCard) -> str:
    height, width = card.input_px
    line = f"{height} × {width} px"
    if card.parameters is not None:
        line = f"{_million(card.parameters)} parameters · {line}"
    if card.accuracy is None:
        return line
    pictures = card.metadata.get("validation", {}).get("pictures")
    held_out = f"{pictures:,} held-out photos" if isinstance(pictures, int) else "held-out photos"
    return f"{line}  \n{100 * card.accuracy:.1f} % right on {held_out}"


def _million(count: int) -> str:
    return f"{count / 1e6:.2f} M" if count >= 1e6 else f"{count / 1e3:.0f} k" if count >= 1e3 else str(count)
