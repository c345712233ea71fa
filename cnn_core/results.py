"""What the analyses return: one frozen value per analysis, raw and read-only.

Scaling, colouring and resizing belong to ``dashboard.figures``; nothing here is fit to be drawn
as it is. Every array is checked when the value is made, so a NaN never travels further than the
analysis that produced it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.errors import NotFiniteError

Float = NDArray[np.float32]

ROUNDING = 1e-3  # of what is added up: tensor cores keep ten bits


def frozen_array(name: str, values: Any, *, ndim: int, dtype: Any = np.float32) -> NDArray[Any]:
    """A read-only, finite array of the given rank and dtype, for the fields of a result.

    Raises:
        ValueError: another rank.
        NotFiniteError: a value that is not finite.
    """
    array = np.asarray(values, dtype)
    if array.ndim != ndim:
        raise ValueError(f"Expected {name} with {ndim} axes. Received shape {array.shape}.")
    if not np.isfinite(array).all():
        raise NotFiniteError(
            f"Expected finite {name}. Received NaN or infinity: the sums of this network overflow, or its "
            "weights are damaged. Choose another picture, layer or model."
        )
    if array.flags.writeable:
        array = array.view()
        array.setflags(write=False)
    return array


def freeze(result: object, ndim: int, *names: str, dtype: Any = np.float32) -> None:
    """Check and freeze the fields of those names of a result that is being made."""
    for name in names:
        array = frozen_array(name, getattr(result, name), ndim=ndim, dtype=dtype)
        object.__setattr__(result, name, array)


def check_lengths(lengths: dict[str, int]) -> None:
    """Fields that go together, by name, must be equally long.

    Raises:
        ValueError: they are not.
    """
    if len(set(lengths.values())) > 1:
        raise ValueError(f"Expected fields of equal length. Received: {lengths}.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeadAnswer:
    """What one output of the model says about one picture.

    Attributes:
        head: name of the output.
        kind: ``binary``, ``multilabel``, ``softmax``, ``logits`` or ``regression``.
        class_names: one per score.
        scores: ``(classes,)``, logits; one sigmoid unit gives ``[-z, z]``.
        probabilities: ``(classes,)``, 0..1; equal to ``scores`` for ``regression``.
    """

    head: str
    kind: str
    class_names: tuple[str, ...]
    scores: Float
    probabilities: Float

    def __post_init__(self) -> None:
        """Check the arrays."""
        freeze(self, 1, "scores", "probabilities")
        names = ("class_names", "scores", "probabilities")
        check_lengths({name: len(getattr(self, name)) for name in names})

    @property
    def best(self) -> int:
        """Index of the class with the highest score."""
        return int(np.argmax(self.scores))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prediction:
    """The answer of a model to one picture: one ``HeadAnswer`` per output."""

    heads: tuple[HeadAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayerFigures:
    """Figures of the channels of one layer for one picture.

    Attributes:
        layer_name: name in ``Probe.layers``.
        minimum, maximum, mean: ``(k,)``, per channel.
        zero_fraction: ``(k,)``, share of the positions of a map that are exactly zero.
    """

    layer_name: str
    minimum: Float
    maximum: Float
    mean: Float
    zero_fraction: Float

    def __post_init__(self) -> None:
        """Check the arrays."""
        figures = ("minimum", "maximum", "mean", "zero_fraction")
        freeze(self, 1, *figures)
        check_lengths({name: len(getattr(self, name)) for name in figures})

    @property
    def channel_count(self) -> int:
        """Number of channels, ``k``."""
        return len(self.mean)

    @property
    def sparsity(self) -> float:
        """Share of all values of the layer that are exactly zero, 0..1."""
        return float(self.zero_fraction.mean())

    @property
    def blank_channels(self) -> NDArray[np.intp]:
        """Indices of the channels whose map is zero everywhere."""
        return np.flatnonzero((self.minimum == 0) & (self.maximum == 0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayerActivations(LayerFigures):
    """The output of one layer for one picture, with its figures.

    Attributes:
        maps: ``(h, w, k)``; a layer without space has ``h = w = 1``.
    """

    maps: Float

    def __post_init__(self) -> None:
        """Check the arrays."""
        LayerFigures.__post_init__(self)  # super() finds no class that has slots
        freeze(self, 3, "maps")
        check_lengths({"maps": self.maps.shape[2], "figures": self.channel_count})

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of the layer."""
        height, width, channels = self.maps.shape
        return height, width, channels


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayerSummary(LayerFigures):
    """What is worth seeing of a layer at a glance: its figures and the few maps that vary most.

    Attributes:
        shape: height, width and channels of the layer.
        channels: ``(n,)``, int, those of ``maps``, the one that varies most over the picture first; none of
            a layer that is not looked at.
        maps: ``(h, w, n)``, made small.
    """

    shape: tuple[int, int, int]
    channels: NDArray[np.int64]
    maps: Float

    def __post_init__(self) -> None:
        """Check the arrays."""
        LayerFigures.__post_init__(self)
        freeze(self, 3, "maps")
        freeze(self, 1, "channels", dtype=np.int64)
        check_lengths({"shape": self.shape[2], "figures": self.channel_count})
        check_lengths({"channels": len(self.channels), "maps": self.maps.shape[2]})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayerSummaries:
    """The summaries of all layers for one picture, in the order of computation."""

    layers: tuple[LayerSummary, ...]

    def __getitem__(self, layer_name: str) -> LayerSummary:
        """The summary of one layer."""
        return next(layer for layer in self.layers if layer.layer_name == layer_name)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AttributionMap:
    """Where a picture speaks for or against a class.

    Attributes:
        method: key of the method.
        layer_name: layer that the map was taken from, or None for maps of the input.
        head, class_index: which score.
        values: ``(h, w)``, raw. In logits per cell where the method is additive. A signed method
            keeps negative values: evidence against the class.
        signed: whether negative values mean evidence against the class.
        score: the logit of that class for this picture.
        extent: (top, left, bottom, right) in model-input pixels, edges of the area that the map
            covers: where the centres of the cells' receptive fields lie.
        constant: the score to which the values of the map add, so that together they make ``score``: that of
            an empty layer, of a baseline, of the biases alone; None for methods without such an identity.
        standard_error: of a method that samples, the root mean square over the map of the standard errors
            of its values; None for one that does not.
        other_class_correlation: of a method that may not tell classes apart, the correlation (Pearson) with
            its map for the class that comes next in score; None for other methods, and with one class.
    """

    method: str
    layer_name: str | None
    head: int
    class_index: int
    values: Float
    signed: bool
    score: float
    extent: tuple[float, float, float, float]
    constant: float | None = None
    standard_error: float | None = None
    other_class_correlation: float | None = None

    def __post_init__(self) -> None:
        """Check the array."""
        freeze(self, 2, "values")

    @property
    def residual(self) -> float | None:
        """What map and constant miss of the score, in logits, or None without that identity."""
        if self.constant is None:
            return None
        return self.score - (float(self.values.sum()) + self.constant)

    @property
    def adds_up(self) -> bool | None:
        """Whether map and constant make the score but for rounding; None without that identity."""
        if self.constant is None or self.residual is None:
            return None
        size = float(np.abs(self.values).sum()) + abs(self.constant)
        return abs(self.residual) <= ROUNDING * size


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilterPatterns:
    """Pictures that make channels of one layer fire, found by gradient ascent.

    Attributes:
        layer_name: the layer.
        channels: ``(n,)``, int, channel index per pattern.
        patterns: ``(n, H, W, c)``, uint8, the found pictures.
        scores: ``(n,)``, mean of the channel before the non-linearity, re-measured on ``patterns``.
        history: ``(steps + 1, n)``, that score before each step, and last ``scores``.
        z_scores: ``(n,)``, (score - mean over real photos) / standard deviation over real photos,
            or NaN-free zeros with ``has_z_scores`` False when the model has no statistics.
        has_z_scores: whether statistics of real photos were there.
        exceeds_dataset_maximum: ``(n,)``, bool, whether the score is above that of every real photo.
        active: ``(n,)``, bool; a channel that fires on no real photo is dead.
        growth: ``(frames, n, H, W, c)``, uint8, the pictures at ``growth_steps``; may be empty.
        growth_steps: ``(frames,)``, int.
    """

    layer_name: str
    channels: NDArray[np.int64]
    patterns: NDArray[np.uint8]
    scores: Float
    history: Float
    z_scores: Float
    has_z_scores: bool
    exceeds_dataset_maximum: NDArray[np.bool_]
    active: NDArray[np.bool_]
    growth: NDArray[np.uint8]
    growth_steps: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Check the arrays."""
        freeze(self, 1, "channels", "growth_steps", dtype=np.int64)
        freeze(self, 1, "exceeds_dataset_maximum", "active", dtype=np.bool_)
        freeze(self, 1, "scores", "z_scores")
        freeze(self, 2, "history")
        freeze(self, 4, "patterns", dtype=np.uint8)
        freeze(self, 5, "growth", dtype=np.uint8)
        per_channel = ("channels", "patterns", "scores", "z_scores", "exceeds_dataset_maximum", "active")
        check_lengths(
            {
                **{name: len(getattr(self, name)) for name in per_channel},
                "history": self.history.shape[1],
                "growth": self.growth.shape[1],
            }
        )
        check_lengths({"growth": len(self.growth), "growth_steps": len(self.growth_steps)})
