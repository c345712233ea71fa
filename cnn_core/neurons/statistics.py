"""How strongly each channel answers real photos: the yardstick for patterns and dead channels."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.errors import DataError, ModelError
from cnn_core.files import replacing
from cnn_core.probe.probe import Probe

Float = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChannelStatistics:
    """Figures of the channels of one layer over a set of photos.

    ``response`` is the mean of a channel's map before the non-linearity, one number per photo.

    Attributes:
        mean, std, maximum: ``(k,)``, of the response over the photos.
        fires: ``(k,)``, share of the photos on which any unit of the channel is above zero
            after its non-linearity.
    """

    mean: Float
    std: Float
    maximum: Float
    fires: Float

    @property
    def active(self) -> NDArray[np.bool_]:
        """``(k,)``: whether the channel fires on at least one photo."""
        return self.fires > 0


def channel_statistics(probe: Probe, batches: Iterable[Float]) -> dict[str, ChannelStatistics]:
    """Measure every convolution of a model on photos.

    Args:
        probe: the model.
        batches: model inputs ``(n, H, W, c)``, float32, preprocessed.

    Returns:
        Statistics by layer name; empty for a model without convolutions.

    Raises:
        DataError: no photos.
    """
    names = [info.name for info in probe.layers if info.convolution]
    responses: dict[str, list[Float]] = {name: [] for name in names}
    peaks: dict[str, list[Float]] = {name: [] for name in names}
    for inputs in batches:
        for name, (mean, peak) in probe.unit_summary(inputs, names).items():
            responses[name].append(mean)
            peaks[name].append(peak)
    if not all(responses.values()):
        raise DataError("Expected at least one photo to measure channels on. Received: none.")
    return {name: _summary(np.concatenate(responses[name]), np.concatenate(peaks[name])) for name in names}


def save_statistics(path: Path, statistics: dict[str, ChannelStatistics]) -> None:
    """Write statistics as ``.npz``, an array ``FIGURE:LAYER`` each."""
    arrays = {
        f"{figure}:{name}": getattr(values, figure)
        for name, values in statistics.items()
        for figure in ("mean", "std", "maximum", "fires")
    }
    with replacing(path) as temporary:
        np.savez_compressed(temporary, **arrays)


def load_statistics(path: Path) -> dict[str, ChannelStatistics]:
    """Read what ``save_statistics`` wrote; empty if the file is not there.

    Raises:
        ModelError: the file is damaged.
    """
    if not path.exists():
        return {}
    by_layer: dict[str, dict[str, Any]] = {}
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as saved:
            for key in saved.files:
                figure, name = key.split(":", 1)
                by_layer.setdefault(name, {})[figure] = saved[key]
        return {name: ChannelStatistics(**figures) for name, figures in by_layer.items()}
    except Exception as error:  # zip readers raise anything at all on damaged bytes
        raise ModelError(
            f"Expected channel statistics in {path.parent.name}/{path.name}. Received a damaged file "
            f"({type(error).__name__}). Restore the file, or delete it to go on without z-scores."
        ) from error


def _summary(responses: Float, peaks: Float) -> ChannelStatistics:
    return ChannelStatistics(
        mean=responses.mean(axis=0),
        std=responses.std(axis=0),
        maximum=responses.max(axis=0),
        fires=(peaks > 0).mean(axis=0, dtype=np.float32),
    )
