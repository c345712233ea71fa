"""Mistakes with their heat maps, and how to take them away: as a picture, as arrays and as code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnn_core.results import AttributionMap
from dashboard.figures.colours import UInt8, short
from dashboard.figures.files.page_png import arrays_npz, view_png
from dashboard.figures.pictures.pattern_grid import row_pixels
from dashboard.widgets.evaluation_pictures import set_picture, sure
from dashboard.widgets.export_bar import export_row, file_name
from dashboard.widgets.markdown import literal

if TYPE_CHECKING:
    from cnn_core.runs.run_view import RunView

COLUMNS = 3
FOR = {"answer": "Its answer", "truth": "The truth"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A picture that was answered wrong.

    Attributes:
        path: of the file.
        probability: of the answer, 0..1.
        answer, truth: indices of the classes.
        names: of all classes.
    """

    path: str
    probability: float
    answer: int
    truth: int
    names: tuple[str, ...]

    def asked(self, about: str) -> int:
        """The class that the heat map is for."""
        return self.answer if about == "answer" else self.truth

    def words(self) -> str:
        """What it is and what the network said, as Markdown."""
        return (
            f"**{literal(self.names[self.truth])}**, answered **{literal(self.names[self.answer])}** "
            f"{literal(sure(self.probability))}"
        )


@dataclass(frozen=True, slots=True, eq=False)
class MistakeMaps:
    """A heat map per mistake; None where the picture could not be read."""

    maps: tuple[AttributionMap | None, ...]


def draw_exports(
    run: RunView, mistakes: Sequence[Mistake], maps: MistakeMaps, about: str, pairs: Sequence[UInt8]
) -> None:
    """PNG of the pairs, NPZ of the maps, and the code.

    Args:
        run: whose mistakes they are.
        mistakes: that are shown.
        maps: a heat map or None for each.
        about: a key of ``FOR``.
        pairs: of those with a map, the picture and the map over it, one after the other.
    """
    told = "; ".join(
        f"{set_picture(m.path).title} is {m.names[m.truth]}, answered {m.names[m.answer]} "
        f"{sure(m.probability)}"
        + ("" if each is None else f", map up to {short(float(np.abs(each.values).max()))}")
        for m, each in zip(mistakes, maps.maps, strict=True)
    )
    export_row(
        file_name(run.key, "mistakes"),
        key="mistakes-export",
        png=lambda: view_png(
            row_pixels(pairs, 2 * min(COLUMNS, len(pairs) // 2)),
            title=f"Worst mistakes of {run.title}",
            note=f"Heat maps for {FOR[about].lower()}, own scale each. {told}.",
        ),
        npz=lambda: arrays_npz(
            paths=np.array([m.path for m in mistakes]),
            truth=np.int64([m.truth for m in mistakes]),
            answer=np.int64([m.answer for m in mistakes]),
            probability=np.float32([m.probability for m in mistakes]),
            **{f"map_{i}": each.values for i, each in enumerate(maps.maps) if each is not None},
        ),
        code=mistakes_code(run, mistakes, maps, about),
    )


def mistakes_code(run: RunView, mistakes: Sequence[Mistake], maps: MistakeMaps, about: str) -> str:
    """Python that asks for the heat maps again with ``cnn_core`` alone."""
    there = [(m, each) for m, each in zip(mistakes, maps.maps, strict=True) if each is not None]
    questions = "".join(f"    ({m.path!r}, {m.asked(about)}),\n" for m, _ in there)
    method = there[0][1].method if there else "grad_cam"
    return (
        "from cnn_core import open_explorer, open_image\n\n"
        "explorer = open_explorer()\n"
        f"model = {run.model_key!r}\n"
        f"for path, class_index in [\n{questions}]:\n"
        f"    evidence = explorer.attribution(model, open_image(path), {method!r}, class_index=class_index)\n"
        "    print(path, evidence.score, evidence.values.round(2))\n"
    )
