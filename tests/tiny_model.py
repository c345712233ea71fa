"""A model small enough to answer at once, in a folder like those of the real ones."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
from keras import layers

SIDE_PX = 32


def write_tiny_model(folder: Path) -> Path:
    """Write one untrained two-class model of two blocks to ``folder/tiny``, and return ``folder``."""
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            layers.Input((SIDE_PX, SIDE_PX, 3)),
            layers.Conv2D(6, 3, padding="same", activation="relu", name="block1_conv"),
            layers.MaxPooling2D(name="block1_pool"),
            layers.Conv2D(8, 3, padding="same", activation="relu", name="block2_conv"),
            layers.GlobalAveragePooling2D(name="mean"),
            layers.Dense(1, "sigmoid", name="dogs"),
        ]
    )
    return write_model(folder, "tiny", model)


def write_model(
    folder: Path,
    key: str,
    model: keras.Model,
    classes: Sequence[str] | Mapping[str, list[str]] = ("cats", "dogs"),
) -> Path:
    """Write a model to ``folder/key`` with its card, and return ``folder``."""
    (folder / key).mkdir()
    model.save(folder / key / "model.keras")
    height, width = model.input_shape[1:3]
    card = {
        "title": key.title(),
        "classes": classes,
        "input": {"height_px": height, "width_px": width},
        "preprocessing": {"scale": [1 / 255], "offset": [0.0]},
        "parameters": model.count_params(),
        "validation": {"accuracy": 0.5, "pictures": 10},
    }
    (folder / key / "card.json").write_text(json.dumps(card), encoding="utf-8")
    return folder
