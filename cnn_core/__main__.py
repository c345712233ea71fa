"""The command line: ``python -m cnn_core COMMAND``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from cnn_core import open_explorer, open_image
from cnn_core.cli.train import add_runs, add_train
from cnn_core.errors import ConvscopeError, InvalidRequestError

DEFAULT_MODEL = "cats_dogs"


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
    _add_answer(commands.add_parser("answer", help="what a model says about a picture, as JSON"))
    _add_explain(commands.add_parser("explain", help="where a picture speaks for a class, as .npz"))
    add_train(commands)
    add_runs(commands)
    return parser


def _add_answer(command: argparse.ArgumentParser) -> None:
    command.add_argument("picture", type=Path)
    command.add_argument("--model", default=DEFAULT_MODEL, help="folder name of the model")
    command.set_defaults(run=_answer)


def _add_explain(command: argparse.ArgumentParser) -> None:
    command.add_argument("picture", type=Path)
    command.add_argument("--model", default=DEFAULT_MODEL, help="folder name of the model")
    command.add_argument("--method", default="grad_cam", help="key of an attribution method")
    command.add_argument("--layer", help="name of a layer; default: the last one with a map")
    command.add_argument("--class", dest="class_name", help="default: the model's own answer")
    command.add_argument("--output", type=Path, required=True, help="the .npz file to write")
    command.set_defaults(run=_explain)


def _answer(options: argparse.Namespace) -> None:
    prediction = open_explorer().predict(options.model, open_image(options.picture))
    answer = {
        head.head: {
            name: {"score": float(score), "probability": float(probability)}
            for name, score, probability in zip(
                head.class_names, head.scores, head.probabilities, strict=True
            )
        }
        for head in prediction.heads
    }
    sys.stdout.write(json.dumps(answer, indent=2) + "\n")


def _explain(options: argparse.Namespace) -> None:
    explorer = open_explorer()
    class_index = None
    if options.class_name is not None:
        names = explorer.heads(options.model)[0].class_names
        if options.class_name not in names:
            raise InvalidRequestError(f"Expected a class of {list(names)}. Received: {options.class_name!r}.")
        class_index = names.index(options.class_name)
    found = explorer.attribution(
        options.model,
        open_image(options.picture),
        options.method,
        layer_name=options.layer,
        class_index=class_index,
    )
    with options.output.open("wb") as file:
        np.savez(
            file,
            values=found.values,
            extent=found.extent,
            class_index=found.class_index,
            score=found.score,
        )


if __name__ == "__main__":
    sys.exit(main())
