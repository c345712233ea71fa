"""Another channel over the kept epochs of a run: pattern, feature map, heat map and answer of each."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

import keras
import numpy as np

from benchmarks.record import Record, emit
from benchmarks.subject import options
from cnn_core import open_image
from cnn_core.activations import ACTIVATIONS
from cnn_core.analysis import Request
from cnn_core.cache.store import ResultStore
from cnn_core.explorer import Explorer
from cnn_core.models.card import CARD_FILE, MODEL_FILE, checkpoint_folder, checkpoint_key
from cnn_core.models.store import ModelStore
from cnn_core.paths import models_folder

EPOCHS = (0, 1, 2, 4, 8, 16, 32, 60)


def main() -> None:
    """Measure: the first channel opens and compiles the network, the others find it there."""
    chosen = options()
    image = open_image(chosen.photo)
    with tempfile.TemporaryDirectory() as runs:
        write_epochs(Path(runs) / "run", models_folder() / chosen.model)
        explorer = Explorer(ModelStore(Path(runs) / "models", Path(runs)), ResultStore(None))
        key = checkpoint_key("run", EPOCHS[-1])
        layer = [info.name for info in explorer.layers(key) if info.convolution][2]
        for channel in range(1 + chosen.channels):
            begun = time.perf_counter()
            for epoch in explorer.checkpoints("run"):
                key = checkpoint_key("run", epoch)
                explorer.filter_patterns(key, layer, channels=[channel])
                explorer.run(ACTIVATIONS, Request(model_key=key, image=image, layer_name=layer))
                explorer.attribution(key, image, "grad_cam", class_index=1)
                explorer.predict(key, image)
            what = "first channel" if channel == 0 else "another channel"
            emit(Record(who="ours", what=what, value=time.perf_counter() - begun, unit="s"))


def write_epochs(run: Path, source: Path) -> None:
    """A run whose kept epochs are a bundled network, its weights a little different in each."""
    model, random = keras.models.load_model(source / MODEL_FILE, compile=False), np.random.default_rng(0)
    weights = model.get_weights()
    for epoch in EPOCHS:
        model.set_weights([w * random.normal(1, 0.05, w.shape).astype(w.dtype) for w in weights])
        folder = checkpoint_folder(run, epoch)
        folder.mkdir(parents=True)
        model.save(folder / MODEL_FILE)
        shutil.copyfile(source / CARD_FILE, folder / CARD_FILE)


if __name__ == "__main__":
    main()
