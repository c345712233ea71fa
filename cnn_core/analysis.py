"""What an analysis is: a value from which page, command line, cache, documentation and tests follow.

Adding one takes a file with a pure ``compute`` and such a value, a line in a tuple, and a test of its
identity. Read ``cnn_core/attribution/grad_cam.py`` first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cnn_core.neurons.statistics import ChannelStatistics
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress

Float = NDArray[np.float32]
LayerKind = Literal["any", "map", "convolution"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoSettings:
    """For analyses with nothing to set."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Target:
    """What an analysis is asked about, all of it decided.

    Attributes:
        inputs: ``(1, H, W, c)``, float32, preprocessed; None for an analysis without a picture.
        layer_name: the layer, for analyses that need one.
        head: index of the output.
        class_index: index of the class in that output, for analyses that need one; 0 is a class.
        channels: of the layer; None means all of them.
        statistics: what the model's channels answered to real photos, by layer name.
    """

    inputs: Float | None = None
    layer_name: str | None = None
    head: int = 0
    class_index: int | None = None
    channels: tuple[int, ...] | None = None
    statistics: Mapping[str, ChannelStatistics] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The identity that a result was held against.

    Attributes:
        sentence: what was compared, for people.
        figure: how far both sides are apart, in the unit of the result; None where nothing can be compared.
        holds: whether they agree within rounding; None where nothing can be compared.
    """

    sentence: str
    figure: float | None = None
    holds: bool | None = None


def always_applicable(probe: Probe, head: int) -> str | None:
    """For analyses that work on every model."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """One analysis.

    Attributes:
        key: for addresses, cache keys and the command line.
        title: for people.
        group: heading under which pickers and the documentation list it.
        summary: what it shows, in one sentence for a student.
        reference: author and year.
        version: raised when the same question gets another answer.
        result: type of what comes back.
        compute: ``(probe, target, settings, progress) -> result``; pure, and the model is left as it was.
        check: holds a result against its identity.
        settings: frozen dataclass with a default for every field; see ``cnn_core.settings``.
        needs_image, needs_class: whether it is asked about a picture, about a class.
        needs_layer: the kind of layer that it is asked about; None if it needs none.
        signed: whether negative values are evidence against the class.
        inapplicable: ``(probe, head) -> reason``, or None where the analysis can be done.
    """

    key: str
    title: str
    group: str
    summary: str
    reference: str
    version: int
    result: type[Any]
    compute: Callable[[Probe, Target, Any, Progress], Any]
    check: Callable[[Any], Check]
    settings: type[Any] = NoSettings
    needs_image: bool = True
    needs_class: bool = True
    needs_layer: LayerKind | None = None
    signed: bool = False
    inapplicable: Callable[[Probe, int], str | None] = always_applicable
