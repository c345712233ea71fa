"""The commands ``train`` and ``runs``; nothing here loads the framework before a run has its turn."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from cnn_core import paths
from cnn_core.cli.progress_line import ProgressLine
from cnn_core.cli.share_line import share_line
from cnn_core.datasets.known_sets import KNOWN_SETS, known_set, made
from cnn_core.datasets.recent_folders import downloads
from cnn_core.datasets.source import DataSource
from cnn_core.errors import Cancelled, DataError
from cnn_core.models.card import MODEL_FOLDER
from cnn_core.runs.launching import create_run
from cnn_core.runs.locks import Lock
from cnn_core.runs.run_view import RunView
from cnn_core.runs.runs import Runs, translate_os_errors
from cnn_core.runs.spare import wait_for_run
from cnn_core.runs.worker import STANDARD_ERROR, lower_priority, train
from cnn_core.settings import settings_from_text
from cnn_core.training.run_folder import HISTORY_FILE, read_rows
from cnn_core.training.run_status import LOG_FILE
from cnn_core.training.settings.config import TrainingConfig
from cnn_core.training.settings.presets import PRESETS, preset_named

TRAIN_HELP = """\
Train a preset on folders of pictures, one per class, with the progress on standard error.

  python -m cnn_core train --preset report_baseline --data cats_and_dogs_filtered
  python -m cnn_core train --preset photo_cnn --data photos --validation 0.2 --set augmentation.zoom=0.4
  python -m cnn_core train --preset lines_heads --data lines
  python -m cnn_core train --run runs/20260101-120000-photo_cnn      resumes that run
  python -m cnn_core train --run RUN --finish      trains no more, makes the finished epochs a model

Ctrl+C pauses after the current step; the run is then resumed with --run. It can also be watched, stopped and
resumed on the page Train. One run at a time uses a device, others wait for it.

In a container, on a GPU where there is one (image convscope:gpu, with the NVIDIA Container Toolkit):

  docker run --rm --gpus all -v convscope-data:/data -v "$PWD/photos:/photos:ro" convscope:gpu \\
      python -m cnn_core train --preset photo_cnn --data /photos
"""
PRESET_LINES = "\n".join(f"  {preset.key:<22} {preset.summary}" for preset in PRESETS)
SHORT_FIELDS = ("epochs", "batch_size", "seed", "precision", "device")  # with an option of their own
SWITCHES = ("keep_non_rgb", "keep_near_duplicates")
OF_NEW_RUNS = ("preset", "validation", "test", "data_seed", *SWITCHES, "changes", "title", *SHORT_FIELDS)


def add_train(commands: Any) -> None:
    """Add the command to ``commands``, what ``add_subparsers`` gave."""
    command = commands.add_parser(
        "train",
        help="train a preset on folders of pictures, one per class",
        description=TRAIN_HELP,
        epilog=f"presets:\n{PRESET_LINES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--preset", help="what to start from (below); default photo_cnn")
    command.add_argument(
        "--data",
        action="append",
        metavar="DIR",
        help="a folder per class, or train/, validation/, test/ with those; a second one adds to training; "
        "or cats_and_dogs_filtered, mnist, lines or a mnist.npz",
    )
    command.add_argument("--validation", metavar="X", help="set aside where no folder is, 0.2 or 500 a class")
    command.add_argument("--test", metavar="X", help="the same for a test set; default: none")
    command.add_argument("--data-seed", type=int, help="chooses the pictures that are set aside; default 0")
    command.add_argument("--keep-non-rgb", action="store_true", help="also train on grey and CMYK pictures")
    command.add_argument(
        "--keep-near-duplicates", action="store_true", help="also train on pictures nearly the same as others"
    )
    command.add_argument("--epochs", type=int)
    command.add_argument("--batch-size", type=int)
    command.add_argument("--seed", type=int)
    command.add_argument("--precision", help="automatic, float32 or mixed_bfloat16")
    command.add_argument("--device", help="automatic or cpu")
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        dest="changes",
        help="another setting, e.g. learning_rate=0.0001 or augmentation.zoom=0.4; may be repeated",
    )
    command.add_argument("--title", help="a name for the run")
    command.add_argument(
        "--run", metavar="FOLDER", dest="folder", help="resume that run, or with --data: make it there"
    )
    command.add_argument(
        "--finish", action="store_true", help="with --run: write the model of the epochs there are"
    )
    command.add_argument("--lock", type=int, help=argparse.SUPPRESS)  # handed down by Runs.launch
    command.add_argument("--wait-on", type=int, help=argparse.SUPPRESS)  # see cnn_core/runs/spare.py
    command.set_defaults(run=_train)


def add_runs(commands: Any) -> None:
    """Add the command that lists the runs."""
    command = commands.add_parser("runs", help="the training runs with their states")
    command.set_defaults(run=_list_runs)


def _train(options: argparse.Namespace) -> None:
    if options.wait_on is not None:
        found = wait_for_run(options.wait_on)
        if found is not None:
            lower_priority()
            train(*found)
        return
    if options.lock is not None:
        lower_priority()
        train(Path(options.folder), Lock(options.lock))
        return
    with translate_os_errors("The run could not be started"):
        folder, lock = _new_run(options) if options.data is not None else _stopped_run(options)
    lower_priority()
    with _chatter_in(folder / LOG_FILE) as shown:
        state = _watched(folder, lock, shown)
    if state != "finished":
        raise Cancelled(
            f"The run is {state}; finished epochs: {len(read_rows(folder / HISTORY_FILE))}. Go on with: "
            f"python -m cnn_core train --run {shlex.quote(str(folder))}"
        )
    sys.stdout.write(f"{folder / MODEL_FOLDER}\n")


def _watched(folder: Path, lock: Lock, shown: TextIO) -> str:
    """Train with the progress on ``shown``."""
    line = ProgressLine(folder, shown)
    shown.write(f"{folder}\n")
    try:
        return train(folder, lock, watch=line)
    except KeyboardInterrupt:  # the second Ctrl+C
        return "interrupted"
    finally:
        line.close()


@contextmanager
def _chatter_in(log: Path) -> Iterator[TextIO]:
    """Inside, the notices of the framework go to ``log``; gives the standard error that people see."""
    with log.open("ab") as file, os.fdopen(os.dup(STANDARD_ERROR), "w", encoding="utf-8") as shown:
        os.dup2(file.fileno(), STANDARD_ERROR)
        try:
            yield shown
        finally:
            sys.stderr.flush()
            os.dup2(shown.fileno(), STANDARD_ERROR)


def _new_run(options: argparse.Namespace) -> tuple[Path, Lock]:
    config, source = _chosen_config(options), _chosen_source(options)
    if options.finish:
        raise DataError("Expected --finish with --run alone. Received: --data too. Leave one of them out.")
    title = options.title or ""
    if options.folder is None:
        return create_run(paths.runs_folder().absolute(), config, source, title=title)
    folder = _named_folder(options.folder)
    if folder.name.startswith(".") or "@" in folder.name:  # hidden, or taken for an epoch of a run
        raise DataError(
            "Expected a name that begins with a letter or a number and has no @ in it. "
            f"Received: {folder.name!r}. Choose another."
        )
    return create_run(folder.parent, config, source, title=title, name=folder.name)


def _chosen_config(options: argparse.Namespace) -> TrainingConfig:
    """The preset with the changes that were asked for.

    Raises:
        DataError: an unknown preset or setting, or a value that it cannot have.
    """
    given = {name: getattr(options, name) for name in SHORT_FIELDS}
    short = [f"{name}={value}" for name, value in given.items() if value is not None]
    preset = preset_named(options.preset or "photo_cnn")
    return settings_from_text(preset.config, [*short, *options.changes], DataError)


def _chosen_source(options: argparse.Namespace) -> DataSource:
    """The data folders, and what is set aside of them.

    Raises:
        DataError: a share that is none.
    """
    given: dict[str, Any] = {
        name: _share(name, getattr(options, name))
        for name in ("validation", "test")
        if getattr(options, name) is not None
    }
    if options.data_seed is not None:
        given["seed"] = options.data_seed
    given |= {name: True for name in SWITCHES if getattr(options, name)}
    known = _known_data(options.data)
    if known is None:
        return DataSource(folders=tuple(options.data), **given)
    return replace(known, **given)


def _known_data(data: Sequence[str]) -> DataSource | None:
    """The data of a ready-made set, named by its key, or of a mnist.npz; made now where it is not there.

    Raises:
        DataError: it cannot be made.
    """
    if len(data) != 1 or Path(data[0]).expanduser().is_dir():
        return None
    folder, file = downloads(), Path(data[0]).expanduser()
    key = "mnist" if file.suffix == ".npz" else data[0]
    if key not in {known.key for known in KNOWN_SETS}:
        return None
    known = known_set(key)
    with share_line() as progress:
        made(known, folder, progress, file=file if file.suffix == ".npz" else None)
    return known.source(folder)


def _share(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise DataError(
            f"Expected --{name} as a share such as 0.2, or a number of pictures per class. "
            f"Received: {text!r}. A folder of {name} pictures is found by its name: put train/ and {name}/ "
            "into one folder, and name that with --data."
        ) from None


def _stopped_run(options: argparse.Namespace) -> tuple[Path, Lock]:
    if options.folder is None:
        raise DataError(
            "Expected a folder of pictures with --data, or a run to resume with --run. Received: neither. "
            "Add --data DIR, where DIR holds a folder per class."
        )
    given = [name for name in OF_NEW_RUNS if getattr(options, name) not in (None, [], False)]
    if given:
        raise DataError(
            "Expected --run alone, to resume a run with its own settings. Received also: "
            f"{', '.join(given)}. Leave that out, or start a new run with --data."
        )
    folder = _named_folder(options.folder)
    return folder, Runs(folder.parent).queued_again(folder.name, finish=options.finish)


def _named_folder(option: str) -> Path:
    """A path; a bare name is a run among the others."""
    path = Path(option).expanduser()
    return (path if os.sep in option else paths.runs_folder() / path).absolute()


def _list_runs(_: argparse.Namespace) -> None:
    views = Runs(paths.runs_folder()).all()
    if not views:
        sys.stdout.write(f"No runs in {paths.runs_folder()}.\n")
    for view in views:
        sys.stdout.write(f"{_run_line(view)}\n")


def _run_line(view: RunView) -> str:
    place = f" ({view.queue_place}.)" if view.queue_place is not None else ""
    best = max((row.get("val_accuracy", 0.0) for row in view.history), default=None)
    metadata = [
        f"{view.key:<40} {view.state + place:<12}",
        f"epoch {len(view.history)}/{view.config.epochs}",
        "" if best is None else f"best validation accuracy {best:.3f}",
        view.title,
        view.reason or "",
    ]
    return "  ".join(fact for fact in metadata if fact)
