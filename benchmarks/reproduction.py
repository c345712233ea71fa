"""Train what the documents trained, and write down how it compares.

  python -m benchmarks.reproduction train --data cats_and_dogs_filtered --large cats_and_dogs_large/train \\
      --runs runs/reproduction
  python -m benchmarks.reproduction write --runs runs/reproduction

``train`` goes on where it was stopped: finished runs are skipped, others resumed. ``write`` makes
docs/reproduction.md with its pictures from the runs there are.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks.reproduction_curves import curves_svg
from benchmarks.reproduction_page import Trained, page, unexplained
from benchmarks.reproduction_rows import ROWS, Row
from cnn_core.files import replacing
from cnn_core.paths import PROJECT
from cnn_core.runs.run_view import RunReader, RunView
from cnn_core.training.diagnosis.task import task_of
from cnn_core.training.settings.presets import preset_named

PICTURES = "reproduction"
TRAIN = (sys.executable, "-m", "cnn_core", "train")


def main() -> None:
    """Train or write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    training = commands.add_parser("train", help="train the runs that are missing")
    training.add_argument("--data", type=Path, required=True, help="the folder cats_and_dogs_filtered")
    training.add_argument("--large", type=Path, help="class folders of more photos, for the split of row C1")
    training.add_argument("--only", choices=sorted({row.preset for row in ROWS}))
    training.set_defaults(work=_train)
    writing = commands.add_parser("write", help="write the page and its pictures")
    writing.add_argument("--docs", type=Path, default=PROJECT / "docs")
    writing.set_defaults(work=_write)
    for command in (training, writing):
        command.add_argument("--runs", type=Path, required=True, help="folder of the runs")
        command.add_argument("--seeds", type=int, default=3)
    chosen = parser.parse_args()
    chosen.work(chosen)


def _train(chosen: argparse.Namespace) -> None:
    rows = [row for row in ROWS if chosen.only in (None, row.preset)]
    for seed in range(chosen.seeds):
        for row in rows:
            if row.three_way and chosen.large is None:
                sys.stderr.write(f"{row.key} is left out: it needs --large.\n")
                continue
            folder = run_folder(chosen.runs, row, seed)
            data = data_options(row, chosen.data, chosen.large)
            command = train_command(RunReader().view(folder), folder, row, seed, data)
            if command is None:
                continue
            done = subprocess.run(command, cwd=PROJECT, check=False)
            if done.returncode != 0:
                raise SystemExit(f"{folder.name} has stopped. The same command again goes on with it.")


def data_options(row: Row, data: Path, large: Path | None) -> tuple[str, ...]:
    """The options of ``train`` that name the photos."""
    if not row.three_way or large is None:
        return ("--data", str(data.absolute()))
    folders = (data / "train", data / "validation", large)
    named = (option for folder in folders for option in ("--data", str(folder.absolute())))
    return (*named, "--validation", "1000", "--test", "2499")


def train_command(
    view: RunView | None, folder: Path, row: Row, seed: int, data: tuple[str, ...]
) -> tuple[str, ...] | None:
    """The command that trains or resumes a run; None for one that is finished or at work already."""
    if view is None:
        title = f"{preset_named(row.preset).title}, seed {seed}"
        checkpoints = () if seed == 0 else ("--set", "checkpoint_count=0")
        new = ("--preset", row.preset, *data, "--seed", str(seed), "--title", title)
        return (*TRAIN, *new, *checkpoints, "--run", str(folder))
    return (*TRAIN, "--run", str(folder)) if view.can_resume else None


def run_folder(runs: Path, row: Row, seed: int) -> Path:
    """Where a run lies."""
    return runs.absolute() / f"{row.name}-seed{seed}"


def _write(chosen: argparse.Namespace) -> None:
    runs = {row.key: trained(chosen.runs, row, chosen.seeds) for row in ROWS}
    pictures = chosen.docs / PICTURES
    pictures.mkdir(parents=True, exist_ok=True)
    for row in ROWS:
        histories = [run.history for run in runs[row.key] if run.finished]
        if histories:
            _write_text(pictures / f"{row.name}.svg", curves_svg(row, histories))
    _write_text(chosen.docs / "reproduction.md", page(runs, PICTURES))
    for row in unexplained(runs):
        sys.stderr.write(f"{row.key} differs and has no `why` in reproduction_rows.py yet.\n")


def trained(runs: Path, row: Row, seeds: int) -> tuple[Trained, ...]:
    """The runs of a row that exist, by seed."""
    reader = RunReader()
    views = {seed: reader.view(run_folder(runs, row, seed)) for seed in range(seeds)}
    return tuple(
        Trained(
            seed=seed,
            state=view.state,
            epochs=view.config.epochs,
            history=view.history,
            task=task_of(view.folder),
        )
        for seed, view in views.items()
        if view is not None
    )


def _write_text(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
