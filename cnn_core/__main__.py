"""The command line: ``python -m cnn_core COMMAND``."""

from __future__ import annotations

import argparse
import sys

from cnn_core.cli.answer import add_answer
from cnn_core.cli.evaluate import add_evaluate
from cnn_core.cli.index import add_index
from cnn_core.cli.methods import add_methods
from cnn_core.cli.run import add_run
from cnn_core.cli.ship import add_ship
from cnn_core.cli.tournament import add_tournament
from cnn_core.cli.train import add_runs, add_train
from cnn_core.errors import ConvscopeError

COMMANDS = (
    add_answer,
    add_evaluate,
    add_run,
    add_tournament,
    add_index,
    add_methods,
    add_train,
    add_runs,
    add_ship,
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it worked, 1 with a sentence on standard error when not."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (ConvscopeError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cnn_core", description="Look inside a trained convolutional network."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in COMMANDS:
        add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
