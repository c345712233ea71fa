"""Edit and retest: change a region of the photo, and see what the answer really becomes."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core.attribution.edited import COLOUR, EDIT, Edited, EditSettings, predicted_change, top_region
from cnn_core.images.regions import Region, polygon_region, region_runs
from cnn_core.named_arrays import named_arrays
from dashboard.figures.colours import percent, short
from dashboard.figures.pictures.drawable_photo import Polygon, drawable_photo, drawn_polygons, drawn_text
from dashboard.figures.pictures.pattern_grid import row_pixels
from dashboard.figures.pictures.pictures import enlarged, jpeg, rgb_pixels
from dashboard.session import address
from dashboard.widgets.analysis_view import analysis_result, code_of
from dashboard.widgets.export_bar import Export, export_bar, file_name
from dashboard.widgets.inputs import choice, slider
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.overlay_view import SHOWN_PX, draw_photo, photo_code, photo_pixels
from dashboard.widgets.picture_grid import framed_chart
from dashboard.widgets.style import theme

if TYPE_CHECKING:
    from cnn_core.results import AttributionMap
    from dashboard.heat_maps.heat_map import HeatMapSelection
    from dashboard.session.view import View

MOST_CLASSES = 10
DRAWN = "edit-drawn"
CHART = "edit-photo"
PAINT = "#ff00ff"
WHERE = {"top": "Top of the map", "drawn": "Drawn"}
WHERE_HELP = "The pixels where the map above is highest, or what you draw on the photo."
TOOLS = {"box": "Box", "lasso": "Lasso"}
HOW = {"blurred": "Blurred", "grey": "Grey", "black": "Black", COLOUR: "Painted"}
HOW_HELP = "The network sees this too: change the same region in several ways before you believe one."
REAL_HELP = "The logit that the map is about, after the edit less before."
PREDICTED_HELP = (
    "Minus the sum of the map's values within the region. It is a promise about the map's own baseline, and "
    "holds for a network that only sums; where both differ, parts of the photo work together."
)
NO_AMOUNTS = "This method predicts no amounts: its values say where, and not how many logits."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Edit:
    """What is changed, and how.

    Attributes:
        region: ``(H, W)`` of the photo as the network gets it.
        region_code: Python for it, from the map ``result`` and the size of the photo ``size``.
        settings: of the analysis.
    """

    region: Region
    region_code: str
    settings: EditSettings


def draw_edit(view: View, selection: HeatMapSelection, attribution: AttributionMap) -> None:
    """Choose the region and what stands in its place; the photo before and after, and both answers."""
    where_place, share_place, how_place = st.columns([1.1, 1, 2], gap="medium")
    with where_place:
        where = choice("What is changed", WHERE, key="edit-where", help=WHERE_HELP)
    with how_place:
        how = _how()
    with share_place:
        if where == "top":
            share = slider(
                "Share of the photo", (1, 100), key="edit-share", default=10, format="%d %%", help=WHERE_HELP
            )
        else:
            tool = choice("Draw with", TOOLS, key="edit-tool")
    before, after, numbers = st.columns([1, 1, 1.2], gap="medium")
    with before:
        if where == "top":
            draw_photo(view)
            shown = selection.drawn(attribution)
            edit = _edit_of_top(view, shown, share / 100, how, positive=selection.positive_only)
        else:
            edit = _edit_of_drawing(view, _draw_on(view, tool), how)
        st.caption("The photo. Drag over it to draw a region." if where == "drawn" else "The photo")
    if not edit.region.any():
        after.info("Nothing is drawn yet: drag over the photo.", icon=":material/gesture:")
        return
    with numbers:
        # Asked about each class by itself, so that the table tells the logits of all.
        request = dataclasses.replace(selection.request, against=None)
        found = analysis_result(EDIT, request, edit.settings, slot="edit")
    if found is None:
        return
    with after:
        pixels = enlarged(rgb_pixels(found.pixels), SHOWN_PX)
        st.image(jpeg(pixels), width="stretch", alt=f"The edited photo: {_share_text(edit.region)}")
        st.caption(f"Edited: {_share_text(edit.region)}")
    with numbers:
        draw_answers(found, selection, attribution, edit.region)
        export_bar(export(view, selection, edit, found), key="edit-export")


def asked_scores(found: Edited, against: int | None) -> tuple[float, float]:
    """The logit that the map is about before and after: that of the class, or its lead over another."""
    before, after = (
        float(answer.scores[found.class_index] - (0 if against is None else answer.scores[against]))
        for answer in (found.before, found.after)
    )
    return before, after


def draw_answers(
    found: Edited, selection: HeatMapSelection, attribution: AttributionMap, region: Region
) -> None:
    """The real and the predicted change of the class, and every class before and after."""
    predicted = predicted_change(attribution, region)
    before, after = asked_scores(found, selection.request.against)
    title = escape_markdown(f"{selection.asked}: {selection.score_words}", longest=None)
    st.markdown(f"**{title}** {_course(short, before, after)}")
    real_place, predicted_place = st.columns(2)
    real_place.metric("Real change", _signed(after - before), help=REAL_HELP)
    if predicted is None:
        predicted_place.caption(NO_AMOUNTS)
    else:
        predicted_place.metric("Predicted by the map", _signed(predicted), help=PREDICTED_HELP)
    if attribution.adds_up is False and attribution.residual is not None:
        missed = short(abs(attribution.residual))
        st.caption(f"The whole map misses the score by {missed}: its amounts are rough.")
    st.dataframe(answers_table(found), hide_index=True, key="edit-answers")
    count = len(found.before.class_names)
    if count > MOST_CLASSES:
        st.caption(f"The {MOST_CLASSES} classes with the highest scores before, of {count:,}.")


def answers_table(found: Edited) -> dict[str, list[str]]:
    """Columns of the classes with the highest scores: logit and probability, before and after."""
    before, after = found.before, found.after
    highest = np.argsort(-before.scores, kind="stable")[:MOST_CLASSES]
    columns = {
        "Class": [before.class_names[index] for index in highest],
        "Logit": [_course(short, before.scores[index], after.scores[index]) for index in highest],
    }
    if before.kind != "regression":
        chances = ((before.probabilities[index], after.probabilities[index]) for index in highest)
        columns["Probability"] = [_course(percent, *pair) for pair in chances]
    return columns


def _course(written: Callable[[float], str], before: float, after: float) -> str:
    return f"{written(float(before))} → {written(float(after))}"


def _how() -> EditSettings:
    """What stands in place of the region; without the region."""
    chosen, paint = st.columns([3.4, 1])
    with chosen:
        how = choice("How", HOW, key="edit-how", default="blurred", help=HOW_HELP)
    if how != COLOUR:
        return EditSettings(how=how)
    with paint:
        address.restore("edit-colour", _colour, PAINT)
        colour = st.color_picker("Colour", key="edit-colour")
    address.keep({"edit-colour": None if colour == PAINT else colour})
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return EditSettings(how=how, red=red, green=green, blue=blue)


def _colour(text: str) -> str | None:
    """``#rrggbb`` as it is, and nothing else."""
    digits = text.removeprefix("#").lower()
    fits = text.startswith("#") and len(digits) == 6 and set(digits) <= set("0123456789abcdef")
    return text if fits else None


def _draw_on(view: View, tool: str) -> tuple[Polygon, ...]:
    """The photo to draw on, and what has been drawn on it."""
    text = address.restore(DRAWN, _known_drawing, "")
    address.keep({DRAWN: text or None})
    polygons = drawn_polygons(text) or ()
    pixels = enlarged(photo_pixels(view), SHOWN_PX)
    size = (pixels.shape[0], pixels.shape[1])
    framed_chart(
        drawable_photo(pixels, polygons, tool=tool, theme=theme()),
        key=CHART,
        aspect=size[1] / size[0],
        alt=f"The photo to draw on: {view.photo.title}",
        on_select=functools.partial(_take_drawing, size),
        selects=("box", "lasso"),
    )
    return polygons


def _known_drawing(text: str) -> str | None:
    return text if drawn_polygons(text) is not None else None


def _take_drawing(size: tuple[int, int]) -> None:
    """In a callback of the chart: keep what was drawn; an empty selection leaves what was drawn before."""
    text = drawn_text(st.session_state[CHART].selection, size)
    if text is not None:
        st.session_state[DRAWN] = text


def _edit_of_top(
    view: View, shown: AttributionMap, share: float, how: EditSettings, *, positive: bool
) -> Edit:
    region = top_region(shown, photo_pixels(view).shape[:2], share)
    drawn = "only_for(result)" if positive else "result"
    code = f"top_region({drawn}, size, {share!r})"
    return Edit(region=region, region_code=code, settings=_with(how, region))


def _edit_of_drawing(view: View, polygons: tuple[Polygon, ...], how: EditSettings) -> Edit:
    region = polygon_region(polygons, photo_pixels(view).shape[:2])
    code = f"polygon_region({polygons!r}, size)"
    return Edit(region=region, region_code=code, settings=_with(how, region))


def _with(how: EditSettings, region: Region) -> EditSettings:
    return dataclasses.replace(how, region=region_runs(region))


def _share_text(region: Region) -> str:
    return f"{float(region.mean()):.1%} of the photo".replace("%", "\N{NO-BREAK SPACE}%")


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else ''}{short(value)}"


def export(view: View, selection: HeatMapSelection, edit: Edit, found: Edited) -> Export:
    """The photo before and after, side by side, with both answers."""
    changed = ", ".join(
        f"{name}={getattr(edit.settings, name)!r}"
        for name in ("how", "red", "green", "blue")
        if name == "how" or edit.settings.how == COLOUR
    )
    request = selection.request
    about = (
        f"model_key={view.model_key!r}, image=image, head={request.head}, "
        f"class_index={request.class_index}, region={request.region!r}, against={request.against!r}"
    )
    return Export(
        name=file_name("edited", selection.class_name, view.photo.title),
        title=f"Edit and retest, {view.photo.title}",
        note=f"{_share_text(edit.region)} {HOW[edit.settings.how].lower()}; {selection.asked}, "
        f"{selection.score_words} {_course(short, *asked_scores(found, request.against))}.",
        image=lambda: row_pixels([photo_pixels(view), rgb_pixels(found.pixels)], 2),
        arrays=lambda: named_arrays(found) | {"region": edit.region},
        code=code_of(view, selection.analysis, request, selection.settings)
        + "from cnn_core.attribution.edited import EDIT, EditSettings, predicted_change, top_region\n"
        "from cnn_core.images.regions import polygon_region, region_runs\n"
        + ("from dashboard.widgets.overlay_view import only_for\n" if "only_for" in edit.region_code else "")
        + f"size = explorer.model_input_pixels({view.model_key!r}, image).shape[:2]\n"
        f"region = {edit.region_code}\n"
        f"settings = EditSettings(region=region_runs(region), {changed})\n"
        f"edited = explorer.run(EDIT, Request({about}), settings)\n"
        "print(edited.scores, edited.change, predicted_change(result, region))",
        drawing="from dashboard.figures.pictures.pattern_grid import row_pixels\n"
        f"{photo_code(view)}picture = row_pixels([photo, rgb_pixels(edited.pixels)], 2)\n",
    )
