"""The tabs of the activations page: depth, other photos, chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core.activations import ACTIVATIONS, LAYER_SUMMARIES
from cnn_core.analysis import Request
from cnn_core.errors import ConvscopeError
from cnn_core.images.decode import RgbImage
from cnn_core.results import LayerActivations
from cnn_core.snippet import Call, snippet
from dashboard.figures.charts.charts import sparsity_figure
from dashboard.figures.colours import Float, Scale, UInt8, fitting_scale, percent
from dashboard.figures.pictures.pattern_grid import row_pixels
from dashboard.figures.pictures.pictures import jpeg, png, squared
from dashboard.figures.pictures.scale_bar import scale_bar_html
from dashboard.figures.pictures.strip import square_pixels
from dashboard.session.photos import Photo, all_photos
from dashboard.session.resources import explorer, model_input_pixels
from dashboard.widgets.analysis_view import code_of, request_about
from dashboard.widgets.chart import chart
from dashboard.widgets.export_bar import Export, export_bar, file_name, own_photo_note
from dashboard.widgets.inputs import choice, shuffle_button
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.sentences import span_text
from dashboard.widgets.style import theme

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from cnn_core.probe.layer_info import LayerInfo
    from dashboard.figures.theme import Theme
    from dashboard.session.view import View

MOST_PHOTOS = 8
RANDOM_COUNT = 12
SMALL_PX = 144
SCALES = {"common": "Common", "own": "Each map"}
DRAWING = (
    "from dashboard.figures.pictures.pattern_grid import row_pixels\n"
    "from dashboard.figures.pictures.strip import square_pixels\n"
)


def layer_of(view: View, info: LayerInfo, image: RgbImage) -> LayerActivations:
    """All maps of a layer for an image."""
    request = Request(model_key=view.model_key, image=image, layer_name=info.name)
    layer: LayerActivations = explorer().run(ACTIVATIONS, request)
    return layer


@st.cache_resource(show_spinner=False, max_entries=64)
def _sparsity_chart(
    titles: tuple[str, ...],
    sparsity: tuple[float, ...],
    blank: tuple[float, ...],
    selected: int | None,
    colours: Theme,
) -> go.Figure:
    """The chart as it is until another photo or layer is chosen: building it takes a third of a move."""
    return sparsity_figure(titles, np.float32(sparsity), np.float32(blank), selected=selected, theme=colours)


def draw_sparsity(view: View, infos: Sequence[LayerInfo], chosen: LayerInfo) -> None:
    """Share of zeros and of blank maps, layer by layer."""
    layers = explorer().run(LAYER_SUMMARIES, request_about(view))
    shown = [info for info in infos if info.spatial]
    titles = [info.title for info in shown]
    sparsity = np.float32([layers[info.name].sparsity for info in shown])
    blank = np.float32([len(layers[i.name].blank_channels) / layers[i.name].channel_count for i in shown])
    selected = titles.index(chosen.title) if chosen.title in titles else None
    chart(
        _sparsity_chart(tuple(titles), tuple(sparsity.tolist()), tuple(blank.tolist()), selected, theme()),
        key="sparsity",
        name=file_name(view.model_key, view.photo.title, "zeros"),
        alt="Share of zeros by layer: "
        + ", ".join(f"{title} {percent(share)}" for title, share in zip(titles, sparsity, strict=True)),
    )
    st.caption(
        "ReLU sets everything negative to zero: what is left is where a layer found something. "
        "Convolutions before their ReLU and signed layers have hardly a zero."
    )
    names = np.array([info.name for info in shown])
    export_bar(
        Export(
            name=file_name(view.model_key, view.photo.title, "zeros"),
            arrays=lambda: {"layers": names, "zero_share": sparsity, "blank_share": blank},
            code=code_of(view, LAYER_SUMMARIES, request_about(view)) + "for layer in result.layers:\n"
            "    print(layer.layer_name, layer.sparsity, len(layer.blank_channels))",
        ),
        key="zeros-export",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoMap:
    """The map of a channel for one photo.

    Attributes:
        photo: which.
        square: as the network gets it, small, ``(side, side, 3)``.
        values: the map.
        scale: how it is drawn.
    """

    photo: Photo
    square: UInt8
    values: Float
    scale: Scale

    def call(self, view: View, info: LayerInfo) -> Call:
        """What the explorer was asked."""
        request = Request(model_key=view.model_key, image=self.photo.image(), layer_name=info.name)
        return Call(analysis=ACTIVATIONS, request=request, picture=self.photo.path)

    def picture(self) -> UInt8:
        """The map in colours, as large as the photo."""
        return square_pixels(self.values, SMALL_PX, self.scale)


def draw_on_photos(view: View, info: LayerInfo, channel: int) -> None:
    """The same channel for several photos side by side."""
    common = choice("Scale of these maps", SCALES, key="photos-scale") == "common"
    shown = _maps_of_photos(view, info, channel, common=common)
    for column, one in zip(st.columns(len(shown), gap="small"), shown, strict=True):
        title = one.photo.title
        with column:
            st.image(jpeg(one.square), width="stretch", alt=title)
            st.image(png(one.picture()), width="stretch", alt=f"Channel {channel} for {title}")
            st.caption(f"{escape_markdown(title)}  \n{span_text(one.values)}")
    together = shown[0].scale if common else None
    if together is not None:
        st.html(f'<div style="max-width:24rem">{scale_bar_html(together, unit="activation")}</div>')
    ranges = "; ".join(f"{one.photo.title} {span_text(one.values)}" for one in shown)
    export_bar(
        Export(
            name=file_name(view.model_key, info.name, channel, "photos"),
            title=f"Channel {channel} of {info.title}",
            note=f"From left to right: {ranges}.",
            image=lambda: row_pixels(
                [*(one.square for one in shown), *(one.picture() for one in shown)], len(shown)
            ),
            scale=together,
            arrays=lambda: {
                "photos": np.array([one.photo.title for one in shown]),
                "maps": np.stack([one.values for one in shown]),
            },
            code=snippet([one.call(view, info) for one in shown])
            + f"maps = [result.maps[..., {channel}] for result in results]\n"
            "print([values.round(2) for values in maps])",
            drawing=_photos_drawing(view, shown, common=common),
        ),
        key="photos-export",
    )


def _photos_drawing(view: View, shown: Sequence[PhotoMap], *, common: bool) -> str:
    scales = "scales = [fitting_scale(values) for values in maps]\n"
    if common:
        scales = (
            "scale = fitting_scale(np.concatenate([values.ravel() for values in maps]))\n"
            "scales = len(maps) * [scale]\n"
        )
    return (
        f"{DRAWING}import numpy as np\n"
        "from cnn_core import open_image\n"
        "from dashboard.figures.colours import fitting_scale\n"
        "from dashboard.figures.pictures.pictures import squared\n"
        f"paths = {[one.photo.path for one in shown]!r}\n"
        f"photos = [explorer.model_input_pixels({view.model_key!r}, open_image(path)) for path in paths]\n"
        f"{scales}"
        f"pictures = [squared(photo, {SMALL_PX}) for photo in photos]\n"
        f"pictures += [square_pixels(values, {SMALL_PX}, own) for values, own in zip(maps, scales)]\n"
        "picture = row_pixels(pictures, len(maps))\n"
    )


def _maps_of_photos(view: View, info: LayerInfo, channel: int, *, common: bool) -> list[PhotoMap]:
    photos = {view.photo.key: view.photo, **all_photos(view.model_key)}
    found = []
    for photo in list(photos.values())[:MOST_PHOTOS]:
        try:
            image = photo.image()
        except (ConvscopeError, OSError):
            continue
        values = layer_of(view, info, image).maps[..., channel]
        found.append((photo, squared(model_input_pixels(view.model_key, image), SMALL_PX), values))
    together = fitting_scale(np.concatenate([values.ravel() for *_, values in found])) if common else None
    return [
        PhotoMap(photo=photo, square=square, values=values, scale=together or fitting_scale(values))
        for photo, square, values in found
    ]


def draw_random(view: View, infos: Sequence[LayerInfo]) -> None:
    """Some channels drawn by lot from all layers with a map; a click opens one."""
    seed = shuffle_button("Draw others", key="seed")
    lot = _drawn_by_lot(infos, seed)
    image = view.photo.image()
    layers = {info.name: layer_of(view, info, image) for info, _ in lot}
    maps = [layers[info.name].maps[..., channel] for info, channel in lot]
    columns = [*st.columns(RANDOM_COUNT // 2, gap="small"), *st.columns(RANDOM_COUNT // 2, gap="small")]
    for number, (column, (info, channel), values) in enumerate(zip(columns, lot, maps, strict=True)):
        with column:
            picture = png(square_pixels(values, SMALL_PX))
            st.image(picture, width="stretch", alt=f"Channel {channel} of {info.title}")
            st.button(
                f"{escape_markdown(info.name)} · {channel}",
                key=f"lot-{number}",
                help=f"Open channel {channel} of {escape_markdown(info.title)}",
                on_click=st.session_state.update,
                kwargs={"layer": info.name, "channel": channel},
                type="tertiary",
                wrap=True,
            )
            st.caption(span_text(values))
    names = [(info.name, channel) for info, channel in lot]
    export_bar(random_export(view, names, maps, seed), key="random-export")


def _drawn_by_lot(infos: Sequence[LayerInfo], seed: int) -> list[tuple[LayerInfo, int]]:
    """Some layers with a map, and a channel of each."""
    spatial = [info for info in infos if info.spatial and info.activation is not None] or list(infos)
    generator = np.random.default_rng(seed)
    lot = []
    for _ in range(RANDOM_COUNT):
        info = spatial[int(generator.integers(len(spatial)))]
        lot.append((info, int(generator.integers(info.output_shape[-1]))))
    return lot


def random_export(view: View, names: Sequence[tuple[str, int]], maps: Sequence[Float], seed: int) -> Export:
    """Channels ``(layer name, channel)`` drawn by lot, each on its own scale."""
    titles = [f"{name} {channel}" for name, channel in names]
    ranges = (f"{title}: {span_text(values)}" for title, values in zip(titles, maps, strict=True))
    calls = [
        Call(analysis=ACTIVATIONS, request=request_about(view, layer_name=name), picture=view.photo.path)
        for name, _ in names
    ]
    return Export(
        name=file_name(view.model_key, view.photo.title, "random", seed),
        title=f"Random channels, {view.photo.title}",
        note="; ".join(ranges),
        image=lambda: row_pixels([square_pixels(values, SMALL_PX) for values in maps], RANDOM_COUNT // 2),
        arrays=lambda: {
            "names": np.array(titles),
            **{f"map_{index}": values for index, values in enumerate(maps)},
        },
        code=snippet(calls, note=own_photo_note(view.photo))
        + f"channels = {[channel for _, channel in names]}\n"
        "maps = [result.maps[..., channel] for result, channel in zip(results, channels)]\n"
        "print([values.round(2) for values in maps])",
        drawing=f"{DRAWING}pictures = [square_pixels(values, {SMALL_PX}) for values in maps]\n"
        f"picture = row_pixels(pictures, {RANDOM_COUNT // 2})\n",
    )
