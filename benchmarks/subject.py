"""What is measured: the networks and the photo, the same for ours and for the peers."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from cnn_core.images.decode import decode_image, model_pixels
from cnn_core.images.preprocessing import Preprocessing
from cnn_core.models.card import read_card
from cnn_core.models.loading import load_model
from cnn_core.models.store import ModelStore
from cnn_core.paths import models_folder, samples_folder
from cnn_core.probe.probe import Probe

Float = NDArray[np.float32]

BASELINE = "report_baseline"
CLASS_INDEX = 0  # cats: the negative of the one sigmoid unit's logit


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What every script is told on its command line."""

    model: str
    photo: Path
    repeats: int
    channels: int
    photos: int
    values: Path | None


def options() -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="cats_dogs", help=f"a model's key, or {BASELINE}")
    parser.add_argument("--photo", type=Path, default=samples_folder() / "chelsea_cat.jpg")
    parser.add_argument("--repeats", type=int, default=30, help="calls per figure, whose median counts")
    parser.add_argument("--channels", type=int, default=3, help="filters per layer for a slow peer")
    parser.add_argument("--photos", type=int, default=300, help="photos before memory is taken again")
    parser.add_argument("--values", type=Path, help="folder that takes the maps themselves, as .npy")
    return Options(**vars(parser.parse_args()))


def keras_model(key: str) -> keras.Model:
    """A model by its key, or the untrained baseline."""
    return report_baseline() if key == BASELINE else load_model(models_folder() / key / "model.keras")


def opened(key: str) -> Probe:
    """The same as ``keras_model``, opened by Convscope."""
    return Probe(report_baseline()) if key == BASELINE else ModelStore(models_folder()).open(key).probe


def preprocessing(key: str) -> Preprocessing:
    """From pixels to what the model takes."""
    return (
        Preprocessing() if key == BASELINE else read_card(models_folder() / key / "card.json").preprocessing
    )


def photo_input(key: str, photo: Path, input_shape: tuple[Any, ...]) -> Float:
    """The photo as the model gets it, ``(1, H, W, c)``; ``input_shape`` is ``(H, W, c)``."""
    height, width, channels = input_shape
    pixels = model_pixels(decode_image(photo.read_bytes()).pixels, (height, width), channels)
    return preprocessing(key).apply(pixels)[None]


def report_baseline() -> keras.Model:
    """A textbook network with random weights: four convolutions and poolings, two dense layers."""
    keras.utils.set_random_seed(0)
    stack: list[Any] = [keras.Input((150, 150, 3))]
    for filters in (32, 64, 128, 128):
        stack += [layers.Conv2D(filters, 3, activation="relu"), layers.MaxPooling2D()]
    stack += [layers.Flatten(), layers.Dense(512, activation="relu"), layers.Dense(1, activation="sigmoid")]
    return keras.Sequential(stack)
