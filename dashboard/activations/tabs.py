"""The tabs of the activations page: depth, other photos, chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core.activations import ACTIVATIONS, LAYER_SUMMARIES
from cnn_core.analysis import Request
from cnn_core.errors import ConvscopeError
from cnn_core.images.decode import RgbImage
from cnn_core.results import LayerActivations, LayerSummaries
from cnn_core.snippet import snippet
from dashboard.figures.charts.charts import sparsity_figure
from dashboard.figures.colours import Scale, fitting_scale, percent, short
from dashboard.figures.files.page_png import arrays_npz, view_png
from dashboard.figures.pictures.pattern_grid import row_pixels
from dashboard.figures.pictures.pictures import jpeg, png, rgb_pixels
from dashboard.figures.pictures.scale_bar import scale_bar_html
from dashboard.figures.pictures.strip import square_pixels
from dashboard.session import address
from dashboard.session.photos import Photo, all_photos
from dashboard.session.resources import explorer, seen_pixels
from dashboard.widgets.chart import chart
from dashboard.widgets.choosers import choice
from dashboard.widgets.export_bar import (
    Export,
    export_bar,
    export_row,
    file_name,
    own_photo_note,
    snippet_start,
)
from dashboard.widgets.markdown import literal
from dashboard.widgets.style import theme

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from cnn_core.probe.layer_info import LayerInfo
    from dashboard.figures.theme import Theme
    from dashboard.session.view import View

MOST_PHOTOS = 8
RANDOM_COUNT = 12
SMALL_PX = 144
LARGEST_SEED = 9999


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
    layers = _summaries(view)
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
    export = Export(
        name=file_name(view.model_key, view.photo.title, "zeros"),
        arrays=lambda: {
            "layers": np.array([info.name for info in shown]),
            "zero_share": sparsity,
            "blank_share": blank,
        },
        code=snippet(
            LAYER_SUMMARIES,
            Request(model_key=view.model_key, image=view.photo.image()),
            picture=view.photo.path,
            note=own_photo_note(view.photo),
        )
        + "for layer in result.layers:\n"
        "    print(layer.layer_name, layer.sparsity, len(layer.blank_channels))",
    )
    export_bar(export, "zeros-export")


def draw_on_photos(view: View, info: LayerInfo, channel: int) -> None:
    """The same channel for several photos side by side."""
    common = (
        choice("Scale of these maps", {"common": "Common", "own": "Each map"}, key="photos-scale") == "common"
    )
    shown = _photos_with_maps(view, info, channel)
    together = fitting_scale(np.concatenate([values.ravel() for _, _, values in shown])) if common else None
    columns = st.columns(len(shown), gap="small")
    for column, (photo, pixels, values) in zip(columns, shown, strict=True):
        scale = together if together is not None else fitting_scale(values)
        with column:
            st.image(jpeg(_photo_square(pixels)), width="stretch", alt=photo.title)
            st.image(
                png(_map_square(values, scale)), width="stretch", alt=f"Channel {channel} for {photo.title}"
            )
            st.caption(
                f"{literal(photo.title)}  \n{short(float(values.min()))} to {short(float(values.max()))}"
            )
    if together is not None:
        st.html(f'<div style="max-width:24rem">{scale_bar_html(together, unit="activation")}</div>')
    _export_photos(view, info, channel, shown, together)


def _export_photos(
    view: View,
    info: LayerInfo,
    channel: int,
    shown: Sequence[tuple[Photo, np.ndarray, np.ndarray]],
    together: Scale | None,
) -> None:
    def side_by_side() -> bytes:
        photos = [_photo_square(pixels) for _, pixels, _ in shown]
        maps = [_map_square(values, together or fitting_scale(values)) for _, _, values in shown]
        ranges = [
            f"{photo.title} {short(float(values.min()))} to {short(float(values.max()))}"
            for photo, _, values in shown
        ]
        return view_png(
            row_pixels([*photos, *maps], len(shown)),
            title=f"Channel {channel} of {info.title}",
            note=f"From left to right: {'; '.join(ranges)}.",
            scale=together,
        )

    export_row(
        file_name(view.model_key, info.name, channel, "photos"),
        key="photos-export",
        png=side_by_side,
        npz=lambda: arrays_npz(
            photos=np.array([photo.title for photo, _, _ in shown]),
            maps=np.stack([values for _, _, values in shown]),
        ),
        code=snippet(
            ACTIVATIONS,
            Request(model_key=view.model_key, image=view.photo.image(), layer_name=info.name),
            picture=view.photo.path,
            note=own_photo_note(view.photo),
        )
        + f"print(result.maps[..., {channel}].round(2))",
    )


def _photos_with_maps(
    view: View, info: LayerInfo, channel: int
) -> list[tuple[Photo, np.ndarray, np.ndarray]]:
    photos = {view.photo.key: view.photo, **all_photos()}
    shown = []
    for photo in list(photos.values())[:MOST_PHOTOS]:
        try:
            image = photo.image()
        except (ConvscopeError, OSError):
            continue
        layer = _layer(view, info, image)
        pixels = seen_pixels(view.model_key, image)
        shown.append((photo, pixels, layer.maps[..., channel]))
    return shown


def _photo_square(pixels: np.ndarray) -> np.ndarray:
    import cv2

    size = (SMALL_PX, SMALL_PX)
    return np.asarray(cv2.resize(rgb_pixels(pixels), size, interpolation=cv2.INTER_AREA))


def _map_square(values: np.ndarray, scale: Scale) -> np.ndarray:
    return square_pixels(values, SMALL_PX, scale)


def draw_random(view: View, infos: Sequence[LayerInfo]) -> None:
    """Some channels drawn by lot from all layers with a map; a click opens one."""
    seed = address.restore("seed", address.whole_number(0, LARGEST_SEED), 0)
    st.button("Draw others", icon=":material/casino:", key="redraw", on_click=_redraw)
    address.keep({"seed": seed})
    lot = _drawn_by_lot(infos, seed)
    maps = _drawn_maps(view, lot)
    columns = [*st.columns(RANDOM_COUNT // 2, gap="small"), *st.columns(RANDOM_COUNT // 2, gap="small")]
    for number, (column, (info, channel), values) in enumerate(zip(columns, lot, maps, strict=True)):
        with column:
            st.image(
                png(square_pixels(values, SMALL_PX)),
                width="stretch",
                alt=f"Channel {channel} of {info.title}",
            )
            st.button(
                f"{literal(info.name)} · {channel}",
                key=f"lot-{number}",
                help=f"Open channel {channel} of {literal(info.title)}",
                on_click=_open,
                args=(info.name, channel),
                type="tertiary",
                wrap=True,
            )
            st.caption(_range(values))
    _export_random(view, lot, maps, seed)


def _drawn_by_lot(infos: Sequence[LayerInfo], seed: int) -> list[tuple[LayerInfo, int]]:
    """Some layers with a map, and a channel of each."""
    spatial = [info for info in infos if info.spatial and info.activation is not None] or list(infos)
    generator = np.random.default_rng(seed)
    lot = []
    for _ in range(RANDOM_COUNT):
        info = spatial[int(generator.integers(len(spatial)))]
        lot.append((info, int(generator.integers(info.output_shape[-1]))))
    return lot


def _drawn_maps(view: View, lot: Sequence[tuple[LayerInfo, int]]) -> list[np.ndarray]:
    image = view.photo.image()
    layers = {info.name: _layer(view, info, image) for info, _ in lot}
    return [layers[info.name].maps[..., channel] for info, channel in lot]


def _layer(view: View, info: LayerInfo, image: RgbImage) -> LayerActivations:
    request = Request(model_key=view.model_key, image=image, layer_name=info.name)
    layer: LayerActivations = explorer().run(ACTIVATIONS, request)
    return layer


def _summaries(view: View) -> LayerSummaries:
    request = Request(model_key=view.model_key, image=view.photo.image())
    summaries: LayerSummaries = explorer().run(LAYER_SUMMARIES, request)
    return summaries


def _range(values: np.ndarray) -> str:
    low, high = float(values.min()), float(values.max())
    return f"{short(low)} everywhere" if low == high else f"{short(low)} to {short(high)}"


def _export_random(
    view: View, lot: Sequence[tuple[LayerInfo, int]], maps: Sequence[np.ndarray], seed: int
) -> None:
    names = [f"{info.name} {channel}" for info, channel in lot]
    export_row(
        file_name(view.model_key, view.photo.title, "random", seed),
        key="random-export",
        png=lambda: view_png(
            row_pixels([square_pixels(values, SMALL_PX) for values in maps], RANDOM_COUNT // 2),
            title=f"Random channels, {view.photo.title}",
            note="; ".join(f"{name}: {_range(values)}" for name, values in zip(names, maps, strict=True)),
        ),
        npz=lambda: arrays_npz(
            names=np.array(names), **{f"map_{place}": values for place, values in enumerate(maps)}
        ),
        code=snippet_start(view.model_key, view.photo)
        + "\nfrom cnn_core.activations import ACTIVATIONS\nfrom cnn_core.analysis import Request\n\n"
        f"for name, channel in {[(info.name, channel) for info, channel in lot]!r}:\n"
        "    layer = explorer.run(ACTIVATIONS, Request(model_key=model, image=image, layer_name=name))\n"
        "    print(name, channel, layer.maps[..., channel].round(2))",
    )


def _redraw() -> None:
    st.session_state["seed"] = (int(st.session_state["seed"]) + 1) % (LARGEST_SEED + 1)


def _open(layer_name: str, channel: int) -> None:
    st.session_state["layer"] = layer_name
    st.session_state["channel"] = channel
