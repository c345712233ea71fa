"""A network of known weights and photos that lie in memory, to index."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
from keras import layers

from cnn_core.images.preprocessing import Preprocessing
from cnn_core.neurons.part_computation import IndexedModel
from cnn_core.neurons.photo_set import PhotoFile, PhotoSet
from cnn_core.probe.probe import Probe

SIDE = 3


def known_network() -> keras.Model:
    """Channel 0 of ``conv`` is the photo, 1 is 100 less the photo, 2 never fires; ``dense`` takes means."""
    model = keras.Sequential(
        [
            layers.Input((SIDE, SIDE, 1)),
            layers.Conv2D(3, 1, activation="relu", name="conv"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2, name="dense"),
        ]
    )
    model.get_layer("conv").set_weights(
        [np.float32([1, -1, -1]).reshape(1, 1, 1, 3), np.float32([0, 100, -1])]
    )
    model.get_layer("dense").set_weights([np.float32([[1, 0], [0, 1], [0, 0]]), np.zeros(2, np.float32)])
    return model


class Album:
    """Photos ``(SIDE, SIDE)`` by path ``CLASS/NAME``, and which of them were read."""

    def __init__(self, photos: Mapping[str, np.ndarray]) -> None:
        self.photos = dict(photos)
        self.read: list[str] = []

    def pixels(self, path: Path) -> np.ndarray:
        """What a photo file would hold."""
        name = "/".join(path.parts[-2:])
        self.read.append(name)
        if name not in self.photos:
            raise FileNotFoundError(2, "No such file or directory")
        return np.repeat(np.uint8(self.photos[name])[..., None], 3, axis=-1)

    def as_set(self, names: list[str] | None = None) -> PhotoSet:
        """The photos, all or those of ``names``, as a data set."""
        chosen = sorted(self.photos if names is None else names)
        files = tuple(
            PhotoFile(path=name, label=name.split("/")[0], time_ns=1, size_bytes=1) for name in chosen
        )
        classes = tuple(sorted({file.label for file in files}))
        return PhotoSet(folder=Path("/album"), classes=classes, files=files)

    def model(self, network: keras.Model | None = None, fingerprint: str = "f" * 64) -> IndexedModel:
        """The known network, or another one, which reads these photos."""
        return IndexedModel(
            key="known",
            fingerprint=fingerprint,
            probe=Probe(known_network() if network is None else network),
            input_px=(SIDE, SIDE),
            preprocessing=Preprocessing(scale=(1.0,)),
            pixels=self.pixels,
        )


def drawn(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """So many photos of noise in each of two classes, of which ``bright`` is brighter."""
    random = np.random.default_rng(seed)
    photos = {}
    for label, low, high in (("bright", 60, 256), ("dark", 0, 140)):
        for number in range(count):
            photos[f"{label}/{number:05}.png"] = random.integers(low, high, (SIDE, SIDE))
    return photos
