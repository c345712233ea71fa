"""Headings that several pages share."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from cnn_core.probe.layer_info import LayerInfo


def channel_heading(channel: int, info: LayerInfo, figures: str) -> None:
    """Which channel of which layer is opened, with its figures; names are shown as they are."""
    st.html(
        f"<div><b>Channel {channel}</b> of {html.escape(info.title)} "
        f"<span class='own-name'>{html.escape(info.name)}</span><br>"
        f"<span style='opacity:.72;font-size:.88rem'>{html.escape(figures)}</span></div>"
    )
