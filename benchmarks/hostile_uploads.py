"""What hostile uploads cost the dashboard's own process: its memory and its answer time meanwhile.

python -m benchmarks.hostile_uploads
"""

from __future__ import annotations

import io
import sys
import tempfile
import threading
import time
from pathlib import Path

import keras
import numpy as np

from cnn_core import open_explorer, open_image
from cnn_core.analysis import Request
from cnn_core.cache.store import ResultStore
from cnn_core.errors import ModelError
from cnn_core.explorer import Explorer
from cnn_core.models.store import ModelStore
from cnn_core.paths import models_folder, samples_folder
from cnn_core.prediction import PREDICTION
from cnn_core.uploads.uploads import UploadedModels

SAMPLES = 30


def resident_mb() -> float:
    """Memory of this process."""
    text = Path("/proc/self/statm").read_text(encoding="ascii")
    return int(text.split()[1]) * 4096 / 1e6


def hostile_files(folder: Path) -> dict[str, bytes]:
    """Files that want a lot: of memory, of layers, of time."""
    x = keras.Input((8, 8, 3))
    deep = x
    for _ in range(600):
        deep = keras.layers.ReLU()(deep)
    made = {
        "code": keras.Sequential([x, keras.layers.Lambda(lambda v: v * 2.0)]),
        "deep": keras.Model(x, deep),
        "wide": keras.Sequential([x, keras.layers.Flatten(), keras.layers.Dense(50_000)]),
    }
    found = {"garbage": np.random.default_rng(0).bytes(20_000_000)}
    for name, model in made.items():
        model.save(folder / f"{name}.keras")
        found[name] = (folder / f"{name}.keras").read_bytes()
    found["cut off"] = found["wide"][:-1000]
    return found


def main() -> None:
    """Measure."""
    open_explorer()
    explorer = Explorer(ModelStore(models_folder()), ResultStore(None))
    image = open_image(samples_folder() / "dog.jpg")
    model = explorer.model("cats_dogs")
    inputs = explorer.model_input("cats_dogs", image)
    explorer.run(PREDICTION, Request(model_key="cats_dogs", image=image))

    def answer_ms() -> float:
        begun = time.perf_counter()
        model.probe.scores(inputs)
        return 1000 * (time.perf_counter() - begun)

    with tempfile.TemporaryDirectory() as name:
        files = hostile_files(Path(name))
        uploads = UploadedModels(Path(name) / "uploads")
        [answer_ms() for _ in range(5)]
        alone = np.median([answer_ms() for _ in range(SAMPLES)])
        before = highest = resident_mb()
        sys.stdout.write(f"alone: {before:.0f} MB, {alone:.1f} ms an answer\n")
        for what, content in files.items():
            told: list[str] = []

            def upload(content: bytes = content, told: list[str] = told) -> None:
                try:
                    told.append(uploads.add(io.BytesIO(content), "hostile.keras"))
                except ModelError as error:
                    told.append(str(error).split("Received: ")[-1][:60])

            thread, times, begun = threading.Thread(target=upload), [], time.perf_counter()
            thread.start()
            while thread.is_alive():
                times.append(answer_ms())
                highest = max(highest, resident_mb())
                time.sleep(0.05)
            took = time.perf_counter() - begun
            sys.stdout.write(
                f"{what}: {took:.1f} s, meanwhile {np.median(times):.1f} ms an answer (worst "
                f"{max(times):.0f}), at most {highest - before:+.0f} MB: {told[0]}\n"
            )


if __name__ == "__main__":
    main()
