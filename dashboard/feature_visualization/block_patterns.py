"""The last convolution of each block: what its first channels look for (as in row B9 of the assignment)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cnn_core.analysis import Request
from cnn_core.feature_visualization import FILTER_PATTERNS
from cnn_core.snippet import Call, snippet
from dashboard.figures.colours import short
from dashboard.figures.pictures.pictures import rgb_pixels, squared
from dashboard.widgets.analysis_view import row_of_results
from dashboard.widgets.block_rows import PER_BLOCK, PICTURE_PX, blocks_of, draw_block_rows, grid_pixels
from dashboard.widgets.export_bar import Export, export_bar, file_name
from dashboard.widgets.inputs import box

if TYPE_CHECKING:
    from cnn_core.probe.layer_info import LayerInfo
    from dashboard.figures.colours import UInt8
    from dashboard.session.view import View


def draw_block_patterns(view: View, layers: Sequence[LayerInfo]) -> None:
    """Eight patterns of the last convolution of each block, in a box that opens."""
    place = box("Block by block", key="blocks-open", icon=":material/stacks:")
    if not place.open:
        return
    lasts = [block[-1] for block in blocks_of(layers)]
    calls = [_call(view, info) for info in lasts]

    def rows_of(found: Sequence[Any]) -> dict[LayerInfo, list[UInt8]]:
        return {
            info: [squared(rgb_pixels(each), PICTURE_PX) for each in patterns.patterns]
            for info, patterns in zip(lasts, found, strict=False)
        }

    def draw(found: Sequence[Any]) -> None:
        scores = {info: patterns.scores for info, patterns in zip(lasts, found, strict=False)}
        draw_block_rows(
            view,
            rows_of(found),
            "pages/filter_patterns.py",
            lambda info: "Scores " + ", ".join(short(float(score)) for score in scores[info]) + ".",
        )

    with place:
        found = row_of_results(calls, slot="blocks", doing="Searching patterns of each block", preview=draw)
        if found is None:
            return
        draw(found)
        export_bar(
            Export(
                name=file_name(view.model_key, "blocks_patterns"),
                title="The last convolution of each block",
                note=f"The first {PER_BLOCK} channels of each, the first block on top.",
                image=lambda: grid_pixels(rows_of(found)),
                arrays=lambda: {
                    info.name.replace("/", "_"): one.patterns for info, one in zip(lasts, found, strict=True)
                },
                code=snippet(calls) + "for result in results:\n    print(result.layer_name, result.scores)\n",
                drawing="from dashboard.figures.pictures.pictures import rgb_pixels, squared\n"
                "from dashboard.widgets.block_rows import grid_pixels\n"
                "rows = {\n"
                f"    one.layer_name: [squared(rgb_pixels(each), {PICTURE_PX}) for each in one.patterns]\n"
                "    for one in results\n"
                "}\n"
                "picture = grid_pixels(rows)\n",
            ),
            key="blocks-export",
        )


def _call(view: View, info: LayerInfo) -> Call:
    count = info.output_shape[-1] or 1
    request = Request(
        model_key=view.model_key, layer_name=info.name, channels=tuple(range(min(PER_BLOCK, count)))
    )
    return Call(analysis=FILTER_PATTERNS, request=request)
