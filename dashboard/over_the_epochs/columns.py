"""What every kept epoch of a run answers to ordinary analyses, or else the progress."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnn_core.activations import ACTIVATIONS
from cnn_core.analysis import Analysis, Request
from cnn_core.feature_visualization import FILTER_PATTERNS
from cnn_core.models.card import checkpoint_key, run_and_epoch
from cnn_core.prediction import PREDICTION
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap, FilterPatterns, HeadAnswer, LayerActivations
from dashboard.session.resources import explorer
from dashboard.session.view import View
from dashboard.widgets.job_view import Task, result_or_progress

if TYPE_CHECKING:
    from cnn_core.probe.layer_info import LayerInfo

PATTERN_SHARE = 0.8  # of the time that an epoch takes

Ask = Callable[[Analysis, Request], Any]  # gives the result, or None where it is not known


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

    def requests(self, epoch: int) -> tuple[tuple[Analysis, Request], ...]:
        """The pattern, the maps, the heat map and the answer of an epoch."""
        key, image, layer = self.key(epoch), self.view.photo.image(), self.info.name
        seen = Request(model_key=key, image=image, head=self.head, class_index=self.class_index)
        return (
            (FILTER_PATTERNS, Request(model_key=key, layer_name=layer, channels=(self.channel,))),
            (ACTIVATIONS, Request(model_key=key, image=image, layer_name=layer)),
            (self.method, seen),
            (PREDICTION, Request(model_key=key, image=image)),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Column:
    """What one epoch answers."""

    epoch: int
    pattern: FilterPatterns
    layer: LayerActivations
    attribution: AttributionMap
    answer: HeadAnswer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """What the epochs answer, those that are known so far, in order."""

    columns: tuple[Column, ...]


def columns_or_progress(selection: EpochsSelection, draw: Callable[[Columns], None]) -> Columns | None:
    """All columns; new ones are found beside the page, with their progress and those found so far drawn."""
    return result_or_progress(
        Task(
            slot="epochs",
            key=_key(selection),
            doing=f"Asking {len(selection.epochs)} epochs for the pattern, the map and the heat map",
            work=lambda progress: _found(selection, progress),
            result=Columns,
            known=lambda: _known(selection),
            preview=draw,
        )
    )


def _found(selection: EpochsSelection, progress: Progress) -> Columns:
    columns: list[Column] = []
    for number, epoch in enumerate(selection.epochs):
        part = progress.part(number, len(selection.epochs))
        part(0.0, Columns(columns=tuple(columns)) if columns else None)
        # What the analyses have to show on their way are no columns.
        partial = Progress(tell=functools.partial(_tell, part), cancelled=progress.cancelled)
        columns += filter(None, [_column(selection, epoch, functools.partial(_computed, partial))])
    return Columns(columns=tuple(columns))


def _tell(part: Progress, share: float, _preview: object) -> None:
    part(PATTERN_SHARE * share)


def _computed(progress: Progress, analysis: Analysis, request: Request) -> Any:
    return explorer().run(analysis, request, None, progress)


def _known(selection: EpochsSelection) -> Columns | None:
    columns = []
    for epoch in selection.epochs:
        column = _column(selection, epoch, explorer().known)
        if column is None:
            return None
        columns.append(column)
    return Columns(columns=tuple(columns))


def _column(selection: EpochsSelection, epoch: int, ask: Ask) -> Column | None:
    results = []
    for analysis, request in selection.requests(epoch):
        results.append(ask(analysis, request))
        if results[-1] is None:
            return None
    pattern, layer, attribution, prediction = results
    return Column(
        epoch=epoch,
        pattern=pattern,
        layer=layer,
        attribution=attribution,
        answer=prediction.heads[selection.head],
    )


def _key(selection: EpochsSelection) -> str:
    """The name of all results together: that of each, whenever it would be another one."""
    digest = hashlib.sha256()
    for epoch in selection.epochs:
        for analysis, request in selection.requests(epoch):
            digest.update(explorer().result_key(analysis, request).encode())
    return digest.hexdigest()
