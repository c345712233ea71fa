"""Small results to be stored, for the tests of the store, its folder and its files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from cnn_core.cache.store import ResultStore, result_key
from cnn_core.results import AttributionMap, LayerActivations

MEGABYTE = 2**20


def key(number: int = 0) -> str:
    return result_key(analysis="test", version=1, model_sha256="m", params={"number": number})


def map_of(values: Any, constant: float | None = None) -> AttributionMap:
    return AttributionMap(
        method="grad_cam",
        layer_name="block1_conv1",
        head=0,
        class_index=0,
        values=np.float32(values),
        signed=True,
        score=-1.25,
        extent=(0.0, 0.5, 144.0, 143.5),
        constant=constant,
    )


def heavy(megabytes: float = 1) -> AttributionMap:
    return map_of(np.zeros((int(megabytes * MEGABYTE) // 4, 1)))


def activations(name: str) -> LayerActivations:
    maps = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    names = ("minimum", "maximum", "mean", "zero_fraction")
    figures = {figure: np.full(4, index, np.float32) for index, figure in enumerate(names)}
    return LayerActivations(layer_name=name, maps=maps, **figures)


def disk_only(folder: Path, max_bytes: int = 100 * MEGABYTE) -> ResultStore:
    return ResultStore(folder, max_bytes, memory_bytes=0)


def stored_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def refuse_to_compute() -> Any:
    raise AssertionError("computed again")
