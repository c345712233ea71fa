"""Epochs that a run has kept, written in a moment: the tiny model with weights of its own for each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from tiny_model import write_tiny_model

from cnn_core.models.card import CARD_FILE, MODEL_FILE, checkpoint_folder

Change = Callable[[keras.Model], keras.Model]


def write_checkpoint(run: Path, epoch: int, change: Change | None = None) -> Path:
    """Write an epoch, and return its file; ``change`` makes another network of it."""
    folder = checkpoint_folder(run, epoch)
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_tiny_model(run)
    model = keras.models.load_model(run / "tiny" / MODEL_FILE)
    random = np.random.default_rng(epoch)
    model.set_weights([w + random.normal(0, 0.2, w.shape) for w in model.get_weights()])
    (model if change is None else change(model)).save(run / "tiny" / MODEL_FILE)
    card = json.loads((run / "tiny" / CARD_FILE).read_text(encoding="utf-8"))
    (run / "tiny" / CARD_FILE).write_text(json.dumps(card | {"epoch": epoch}), encoding="utf-8")
    (run / "tiny").rename(folder)
    return folder / MODEL_FILE


def longer(model: keras.Model) -> keras.Model:
    """The same weights in another network: its last convolution answers twice as strongly."""
    *trunk, mean, head = model.layers
    layers = [*trunk, keras.layers.Rescaling(2.0), mean, head]
    return keras.Sequential([keras.Input(model.input_shape[1:]), *layers])


def nameless(model: keras.Model) -> keras.Model:
    """The same network with layers that nobody gave a name: Keras counts them over the whole process."""
    conv1, pool, conv2, mean, head = model.layers
    copies = [keras.layers.Conv2D(conv1.filters, 3, padding="same", activation="relu"), pool, conv2]
    renamed = keras.Sequential([keras.Input(model.input_shape[1:]), *copies, mean, head])
    renamed.layers[0].set_weights(conv1.get_weights())
    return renamed


def with_nameless_maps(model: keras.Model) -> keras.Model:
    """Heat maps are taken behind an activation that Keras has named by its number in the process."""
    *trunk, mean, head = model.layers
    layers = [*trunk, keras.layers.ReLU(max_value=6.0), mean, head]
    return keras.Sequential([keras.Input(model.input_shape[1:]), *layers])


def as_training_writes_it(model: keras.Model) -> keras.Model:
    """With padding as an operation, which has no name of its own, and an initializer used twice."""
    initial = keras.initializers.HeNormal(seed=1)
    conv1, pool, conv2, mean, _ = model.layers
    x = inputs = keras.Input(model.input_shape[1:])
    for layer in (conv1, pool, conv2):
        x = layer(keras.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))))
    for name in ("more1", "more2"):
        x = keras.layers.Conv2D(6, 1, kernel_initializer=initial, name=name)(x)
    return keras.Model(inputs, keras.layers.Dense(1, "sigmoid", name="dogs")(mean(x)), name="written")


def adapted(model: keras.Model) -> keras.Model:
    """The network behind a normalisation whose figures differ from epoch to epoch."""
    normalise = keras.layers.Normalization(name="normalise")
    spread = float(np.abs(model.get_weights()[0]).max())
    normalise.adapt(np.float32([[[[0.1, 0.2, 0.3]]], [[[spread, 1.0, 0.9]]]]))
    return keras.Sequential([keras.Input(model.input_shape[1:]), normalise, *model.layers])
