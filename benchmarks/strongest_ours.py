"""How often the strongest patterns found by successive halving are those of the whole layer, and how fast."""

from __future__ import annotations

import time

from benchmarks.record import Record, emit
from benchmarks.subject import options
from cnn_core.analysis import Target
from cnn_core.feature_visualization import FilterPatternSettings, filter_patterns, strongest_patterns
from cnn_core.feature_visualization.strongest import COUNT, strongest_by_halving
from cnn_core.models.store import ModelStore
from cnn_core.paths import models_folder

SEEDS = (0, 1)
FIRST = 10


def main() -> None:
    """Measure every convolution with more channels than are shown, once both ways are compiled."""
    chosen = options()
    model = ModelStore(models_folder()).open(chosen.model)
    for info in model.probe.layers:
        if not info.convolution or (info.output_shape[-1] or 0) <= COUNT:
            continue
        target = Target(layer_name=info.name, statistics=model.statistics)
        strongest_by_halving(model.probe, target, FilterPatternSettings(steps=8))
        for seed in SEEDS:
            settings = FilterPatternSettings(seed=seed)
            begun = time.perf_counter()
            found = strongest_by_halving(model.probe, target, settings)
            halved = time.perf_counter()
            whole = strongest_patterns(filter_patterns(model.probe, target, settings))
            seconds = halved - begun, time.perf_counter() - halved
            names = set(found.channels.tolist())
            figures = {
                f"of the {COUNT} in the whole layer": len(names & set(whole.channels.tolist())),
                f"of its first {FIRST}": len(names & set(whole.channels[:FIRST].tolist())),
                "seconds over those of the whole layer": seconds[0] / seconds[1],
            }
            for what, value in figures.items():
                emit(Record(who="ours", what=f"{info.name}, seed {seed}: {what}", value=float(value)))


if __name__ == "__main__":
    main()
