"""The notebook's way to all activations: ``predict`` of a model with many outputs, Matplotlib grids."""

from __future__ import annotations

import io
import math

import keras
import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt

from benchmarks.subject import Float, keras_model, options, photo_input
from benchmarks.timing import emit_times

MAPS_PER_ROW = 16


def grid_png(maps: Float) -> bytes:
    """Maps ``(h, w, k)``, each standardised, 16 a row, drawn one pixel per unit and saved as PNG."""
    height, width, count = maps.shape
    rows = math.ceil(count / MAPS_PER_ROW)
    grid = np.zeros((rows * height, MAPS_PER_ROW * width), np.uint8)
    for channel in range(count):
        row, column = divmod(channel, MAPS_PER_ROW)
        values = maps[..., channel]
        values = (values - values.mean()) / (values.std() + 1e-5) * 64 + 128
        place = slice(row * height, (row + 1) * height), slice(column * width, (column + 1) * width)
        grid[place] = np.clip(values, 0, 255).astype(np.uint8)
    figure = plt.figure(figsize=(grid.shape[1] / width, grid.shape[0] / width))
    plt.grid(visible=False)
    plt.imshow(grid, aspect="auto", cmap="viridis")
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    plt.close(figure)
    return stream.getvalue()


def main() -> None:
    """Measure."""
    mpl.use("Agg")
    chosen = options()
    model = keras_model(chosen.model)
    inputs = photo_input(chosen.model, chosen.photo, model.input_shape[1:])
    shown = [layer for layer in model.layers if len(layer.output.shape) == 4 and _is_real(layer)]
    many = keras.Model(model.inputs, [layer.output for layer in shown])

    def pictures() -> list[bytes]:
        return [grid_png(maps[0]) for maps in many.predict(inputs, verbose=0)]

    emit_times(
        "notebook",
        {"predict": lambda: many.predict(inputs, verbose=0), "activations and grids": pictures},
        max(3, chosen.repeats // 10),
    )


def _is_real(layer: keras.layers.Layer) -> bool:
    """Neither the input nor an operation that only pads."""
    return isinstance(layer, keras.layers.Layer) and not isinstance(layer, keras.layers.InputLayer)


if __name__ == "__main__":
    main()
