"""The film of a run: one filter, one photo and one heat map, epoch by epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard.figures.colours import Float, percent, short
from dashboard.over_the_epochs.film_job import Reel, film_of, reel_key, reel_or_progress
from dashboard.over_the_epochs.film_pictures import draw_now, draw_strip
from dashboard.over_the_epochs.film_view import FilmView, draw_exports
from dashboard.session import address
from dashboard.widgets.choosers import channel_slider, choice, class_picker, first_choice, layer_slider
from dashboard.widgets.markdown import literal
from dashboard.widgets.run_words import share_text

if TYPE_CHECKING:
    from cnn_core.explorer import Explorer
    from cnn_core.images.decode import RgbImage
    from cnn_core.probe.layer_info import LayerInfo
    from cnn_core.runs.run_view import RunView
    from cnn_core.training.film import FilmQuestion
    from dashboard.session.view import View

FEWEST_SILENT, MOST_SILENT = 0.25, 0.97  # share of a map that is zero or below
NO_FRAMES = (
    "This run has kept no weights of single epochs, so there is no film to see. Launch one with "
    "film frames above 0 under Settings; the first frame is there after the first epoch."
)
NO_PHOTO = "A film needs a photo to look at. Add one in the sidebar."
NO_CONVOLUTION = "This network has no convolution, so it has no filter whose way could be filmed."
MAPS = {"one": "Channel", "all": "Layer"}
MAPS_HELP = (
    "The map of the chosen channel, or all maps of its layer; over all epochs on one scale either way."
)
EPOCH_HELP = (
    "An epoch is one pass over all training pictures. The left and right arrow keys step through them."
)


def draw_film(view: View | None, run: RunView) -> None:
    """A slider over the kept epochs of a run, and what a filter, a photo and its heat map were like then."""
    from cnn_core.training.film import film_epochs, frame_key

    epochs = film_epochs(run.folder)
    if not epochs:
        st.info(NO_FRAMES, icon=":material/movie:")
        return
    if view is None:
        st.info(NO_PHOTO, icon=":material/add_photo_alternate:")
        return
    explorer, key = film_of(run.folder), frame_key(epochs[-1])
    layers = [info for info in explorer.layers(key) if info.convolution]
    if not layers:
        st.info(NO_CONVOLUTION, icon=":material/info:")
        return
    question, info = _choose(view, explorer, key, layers)
    reel = reel_or_progress(run.folder, epochs, question)
    if reel is None:
        _draw_meanwhile()
        return
    place, whole = _choose_epoch(reel)
    film = FilmView(
        run=run,
        photo=view.photo,
        pixels=explorer.seen_pixels(key, question.image),
        info=info,
        question=question,
        reel=reel,
        place=place,
        key=reel_key(run.folder, epochs, question),
    )
    st.markdown(told(film))
    draw_now(film, whole=whole)
    draw_strip(film)
    draw_exports(film)


def _choose(
    view: View, explorer: Explorer, key: str, layers: list[LayerInfo]
) -> tuple[FilmQuestion, LayerInfo]:
    from cnn_core.training.film import FilmQuestion

    image = view.photo.image()
    answers = explorer.predict(key, image).heads
    layer_place, channel_place, class_place = st.columns([5, 5, 2.4], gap="medium")
    with layer_place:
        info = layer_slider(layers, first_choice(layers), key="film_layer")
    with channel_place:
        channel = _channel(explorer, key, info, image)
    with class_place:
        head, class_index = class_picker(explorer.heads(key), [answer.best for answer in answers])
    mapless = explorer.default_layer(key, head) is None
    return (
        FilmQuestion(
            image=image,
            layer_name=info.name,
            channel=channel,
            head=head,
            class_index=class_index,
            method="saliency" if mapless else "grad_cam",
        ),
        info,
    )


def _channel(explorer: Explorer, key: str, info: LayerInfo, image: RgbImage) -> int:
    """The channel that was chosen; else one that tells something about the photo in the last epoch."""
    count = info.output_shape[-1] or 1
    parse = address.whole_number(0, count - 1)
    if address.current("film_channel", parse, None) is None:
        inputs = explorer.model_input(key, image)
        maps = explorer.model(key).probe.activations(inputs, [info.name])[info.name][0]  # (h, w, k)
        address.restore("film_channel", parse, telling_channel(maps))
    return channel_slider(count, key="film_channel", arrows=False)


def telling_channel(maps: Float) -> int:
    """The channel of ``(h, w, k)`` to start with: neither dead nor a copy of the photo's brightness.

    Of the channels that are silent in a good part of the photo the one that varies most; where a layer
    has none, the one that varies most of all.
    """
    silent = (maps <= 0).mean(axis=(0, 1))  # (k,)
    picks = (silent >= FEWEST_SILENT) & (silent <= MOST_SILENT)
    spread = maps.std(axis=(0, 1))
    return int(np.argmax(np.where(picks, spread, 0) if picks.any() else spread))


def _choose_epoch(reel: Reel) -> tuple[int, bool]:
    """The place of the chosen epoch in the reel, and whether the whole layer is shown."""
    epochs = [int(epoch) for epoch in reel.epochs]
    slider, shown = st.columns([7, 2.7], gap="medium", vertical_alignment="bottom")
    with slider:
        chosen = address.restore(
            "film_epoch", address.one_of({str(epoch): epoch for epoch in epochs}), epochs[-1]
        )
        if len(epochs) > 1:
            with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
                _step_button("left", epochs, -1)
                with st.container(width="stretch"):
                    chosen = st.select_slider(
                        "Epoch", epochs, key="film_epoch", help=EPOCH_HELP, format_func=epoch_title
                    )
                _step_button("right", epochs, 1)
        address.keep({"film_epoch": chosen})
    with shown:
        whole = choice("Maps", MAPS, key="film_maps", help=MAPS_HELP) == "all"
    return epochs.index(chosen), whole


def _step_button(side: str, epochs: list[int], step: int) -> None:
    st.button(
        f":material/chevron_{side}:",
        key=f"film_epoch-{side}",
        shortcut=side.capitalize(),
        on_click=_step,
        args=(epochs, step),
        type="tertiary",
    )


def _step(epochs: list[int], step: int) -> None:
    place = epochs.index(st.session_state["film_epoch"]) + step
    st.session_state["film_epoch"] = epochs[min(max(place, 0), len(epochs) - 1)]


def epoch_title(epoch: int) -> str:
    """An epoch on the slider; 0 is the network before its training."""
    return "before training" if epoch == 0 else str(epoch)


def told(film: FilmView) -> str:
    """The accuracy of the epoch, and what the network said to the photo then, as Markdown."""
    reel, place = film.reel, film.place
    epoch = int(reel.epochs[place])
    when = "**Before training**" if epoch == 0 else f"**Epoch {epoch}** of {film.run.config.epochs}"
    return " · ".join([when, _accuracy(film, epoch), _answer(reel, place)])


def _accuracy(film: FilmView, epoch: int) -> str:
    row = film.history_row(epoch)
    if row is None or "val_accuracy" not in row:
        return "no accuracy measured"
    text = f"validation accuracy **{share_text(row['val_accuracy'])}**"
    return f"{text}, training {share_text(row['accuracy'])}" if "accuracy" in row else text


def _answer(reel: Reel, place: int) -> str:
    shares = reel.probabilities[place]
    if reel.kind == "regression":
        return f"its value for this photo: {short(float(shares[0]))}"
    best = int(np.argmax(shares))
    return f"its answer to this photo: **{literal(reel.class_names[best])}**, {percent(float(shares[best]))}"


def _draw_meanwhile() -> None:
    st.markdown(
        "Every kept epoch is opened once: its network climbs to the **pattern** of the channel, looks at the "
        "photo, and says where it speaks for the class. Afterwards the slider moves through them at once."
    )
