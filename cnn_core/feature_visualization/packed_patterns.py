"""Filter patterns in little room, as they come with a model: each picture as a WebP file."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnn_core.feature_visualization.layer_ascent import FilterPatternSettings, LayerAscent
from cnn_core.neurons.statistics import ChannelStatistics
from cnn_core.probe.probe import Probe
from cnn_core.results import FilterPatterns, Float

QUALITY = 70  # of WebP: all patterns of the bundled models together stay below 8 MB

Pixels = NDArray[np.uint8]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PackedPatterns:
    """What ``FilterPatterns`` holds but for the growth.

    Attributes:
        files: the bytes of all pictures, one file after another.
        ends: ``(n,)``, where each file ends.
    """

    layer_name: str
    channels: NDArray[np.int64]
    files: Bytes
    ends: NDArray[np.int64]
    scores: Float
    history: Float
    z_scores: Float
    has_z_scores: bool
    exceeds_dataset_maximum: NDArray[np.bool_]
    active: NDArray[np.bool_]

    def unpacked(self) -> FilterPatterns:
        """The patterns as anybody else gets them."""
        patterns = np.stack([_opened(file) for file in np.split(self.files, self.ends[:-1])])
        return FilterPatterns(
            layer_name=self.layer_name,
            channels=self.channels,
            patterns=patterns,
            scores=self.scores,
            history=self.history,
            z_scores=self.z_scores,
            has_z_scores=self.has_z_scores,
            exceeds_dataset_maximum=self.exceeds_dataset_maximum,
            active=self.active,
            growth=np.empty((0, *patterns.shape), np.uint8),
            growth_steps=np.empty(0, np.int64),
        )


def packed(probe: Probe, patterns: FilterPatterns, known: ChannelStatistics | None) -> PackedPatterns:
    """The patterns as files, with the scores of what these files show.

    Args:
        probe: the model.
        patterns: of one of its layers; pictures of three colours.
        known: the statistics of that layer.
    """
    files = [_file(picture) for picture in patterns.patterns]
    shown = replace(patterns, patterns=np.stack([_opened(file) for file in files]))
    measured = _remeasured(probe, shown, known)
    return PackedPatterns(
        layer_name=measured.layer_name,
        channels=measured.channels,
        files=np.concatenate(files),
        ends=np.cumsum([len(file) for file in files]),
        scores=measured.scores,
        history=measured.history,
        z_scores=measured.z_scores,
        has_z_scores=measured.has_z_scores,
        exceeds_dataset_maximum=measured.exceeds_dataset_maximum,
        active=measured.active,
    )


def _remeasured(probe: Probe, patterns: FilterPatterns, known: ChannelStatistics | None) -> FilterPatterns:
    """Patterns whose pictures were changed, with the scores of what they show now."""
    pictures, history = patterns.patterns, patterns.history[:-1]
    ascent = LayerAscent(
        probe=probe,
        layer_name=patterns.layer_name,
        channels=patterns.channels,
        known=known,
        size_px=(pictures.shape[1], pictures.shape[2]),
        settings=FilterPatternSettings(),
    )
    batches = ascent.batches(np.arange(len(pictures)))
    return ascent.result(
        [(members, ascent.measured(members, pictures[members], history[:, members])) for members in batches]
    )


def _file(picture: Pixels) -> Bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "WEBP", quality=QUALITY, method=6)
    return np.frombuffer(stream.getvalue(), np.uint8)


def _opened(file: Bytes) -> Pixels:
    with Image.open(io.BytesIO(file.tobytes()), formats=["WEBP"]) as picture:
        return np.asarray(picture.convert("RGB"))
