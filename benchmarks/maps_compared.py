"""Whether ours and the peers' maps agree once their display steps are undone, from saved maps."""

from __future__ import annotations

from pathlib import Path

import cv2
import keras
import numpy as np

from benchmarks.record import Record, emit
from benchmarks.subject import Float, options


def main() -> None:
    """Compare what ``maps_ours`` and the peers' scripts have saved."""
    folder = options().values
    if folder is None:
        raise SystemExit("Expected --values FOLDER with the maps that the other scripts saved.")
    ours = np.load(folder / "ours.npz")
    positive = np.maximum(ours["grad_cam"], 0)
    shape = ours["saliency"].shape
    for who in ("tf-keras-vis", "xplique"):
        theirs = _maps(folder / f"{who}.npz")
        if not theirs:
            continue
        _tell(who, "Saliency, largest difference", difference(ours["saliency"], theirs["saliency"]))
        if "grad_cam" in theirs:
            _tell(who, "Grad-CAM, largest difference", difference(positive, theirs["grad_cam"]))
        if who == "xplique":
            _tell(
                who,
                "Grad-CAM resized alike, largest difference",
                difference(bicubic(positive, shape), theirs["grad_cam_shown"]),
            )
        ours_shown, shown = half_pixel(positive, shape), theirs["grad_cam_shown"]
        _tell(who, "Grad-CAM as shown, correlation", correlation(ours_shown, shown))
        _tell(who, "Grad-CAM as shown, centroid moved", centroid_shift(ours_shown, shown), "px")


def difference(ours: Float, theirs: Float) -> float:
    """Largest difference as a share of the largest of our values."""
    return float(np.abs(ours - theirs).max() / np.abs(ours).max())


def correlation(a: Float, b: Float) -> float:
    """Pearson's."""
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def centroid_shift(a: Float, b: Float) -> float:
    """Distance in pixels between the centres of gravity of two maps ``(H, W)``."""
    return float(np.hypot(*(np.subtract(centroid(a), centroid(b)))))


def centroid(values: Float) -> tuple[float, float]:
    """(row, column) of the centre of gravity of what is positive."""
    weights = np.maximum(values, 0)
    rows, columns = np.indices(values.shape)
    return float((rows * weights).sum() / weights.sum()), float((columns * weights).sum() / weights.sum())


def half_pixel(values: Float, shape: tuple[int, ...]) -> Float:
    """Resized as Convscope shows it: bilinear, cell centres where they belong."""
    return np.asarray(cv2.resize(values, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), np.float32)


def bicubic(values: Float, shape: tuple[int, ...]) -> Float:
    """Resized as Xplique shows it."""
    resized = keras.ops.image.resize(values[..., None], shape, interpolation="bicubic")
    return np.asarray(keras.ops.convert_to_numpy(resized)[..., 0], np.float32)


def _maps(path: Path) -> dict[str, Float]:
    return dict(np.load(path)) if path.exists() else {}


def _tell(who: str, what: str, value: float, unit: str = "") -> None:
    emit(Record(who=who, what=what, value=value, unit=unit))


if __name__ == "__main__":
    main()
