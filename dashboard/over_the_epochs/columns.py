"""What every kept epoch of a run answers to ordinary analyses, or else the progress."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnn_core.activations import ACTIVATIONS
from cnn_core.analysis import Analysis, Request
from cnn_core.feature_visualization import FILTER_PATTERNS
from cnn_core.models.card import checkpoint_key, run_and_epoch
from cnn_core.prediction import PREDICTION
from cnn_core.results import AttributionMap, FilterPatterns, HeadAnswer, LayerActivations
from cnn_core.snippet import Call
from dashboard.figures.colours import Float
from dashboard.session.view import View
from dashboard.widgets.analysis_view import row_of_results

if TYPE_CHECKING:
    from cnn_core.probe.layer_info import LayerInfo


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EpochsSelection:
    """What is asked of every epoch.

    Attributes:
        view: the run, by the key of any of its models, and the photo.
        epochs: that were kept, in order.
        info: a convolution.
        channel: of that layer.
        head: index of the output.
        class_index: that the heat map is for.
        method: of the heat map.
    """

    view: View
    epochs: tuple[int, ...]
    info: LayerInfo
    channel: int
    head: int
    class_index: int
    method: Analysis

    def key(self, epoch: int) -> str:
        """The key of the model of an epoch."""
        return checkpoint_key(run_and_epoch(self.view.model_key)[0], epoch)

    def calls(self) -> list[Call]:
        """The pattern, the maps, the heat map and the answer of every epoch."""
        image, layer, channels = self.view.photo.image(), self.info.name, (self.channel,)
        calls = []
        for epoch in self.epochs:
            about = functools.partial(Request, model_key=self.key(epoch), image=image)
            requests = {
                FILTER_PATTERNS: about(layer_name=layer, channels=channels),
                ACTIVATIONS: about(layer_name=layer),
                self.method: about(head=self.head, class_index=self.class_index),
                PREDICTION: about(),
            }
            calls += [
                Call(analysis=analysis, request=request, picture=self.view.photo.path)
                for analysis, request in requests.items()
            ]
        return calls


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Column:
    """What one epoch answers.

    Attributes:
        epoch: which.
        pattern: of the channel.
        map: of the channel, ``(h, w)``.
        attribution: the heat map.
        answer: of the output that is asked about.
    """

    epoch: int
    pattern: FilterPatterns
    map: Float
    attribution: AttributionMap
    answer: HeadAnswer


def columns_or_progress(
    selection: EpochsSelection, draw: Callable[[Sequence[Column]], object]
) -> list[Column] | None:
    """All columns; new ones are found beside the page, with their progress and those found so far drawn."""

    def keep(result: Any) -> Any:
        # A copy, since a view would hold the layer.
        return result.maps[..., selection.channel].copy() if isinstance(result, LayerActivations) else result

    def preview(found: Sequence[Any]) -> None:
        columns = _columns(selection, found)
        if columns:
            draw(columns)

    found = row_of_results(
        selection.calls(),
        slot="epochs",
        doing=f"Asking {len(selection.epochs)} epochs for the pattern, the map and the heat map",
        preview=preview,
        keep=keep,
    )
    return None if found is None else _columns(selection, found)


def _columns(selection: EpochsSelection, found: Sequence[Any]) -> list[Column]:
    """Those epochs of which all is found."""
    fours = zip(found[0::4], found[1::4], found[2::4], found[3::4], strict=False)
    return [
        Column(
            epoch=epoch,
            pattern=pattern,
            map=one_map,
            attribution=attribution,
            answer=prediction.heads[selection.head],
        )
        for epoch, (pattern, one_map, attribution, prediction) in zip(selection.epochs, fours, strict=False)
    ]
