"""A small network and a picture as plain arrays for every framework, and where peers' maps of it lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "attribution" / "peer_maps"
SIDE_PX, CLASSES, CLASS_INDEX = 24, 3, 2
FIRST, SECOND = 8, 12  # filters
LAYER = "conv2"
OCCLUSION_PATCH, OCCLUSION_STRIDE = 6, 6  # px: side by side, so that peers need not agree on overlaps
STEPS = 200  # of Integrated Gradients


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Kernels ``(h, w, in, out)``, then the head ``(h * w * channels, classes)`` of a channels-last map.

    Convolution without padding, ReLU, max pooling by two; once more without pooling; flatten; dense.
    """

    kernel1: Float
    bias1: Float
    kernel2: Float
    bias2: Float
    head: Float
    head_bias: Float


def weights() -> Weights:
    """The same numbers at every call, as large as a trained network's."""
    random = np.random.default_rng(2026)

    def drawn(*shape: int) -> Float:
        fan_in = max(1, int(np.prod(shape[:-1])))
        return (random.normal(size=shape) * np.sqrt(2 / fan_in)).astype(np.float32)

    side = (SIDE_PX - 2) // 2 - 2
    return Weights(
        kernel1=drawn(3, 3, 3, FIRST),
        bias1=0.1 * drawn(FIRST),
        kernel2=drawn(3, 3, FIRST, SECOND),
        bias2=0.1 * drawn(SECOND),
        head=drawn(side * side * SECOND, CLASSES),
        head_bias=0.1 * drawn(CLASSES),
    )


def picture() -> Float:
    """``(1, 24, 24, 3)``, from black, 0, to white, 1: soft shapes, and nowhere black itself."""
    rows, columns = np.mgrid[:SIDE_PX, :SIDE_PX] / SIDE_PX
    waves = [np.sin(7 * rows + 3 * columns), np.cos(9 * columns), np.sin(11 * rows * columns + 1)]
    return (0.5 + 0.45 * np.stack(waves, axis=-1))[None].astype(np.float32)


def keep(name: str, maps: dict[str, Float]) -> None:
    """Store what a peer says: ``(h, w)`` by method."""
    FOLDER.mkdir(exist_ok=True)
    np.savez_compressed(FOLDER / f"{name}.npz", **{key: np.asarray(m, np.float32) for key, m in maps.items()})
