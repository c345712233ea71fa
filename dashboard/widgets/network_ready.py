"""What a page shows while a network is opened: the photo, and room for what is to come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from cnn_core.analysis import Analysis
from dashboard.figures.pictures.pictures import jpeg, squared
from dashboard.session.resources import explorer
from dashboard.session.view import View
from dashboard.widgets.analysis_view import request_about

SIDE_PX = 480


@contextmanager
def network_ready(view: View, *, unless_stored: Sequence[Analysis] | None = None) -> Iterator[None]:
    """Open the network of a page, with a skeleton on the page until the block that first asks it is over.

    Args:
        view: the network and the photo.
        unless_stored: what the page can be drawn from without the network, where it is stored; None for a
            page that always computes.
    """
    key = view.model_key
    if explorer().is_open(key) or (
        unless_stored is not None and explorer().stored(unless_stored, request_about(view))
    ):
        yield
        return
    place = st.empty()
    with place.container():
        _draw_skeleton(view)
    try:
        explorer().model(key)
        yield
    finally:
        place.empty()


def _draw_skeleton(view: View) -> None:
    photo, middle, right = st.columns([1, 1, 1.08], gap="large")
    with photo:
        pixels = view.photo.image().pixels
        st.image(jpeg(squared(pixels, SIDE_PX)), width="stretch", alt=f"The photo: {view.photo.title}")
    middle.html('<div class="room picture"></div>')
    right.html('<div class="room line"></div>' * 3)
    right.caption("The network is being opened …")
