"""Filter patterns of every convolution: time per filter, z-score, share above all photos."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.record import Record, emit
from benchmarks.subject import options
from cnn_core.analysis import Target
from cnn_core.feature_visualization import FilterPatternSettings, filter_patterns
from cnn_core.models.store import ModelStore
from cnn_core.paths import models_folder


def main() -> None:
    """Measure: whole layers, everything included, graphs compiled anew for each as on the page."""
    chosen = options()
    model = ModelStore(models_folder()).open(chosen.model)
    layers = [info.name for info in model.probe.layers if info.convolution]
    targets = {name: Target(layer_name=name, statistics=model.statistics) for name in layers}
    settings = FilterPatternSettings()
    filter_patterns(model.probe, targets[layers[0]], settings)  # wakes the framework up
    for name in layers:
        begun = time.perf_counter()
        found = filter_patterns(model.probe, targets[name], settings)
        seconds = time.perf_counter() - begun
        active = found.active
        figures = {
            "seconds per filter": seconds / max(1, int(active.sum())),
            "median z-score": float(np.median(found.z_scores[active])),
            "share above all photos": float(found.exceeds_dataset_maximum[active].mean()),
            "dead filters": float((~active).sum()),
            "side in pixels": found.patterns.shape[1],
        }
        for what, value in figures.items():
            emit(Record(who="ours", what=f"{name}: {what}", value=value))


if __name__ == "__main__":
    main()
