"""The command ``answer``: what a model says about a picture."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from cnn_core import open_explorer, open_image
from cnn_core.images.decode import RgbImage

DEFAULT_MODEL = "cats_dogs"


def add_answer(commands: Any) -> None:
    """Add the command to ``commands``, what ``add_subparsers`` gave."""
    command = commands.add_parser(
        "answer", help="what a model says about a picture, as JSON: a list of classes per output"
    )
    command.add_argument("picture", type=Path)
    command.add_argument("--model", default=DEFAULT_MODEL, help="folder name of the model")
    command.set_defaults(run=_answer)


def opened(path: Path) -> RgbImage:
    """A picture file; what was done to its values is told on standard error."""
    image = open_image(path)
    if image.note:
        sys.stderr.write(f"{path}: {image.note}\n")
    return image


def _answer(options: argparse.Namespace) -> None:
    prediction = open_explorer().predict(options.model, opened(options.picture))
    answer = {
        head.head: [  # a list, since two classes may have the same name
            {"class": name, "score": float(score), "probability": float(probability)}
            for name, score, probability in zip(
                head.class_names, head.scores, head.probabilities, strict=True
            )
        ]
        for head in prediction.heads
    }
    sys.stdout.write(json.dumps(answer, indent=2) + "\n")
