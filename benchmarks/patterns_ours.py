"""Filter patterns of every convolution: time per living filter, strength, share that beats all photos."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.record import Record, emit
from benchmarks.subject import options
from cnn_core.feature_visualization import filter_patterns
from cnn_core.models.store import ModelStore
from cnn_core.paths import models_folder


def main() -> None:
    """Measure: whole layers, everything included, graphs compiled anew for each as on the page."""
    chosen = options()
    model = ModelStore(models_folder()).open(chosen.model)
    layers = [info.name for info in model.probe.layers if info.convolution]
    filter_patterns(model.probe, layers[0], statistics=model.statistics)  # wakes the framework up
    for name in layers:
        begun = time.perf_counter()
        found = filter_patterns(model.probe, name, statistics=model.statistics)
        seconds = time.perf_counter() - begun
        active = found.active
        figures = {
            "seconds per filter": seconds / max(1, int(active.sum())),
            "median strength": float(np.median(found.z_scores[active])),
            "share that beats all photos": float(found.exceeds_dataset_maximum[active].mean()),
            "dead filters": float((~active).sum()),
            "canvas side in pixels": found.patterns.shape[1],
        }
        for what, value in figures.items():
            emit(Record(who="ours", what=f"{name}: {what}", value=value))


if __name__ == "__main__":
    main()
