"""The pictures of a film: one epoch large, and all epochs as a strip."""

from __future__ import annotations

import functools
import html
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.figures.colours import Float, percent, short
from dashboard.figures.film_strip import (
    film_grid_figure,
    film_strip_figure,
    film_strip_webp,
    grid_tiling,
    strip_tiling,
)
from dashboard.figures.pictures.channel_grid import grid_aspect
from dashboard.figures.pictures.pictures import jpeg
from dashboard.figures.pictures.scale_bar import scale_bar_html
from dashboard.figures.pictures.strip import square_pixels
from dashboard.over_the_epochs.film_view import SHOWN_PX
from dashboard.over_the_epochs.film_words import is_plain, plain_words
from dashboard.widgets.markdown import literal
from dashboard.widgets.picture_grid import clicked_name, framed_chart
from dashboard.widgets.run_words import share_text
from dashboard.widgets.sentences import arithmetic, balance
from dashboard.widgets.style import theme

if TYPE_CHECKING:
    from dashboard.over_the_epochs.film_job import Reel
    from dashboard.over_the_epochs.film_view import FilmView

REMEMBERED_STRIPS = 16  # about 200 kB each
LABELS_WITH_ACCURACY = 12  # more columns leave no room for it


def draw_now(film: FilmView, *, whole: bool) -> None:
    """The chosen epoch: pattern, maps and heat map side by side, each scale over all epochs."""
    pattern, maps, evidence = st.columns([1, 1.7, 1] if whole else 3, gap="large")
    with pattern:
        _draw_pattern(film)
    with maps:
        if whole:
            _draw_layer(film)
        else:
            _draw_map(film)
    with evidence:
        _draw_evidence(film)


def _draw_pattern(film: FilmView) -> None:
    channel, reel = film.question.channel, film.reel
    _heading("Its pattern", f"what drives channel {channel} most")
    st.image(
        jpeg(film.pattern(film.place, SHOWN_PX), 90),
        width="stretch",
        alt=f"The pattern of channel {channel} in epoch {reel.epochs[film.place]}",
    )
    st.caption(
        f"Score {short(float(reel.pattern_scores[film.place]))}, over all epochs "
        f"{short(float(reel.pattern_scores.min()))} to {short(float(reel.pattern_scores.max()))}",
        help="The mean of the channel's map for this pattern, before its ReLU. The climb is the same in "
        "every epoch, and the colours are the picture's own.",
    )
    plain = plain_words(reel.patterns, film.place)
    if plain is not None:
        st.caption(f":material/texture: {plain}")


def _draw_map(film: FilmView) -> None:
    values = film.reel.maps[film.place]
    height, width = values.shape
    _heading("Its map of the photo", f"channel {film.question.channel}, {height} × {width}")
    st.image(
        jpeg(square_pixels(values, SHOWN_PX, film.map_scale), 92),
        width="stretch",
        alt=f"The channel's map, {short(float(values.min()))} to {short(float(values.max()))}",
    )
    st.html(scale_bar_html(film.map_scale, unit="activation, one scale for all epochs"))
    st.caption(f"In this epoch {span(values)}")


def _draw_layer(film: FilmView) -> None:
    reel, place = film.reel, film.place
    count, (height, width) = reel.lows.shape[1], reel.maps.shape[1:]
    _heading("All maps of the layer", f"{count} of {height} × {width}")
    facts = [
        f"<b>Channel {channel}</b><br>{short(float(low))} to {short(float(high))}"
        for channel, (low, high) in enumerate(zip(reel.lows[place], reel.highs[place], strict=True))
    ]
    tiles = grid_tiling((height, width), count)
    figure = film_grid_figure(
        reel.grids[place],
        tiles,
        scale=film.layer_scale,
        selected=film.question.channel,
        facts=facts,
        theme=theme(),
    )
    framed_chart(
        figure,
        key="film-grid",
        aspect=grid_aspect(tiles),
        alt=f"All {count} maps of {film.info.title} in epoch {reel.epochs[place]}",
        on_select=_open_channel,
    )
    st.html(scale_bar_html(film.layer_scale, unit="activation, one scale for all epochs"))
    st.caption("Grey: zero everywhere. Click a map to film its channel.")


def _open_channel() -> None:
    channel = clicked_name("film-grid")
    if channel is not None:
        st.session_state["film_channel"] = channel


def _draw_evidence(film: FilmView) -> None:
    signed = film.reel.signed
    _heading(
        f"Its evidence for {film.class_name}" if signed else f"What {film.class_name} reacts to",
        "Grad-CAM of the last maps" if signed else "saliency of the pixels",
    )
    values = film.reel.evidence[film.place]
    st.image(
        jpeg(film.covered(film.place, SHOWN_PX)),
        width="stretch",
        alt=f"Heat map for {film.class_name} over the photo, {short(float(values.min()))} "
        f"to {short(float(values.max()))}",
    )
    low, high = (film.other_name, film.class_name) if signed else ("", "moves the score most")
    st.html(scale_bar_html(film.evidence_scale, low=low, high=high))
    unit = "logits per cell" if signed else "logits per unit of a pixel"
    st.caption(f"In {unit}, one scale for all epochs; in this epoch {span(values)}")
    if signed:
        attribution = film.attribution(film.place)
        st.caption(
            literal(balance(attribution, film.class_name, film.other_name), longest=None),
            help=literal(f"{film.class_name}: {arithmetic(attribution)}", longest=None),
        )


def span(values: Float) -> str:
    """The smallest and the largest of some values."""
    low, high = float(values.min()), float(values.max())
    return f"{short(low)} everywhere" if low == high else f"{short(low)} to {short(high)}"


def _heading(title: str, about: str) -> None:
    st.html(
        f"<div><b>{html.escape(title)}</b><br>"
        f"<span style='opacity:.72;font-size:.88rem'>{html.escape(about)}</span></div>"
    )


def draw_strip(film: FilmView) -> None:
    """All epochs below each other's question; a click opens one."""
    st.subheader("All epochs")
    epochs = len(film.reel.epochs)
    figure, aspect = film_strip_figure(
        _strip_picture(film.key, film),
        strip_tiling(3, epochs),
        labels=_labels(film),
        facts=[_fact(film, place) for place in range(epochs)],
        selected=film.place,
        theme=theme(),
    )
    framed_chart(
        figure,
        key="film-strip",
        aspect=aspect,
        alt=f"{epochs} epochs from left to right: patterns, maps and heat maps",
        on_select=functools.partial(_open_epoch, film.reel),
        max_width_px=170 * epochs,
    )
    st.caption(
        f"From top to bottom: the pattern of channel {film.question.channel}, its map of the photo, the "
        f"evidence for {literal(film.class_name)}, on the scales above. Below: the epoch"
        f"{' and its validation accuracy' if epochs <= LABELS_WITH_ACCURACY else ''}. "
        "Hover for figures, click to open; ← → step through the epochs."
    )


@st.cache_resource(show_spinner=False, max_entries=REMEMBERED_STRIPS)
def _strip_picture(key: str, _film: FilmView) -> bytes:
    """The strip as a file, which stays the same while the slider moves."""
    return film_strip_webp(_film.strip())


def _open_epoch(reel: Reel) -> None:
    place = clicked_name("film-strip")
    if place is not None and place < len(reel.epochs):
        st.session_state["film_epoch"] = int(reel.epochs[place])


def _labels(film: FilmView) -> list[str]:
    labels = []
    for epoch in film.reel.epochs:
        row = film.history_row(int(epoch))
        if row is None or "val_accuracy" not in row or len(film.reel.epochs) > LABELS_WITH_ACCURACY:
            labels.append(str(epoch))
        else:
            labels.append(f"{epoch} · {percent(row['val_accuracy'])}")
    return labels


def _fact(film: FilmView, place: int) -> str:
    epoch = int(film.reel.epochs[place])
    row = film.history_row(epoch) or {}
    figures = [
        f"{name} {written(row[key])}"
        for name, key, written in (
            ("validation accuracy", "val_accuracy", share_text),
            ("validation loss", "val_loss", "{:.3f}".format),
        )
        if key in row
    ]
    plain = ["pattern almost plain"] if is_plain(film.reel.patterns[place]) else []
    return "<br>".join([f"<b>{'Before training' if epoch == 0 else f'Epoch {epoch}'}</b>", *figures, *plain])
