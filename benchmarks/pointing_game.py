"""Do heat maps lie on the line? The pointing game on pictures whose truth is known to the pixel.

    python -m benchmarks.pointing_game MODEL_FOLDER [COUNT]

For each output and method: the share of pictures whose largest value lies on the line or one pixel beside it
(Zhang et al. 2018; their tolerance is 15 px of some 500), the same without that pixel, and the share of the
positive mass on the line. On the line are the pixels that it touches.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cnn_core.analysis import NoSettings, Target
from cnn_core.attribution import GRAD_CAM
from cnn_core.attribution.hires_cam import HIRES_CAM
from cnn_core.datasets import lines
from cnn_core.models.card import CARD_FILE, read_card
from cnn_core.models.store import ModelStore
from cnn_core.probe.probe import Probe
from cnn_core.progress import SILENT


def shares_on_the_line(folder: Path, count: int, seed: int = 9) -> dict[str, tuple[float, ...]]:
    """Pointing game, near and exactly, and share of mass by ``output, method``, over new random lines."""
    labels = np.random.default_rng(seed).integers(0, len(lines.CLASSES), count)
    drawn = lines.line_pictures(labels, seed)
    probe: Probe = ModelStore(folder.parent).open(folder.name).probe
    inputs = read_card(folder / CARD_FILE).preprocessing.apply(drawn.pixels)
    found: dict[str, list[tuple[bool, bool, float]]] = {}
    for picture, coverage in zip(inputs, drawn.coverage, strict=True):
        scores = probe.scores(picture[None])
        for head, values in enumerate(scores):
            for method in (GRAD_CAM, HIRES_CAM):
                target = Target(
                    inputs=picture[None],
                    layer_name=probe.default_cam_layer(head),
                    head=head,
                    class_index=int(values[0].argmax()),
                )
                result = method.compute(probe, target, NoSettings(), SILENT)
                name = f"{probe.heads[head].name}, {method.key}"
                found.setdefault(name, []).append(_on_the_line(result, coverage > 0))
    return {name: tuple(np.mean(np.array(pairs, float), axis=0).tolist()) for name, pairs in found.items()}


def _on_the_line(result: Any, line: np.ndarray[Any, np.dtype[np.bool_]]) -> tuple[bool, bool, float]:
    enlarged = _on_pixels(result.values, result.extent, line.shape)
    positive = np.maximum(enlarged, 0)
    place = np.unravel_index(enlarged.argmax(), enlarged.shape)
    near = cv2.dilate(line.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return bool(near[place]), bool(line[place]), float(positive[line].sum() / max(positive.sum(), 1e-12))


def _on_pixels(values: Any, extent: tuple[float, ...], shape: tuple[int, int]) -> Any:
    """A map at each pixel, bilinear between the centres of its cells."""
    top, left, bottom, right = extent
    rows = ((np.arange(shape[0]) + 0.5 - top) / (bottom - top) * values.shape[0] - 0.5).astype(np.float32)
    columns = ((np.arange(shape[1]) + 0.5 - left) / (right - left) * values.shape[1] - 0.5).astype(np.float32)
    x, y = np.meshgrid(columns, rows)
    return cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


if __name__ == "__main__":
    folder, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 500
    for name, (near, exact, mass) in shares_on_the_line(folder, count).items():
        sys.stdout.write(
            f"{name:<24} pointing game {near:.3f}, exactly {exact:.3f}, mass on the line {mass:.2f}\n"
        )
