"""What is looked at of a film, with the scales that hold over all its epochs, and its exports."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from cnn_core.results import AttributionMap
from dashboard.figures.colours import Scale, UInt8, fitting_scale, short
from dashboard.figures.files.page_png import arrays_npz, view_png
from dashboard.figures.film_strip import film_strip_pixels, grid_scale, outlined, square, strip_cell_px
from dashboard.figures.pictures.overlay import fit_to_image, overlay, overlay_scale
from dashboard.figures.pictures.pictures import enlarged, rgb_pixels
from dashboard.figures.pictures.strip import square_pixels
from dashboard.over_the_epochs.film_words import is_plain
from dashboard.widgets.export_bar import export_row, file_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnn_core.probe.layer_info import LayerInfo
    from cnn_core.runs.run_view import RunView
    from cnn_core.training.film import FilmQuestion
    from dashboard.over_the_epochs.film_job import Reel
    from dashboard.session.photos import Photo

SHOWN_PX = 448
OPACITY = 0.75


@dataclass(frozen=True, kw_only=True, eq=False)
class FilmView:
    """Everything that is drawn of a film.

    Attributes:
        run: whose film it is.
        photo: that the network looks at.
        pixels: of it as the network gets it, ``(H, W, c)``.
        info: the layer.
        question: what every epoch was asked.
        reel: the answers.
        place: of the chosen epoch in the reel.
        key: differs whenever the reel does.
    """

    run: RunView
    photo: Photo
    pixels: UInt8
    info: LayerInfo
    question: FilmQuestion
    reel: Reel
    place: int
    key: str

    @property
    def class_name(self) -> str:
        """The class that the heat map is for."""
        return self.reel.class_names[self.question.class_index]

    @property
    def other_name(self) -> str:
        """What speaks against it."""
        names = self.reel.class_names
        return names[1 - self.question.class_index] if len(names) == 2 else f"not {self.class_name}"

    def attribution(self, place: int) -> AttributionMap:
        """The heat map of an epoch with its score, to be put in words."""
        reel = self.reel
        return AttributionMap(
            method=self.question.method,
            layer_name=reel.evidence_layer,
            head=self.question.head,
            class_index=self.question.class_index,
            values=reel.evidence[place],
            signed=reel.signed,
            score=float(reel.scores[place]),
            extent=reel.extent,
            residual=float(reel.residuals[place]) if reel.sums else None,
        )

    @cached_property
    def map_scale(self) -> Scale:
        """Of the chosen channel, over all epochs."""
        return fitting_scale(self.reel.maps)

    @cached_property
    def layer_scale(self) -> Scale:
        """Of all maps of the layer, over all epochs."""
        return grid_scale(*self.reel.range)

    @cached_property
    def evidence_scale(self) -> Scale:
        """Of the heat map, over all epochs."""
        return overlay_scale(self.reel.evidence, signed=self.reel.signed)

    def pattern(self, place: int, side_px: int) -> UInt8:
        """The pattern of an epoch, ``(side, side, 3)``; with a line around it where it shows nothing."""
        pixels = self.reel.patterns[place]
        return outlined(square(pixels, side_px)) if is_plain(pixels) else square(pixels, side_px)

    def covered(self, place: int, side_px: int) -> UInt8:
        """The heat map of an epoch over the photo, ``(H, W, 3)``, its longer side ``side_px`` or more."""
        photo = rgb_pixels(self.pixels)
        large = enlarged(photo, side_px)
        size, extent = photo.shape[:2], self.reel.extent
        values = fit_to_image(self.reel.evidence[place], extent, size, large.shape[:2])
        return overlay(large, values, scale=self.evidence_scale, opacity=OPACITY)

    def strip(self) -> list[list[UInt8]]:
        """Patterns, maps and heat maps of all epochs, a row each, as small squares."""
        places = range(len(self.reel.epochs))
        side = strip_cell_px(len(self.reel.epochs))
        return [
            [self.pattern(place, side) for place in places],
            [square_pixels(self.reel.maps[place], side, self.map_scale) for place in places],
            [square(self.covered(place, side), side) for place in places],
        ]

    def history_row(self, epoch: int) -> Mapping[str, float] | None:
        """What was measured after an epoch, or None."""
        return next((row for row in self.run.history if row.get("epoch") == epoch), None)


def draw_exports(film: FilmView) -> None:
    """The strip as a picture, all of it as arrays, and the code."""
    reel, asked = film.reel, film.question
    epochs = ", ".join(map(str, reel.epochs))
    low, high = film.map_scale.low, film.map_scale.high
    export_row(
        file_name("film", film.run.key, film.info.name, asked.channel, film.photo.title),
        key="film-export",
        png=lambda: view_png(
            film_strip_pixels(film.strip()),
            title=f"Channel {asked.channel} of {film.info.title} while {film.run.title} was trained",
            note=f"Epochs {epochs} from left to right. Rows: the pattern; the map of {film.photo.title}, "
            f"{short(low)} to {short(high)}; the heat map for {film.class_name}, scale above.",
            scale=film.evidence_scale,
        ),
        npz=lambda: arrays_npz(
            epochs=reel.epochs,
            patterns=reel.patterns,
            pattern_scores=reel.pattern_scores,
            maps=reel.maps,
            evidence=reel.evidence,
            extent_px=np.float32(reel.extent),
            probabilities=reel.probabilities,
        ),
        code=film_code(film),
    )


def film_code(film: FilmView) -> str:
    """Python that asks the epochs again with ``cnn_core`` alone."""
    asked = film.question
    own = "" if film.photo.shareable else "  # the photo is yours: put the path of its file here"
    return (
        "from pathlib import Path\n\n"
        "from cnn_core import open_image, paths\n"
        "from cnn_core.cache.store import ResultStore\n"
        "from cnn_core.training.film import FilmProjector, FilmQuestion, film_epochs, film_frames\n\n"
        f"run = Path({str(film.run.folder)!r})\n"
        f"image = open_image({film.photo.path!r}){own}\n"
        "projector = FilmProjector(run, ResultStore(paths.cache_folder()))\n"
        "question = FilmQuestion(\n"
        f"    image=image, layer_name={asked.layer_name!r}, channel={asked.channel}, head={asked.head},\n"
        f"    class_index={asked.class_index}, method={asked.method!r},\n)\n"
        "for frame in film_frames(projector, film_epochs(run), question):\n"
        "    print(frame.epoch, frame.answer.probabilities, frame.layer.maps.max(), frame.evidence.score)\n"
    )
