"""The command line: ``python -m cnn_core COMMAND``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cnn_core.errors import ConvscopeError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it worked, 1 with a sentence on standard error when not."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except ConvscopeError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m cnn_core", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    train = commands.add_parser("train", help="train a preset on folders of pictures, one folder per class")
    train.add_argument("--preset", default="photo_cnn", choices=["photo_cnn"])
    train.add_argument("--data", type=Path, action="append", required=True, help="training folder; may be repeated")
    train.add_argument("--validation", type=Path, required=True, help="validation folder")
    train.add_argument("--run", type=Path, default=Path("runs/photo_cnn"), dest="folder", help="folder of this run")
    train.add_argument("--output", type=Path, help="model folder to write at the end, e.g. models/cats_dogs")
    train.add_argument("--epochs", type=int)
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--precision", choices=["float32", "mixed_bfloat16"], help="default: the faster one here")
    train.set_defaults(run=_train)
    return parser


def _train(options: argparse.Namespace) -> None:
    from cnn_core import backend
    from cnn_core.datasets.folders import labelled_files
    from cnn_core.training.config import TrainingConfig
    from cnn_core.training.run import TrainingRun

    settings = {"epochs": options.epochs} if options.epochs is not None else {}
    config = TrainingConfig(
        preset=options.preset,
        seed=options.seed,
        precision=options.precision or backend.fast_precision(),
        **settings,
    )
    run = TrainingRun(
        config, labelled_files(options.data), labelled_files([options.validation]), options.folder
    )
    run.run()
    if options.output is not None:
        from cnn_core.training.finish import finish

        finish(run, options.output)


if __name__ == "__main__":
    sys.exit(main())
