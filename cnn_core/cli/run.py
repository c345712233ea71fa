"""The command ``run``: any analysis, its result as a file of arrays."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core import open_explorer
from cnn_core.cli.answer import DEFAULT_MODEL, opened
from cnn_core.cli.share_line import share_line
from cnn_core.errors import InvalidRequestError
from cnn_core.files import replacing, writing_into
from cnn_core.named_arrays import named_arrays
from cnn_core.settings import settings_from_text

if TYPE_CHECKING:
    from cnn_core.analysis import Check

RUN_HELP = """\
Run an analysis; `python -m cnn_core methods` lists them with their settings.

  python -m cnn_core run grad_cam --image dog.jpg --class cats --output map.npz
  python -m cnn_core run filter_patterns --layer block3_conv2 --channels 0,5 --set steps=64 --output found.npz
"""


def add_run(commands: Any) -> None:
    """Add the command to ``commands``, what ``add_subparsers`` gave."""
    command = commands.add_parser(
        "run",
        help="any analysis, its result as .npz",
        description=RUN_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("analysis", help="its key")
    command.add_argument("--model", default=DEFAULT_MODEL, help="folder name of the model")
    command.add_argument("--image", type=Path, help="a picture, for analyses of one")
    command.add_argument("--layer", help="name of a layer; default: the last one that fits")
    command.add_argument("--class", dest="class_name", help="name or number; default: the model's own answer")
    command.add_argument("--head", default="0", help="name or number of the output; default: the first")
    command.add_argument("--against", metavar="CLASS", help="what sets the class apart from this one")
    command.add_argument("--region", metavar="T,L,B,R", help="of an output with places, 0 to 1; default: all")
    command.add_argument("--channels", metavar="N,N", help="of the layer; default: all")
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="changes",
        help="a setting of the analysis; may be repeated",
    )
    command.add_argument("--output", type=Path, required=True, help="the .npz file to write")
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from cnn_core.analyses import analysis_named
    from cnn_core.analysis import Request  # here, since both load the framework

    analysis, explorer = analysis_named(options.analysis), open_explorer()
    settings = settings_from_text(analysis.settings(), options.changes, InvalidRequestError)
    if options.output.is_dir():
        raise InvalidRequestError(f"Expected a file to write. Received: the folder {options.output}.")
    heads = explorer.heads(options.model)
    head = _number_of(options.head, [head.name for head in heads], "an output")
    class_index, against = (
        None if name is None else _number_of(name, heads[head].class_names, "a class")
        for name in (options.class_name, options.against)
    )
    request = Request(
        model_key=options.model,
        image=None if options.image is None else opened(options.image),
        layer_name=options.layer,
        head=head,
        class_index=class_index,
        channels=_channels(options.channels),
        region=_region(options.region),
        against=against,
    )
    # Opened before the computation, so that nobody waits for what cannot be written.
    with (
        writing_into(options.output.parent),
        replacing(options.output) as temporary,
        temporary.open("wb") as file,
    ):
        with share_line() as progress:
            result = explorer.run(analysis, request, settings, progress)
        np.savez(file, allow_pickle=False, **named_arrays(result))
    sys.stdout.write(f"{options.output}\n{_check_text(analysis.check(result))}\n")


def _number_of(text: str, names: Sequence[str], what: str) -> int:
    """Which of some names is meant, by itself or by its number, which decides where two have the same."""
    if list(names).count(text) == 1:
        return list(names).index(text)
    if text.isdecimal() and int(text) < len(names):
        return int(text)
    listed = ", ".join(f"{name} ({number})" for number, name in enumerate(names))
    raise InvalidRequestError(f"Expected {what} by name or number: {listed}. Received: {text!r}.")


def _channels(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        return tuple(int(number) for number in text.split(","))
    except ValueError:
        raise InvalidRequestError(f"Expected --channels such as 0,5. Received: {text!r}.") from None


def _region(text: str | None) -> tuple[float, float, float, float] | None:
    if text is None:
        return None
    try:
        top, left, bottom, right = map(float, text.split(","))
    except ValueError:
        raise InvalidRequestError(f"Expected --region such as 0,0,0.5,0.5. Received: {text!r}.") from None
    return top, left, bottom, right


def _check_text(check: Check) -> str:
    if check.holds is None:
        return check.sentence
    return f"{check.sentence} This {'holds' if check.holds else 'does not hold'}; off by {check.figure:.3g}."
