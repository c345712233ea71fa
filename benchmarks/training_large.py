"""Memory of a run on many photos: 25,000 files, linked from the photos there are."""

from __future__ import annotations

import dataclasses
import math
import os
import shutil
import tempfile
from pathlib import Path

from benchmarks.record import Record, emit
from benchmarks.training_ours import NAMES, config_of, few_judged, prepared_run, run_until, timer_of
from benchmarks.training_subject import emit_training, memory_mb, training_options
from cnn_core.datasets.folders import labelled_files
from cnn_core.datasets.source import DataSource
from cnn_core.datasets.splits import read_splits

LARGE = "cats_and_dogs_large"
SHARES = {"RssAnon": "of its own", "RssFile": "mapped files"}


def main() -> None:
    """Measure."""
    chosen = training_options()
    who = f"{NAMES[chosen.precision]}, {chosen.photos:,} photos"
    largest: dict[str, float] = dict.fromkeys(SHARES, 0.0)

    def look() -> None:
        for name, value in memory_mb(list(SHARES)).items():
            largest[name] = max(largest[name], value)

    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder) / "photos"
        link_photos(chosen.data, photos, chosen.photos)
        splits = few_judged(read_splits(DataSource(folders=(str(photos),))))
        run = prepared_run(dataclasses.replace(config_of(chosen), epochs=1), splits, folder)
        timer = timer_of(run, math.inf)  # the whole epoch, which touches every photo
        waited = run_until(run, timer, look)
    emit_training(who, timer, waited)
    for name, what in SHARES.items():
        emit(Record(who=who, what=f"training, largest memory {what}", value=largest[name], unit="MB"))


def link_photos(data: Path, folder: Path, count: int) -> None:
    """Fill ``folder/train`` and ``folder/validation`` with ``count`` training photos of each class in turn.

    Args:
        data: cats_and_dogs_filtered, with the larger set beside it where there is one.
        folder: made here.
        count: of training photos; the same photo appears under several names.
    """
    shutil.copytree(data / "validation", folder / "validation", copy_function=_linked)
    sources = [data / "train", data.parent / LARGE / "train"]
    files = labelled_files([source for source in sources if source.is_dir()])
    by_class = [
        [path for path, label in zip(files.paths, files.labels, strict=True) if label == index]
        for index in range(len(files.classes))
    ]
    for name in files.classes:
        (folder / "train" / name).mkdir(parents=True)
    for number in range(count):
        index, place = number % len(by_class), number // len(by_class)
        source = by_class[index][place % len(by_class[index])]
        _linked(source, folder / "train" / files.classes[index] / f"{number:06d}{source.suffix}")


def _linked(source: Path | str, target: Path | str) -> None:
    """A hard link, or a copy where the file system has none across folders."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


if __name__ == "__main__":
    main()
