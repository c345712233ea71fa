"""What an analysis is: a value from which page, command line, cache, documentation and tests follow.

Adding one takes a file with a pure ``compute`` and such a value, a line in a tuple, and a test of its
identity. Read ``cnn_core/attribution/grad_cam.py`` first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from cnn_core.errors import InvalidRequestError
from cnn_core.images.decode import RgbImage
from cnn_core.neurons.statistics import ChannelStatistics
from cnn_core.probe.heads import Region
from cnn_core.probe.outline import Outline
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress

T = TypeVar("T")
Float = NDArray[np.float32]
LayerKind = Literal["any", "map", "convolution"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoSettings:
    """For analyses with nothing to set."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Request:
    """What a person asks an analysis about; what is left open is decided by the model.

    Attributes:
        model_key: which model.
        image: the picture, for analyses of one.
        layer_name: None means the layer that the analysis takes by itself, the last one that fits.
        head: index of the output.
        class_index: None means the model's own answer; 0 is a class.
        channels: of the layer; None means all of them.
        region: of an output with an answer for each place, as a segmentation has: its part whose mean is
            asked about, as top, left, bottom, right from 0 to 1; None means all of it.
        against: index of a class of the same output: asked is then what sets the two apart, the difference
            of their scores; None means the score alone.
    """

    model_key: str
    image: RgbImage | None = None
    layer_name: str | None = None
    head: int = 0
    class_index: int | None = None
    channels: tuple[int, ...] | None = None
    region: Region | None = None
    against: int | None = None


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

    @property
    def picture(self) -> Float:
        """``inputs`` of an analysis of a picture; without one an ``InvalidRequestError``."""
        return _given(self.inputs, "a picture")

    @property
    def layer(self) -> str:
        """``layer_name`` of an analysis of a layer; without one an ``InvalidRequestError``."""
        return _given(self.layer_name, "a layer")

    @property
    def label(self) -> int:
        """``class_index`` of an analysis of a class; without one an ``InvalidRequestError``."""
        return _given(self.class_index, "a class")


def _given(value: T | None, what: str) -> T:
    if value is None:
        raise InvalidRequestError(f"Expected {what}. Received: none. Choose one.")
    return value


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


def always_applicable(outline: Outline, head: int) -> str | None:
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
        takes_channels: whether it can be asked about some channels of the layer.
        fast: whether it computes in the fastest precision of the device, which then decides the result too.
        signed: whether negative values are evidence against the class.
        unit: of the values of a map; maps of one unit can be put on one scale. Empty for values that can be
            compared with those of the same method only.
        strongest: what the largest values mean, for the end of a scale, where they are not ``for`` the class.
        inapplicable: ``(outline, head) -> reason``, or None where the analysis can be done.
        together: ``(probe, target) -> (analysis, layer name, result), ...``, for an analysis whose result
            comes out of a pass through the network with others, each of which is then stored too.
    """

    key: str
    title: str
    group: str
    summary: str
    reference: str
    result: type[Any]
    compute: Callable[[Probe, Target, Any, Progress], Any]
    check: Callable[[Any], Check]
    version: int = 1
    settings: type[Any] = NoSettings
    needs_image: bool = True
    needs_class: bool = True
    needs_layer: LayerKind | None = None
    takes_channels: bool = False
    fast: bool = False
    signed: bool = False
    unit: str = ""
    strongest: str = "moves the score most"
    inapplicable: Callable[[Outline, int], str | None] = always_applicable
    together: Callable[[Probe, Target], Iterator[tuple[Analysis, str | None, Any]]] | None = None


def incomparable(sentence: str) -> Callable[[Any], Check]:
    """The check of an analysis whose result can be compared with nothing, and why, in a sentence."""
    return lambda result: Check(sentence=sentence)
