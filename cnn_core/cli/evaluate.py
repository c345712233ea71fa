"""The command ``evaluate``: how good a model is on a data folder."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cnn_core import open_explorer
from cnn_core.cli.share_line import share_line
from cnn_core.datasets.folders import labelled_files
from cnn_core.datasets.layout import class_name
from cnn_core.datasets.split_folders import labelled_splits
from cnn_core.errors import InvalidRequestError
from cnn_core.evaluation.class_matching import matched_classes
from cnn_core.evaluation.folder_evaluation import (
    FolderRequest,
    answers_of,
    evaluable,
    labelled,
    pictures_of,
)
from cnn_core.evaluation.predictions import predictions_csv
from cnn_core.evaluation.scores import evaluate
from cnn_core.files import replacing, writing_into
from cnn_core.probe.heads import Head


def add_evaluate(commands: Any) -> None:
    """Add the command to ``commands``, what ``add_subparsers`` gave."""
    command = commands.add_parser("evaluate", help="how good a model is on a data folder, as JSON")
    command.add_argument("model", help="folder name of the model, of a run, or RUN@EPOCH")
    command.add_argument("folder", type=Path, help="a folder per class, or splits that hold such folders")
    command.add_argument("--split", help="validation, test, train or all; default: the first that is there")
    command.add_argument(
        "--class",
        action="append",
        default=[],
        metavar="FOLDER=CLASS",
        dest="named",
        help="the class that a folder of another name stands for; may be repeated",
    )
    command.add_argument("--output", help="name of the output, where there are several; default: the first")
    command.add_argument("--csv", type=Path, help="a file to write with the answer to every picture")
    command.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> None:
    explorer, splits = open_explorer(), labelled_splits(options.folder)
    split = next(iter(splits)) if options.split is None else options.split
    if split not in splits:
        raise InvalidRequestError(f"Expected --split as one of {', '.join(splits)}. Received: {split!r}.")
    files = labelled_files(splits[split])
    heads = explorer.heads(options.model)
    head = _chosen_head(options.output, heads)
    classes = heads[head].class_names
    class_of = {
        **matched_classes(files.classes, classes, heads[head].name),
        **_named(options.named, files.classes, classes),
    }
    request = FolderRequest(
        model_key=options.model, files=pictures_of(files, class_of), class_of=class_of, head=head
    )
    with share_line() as progress:
        answers = answers_of(explorer, request, progress)
    found = labelled(explorer, request, answers)
    if options.csv is not None:
        with writing_into(options.csv.parent), replacing(options.csv) as temporary:
            temporary.write_text(predictions_csv(found), encoding="utf-8")
    about = {
        "model": options.model,
        "split": split,
        "folders": {name: classes[class_of[name]] for name in files.classes if name in class_of},
        "left_out": {name: count for name, count in files.counts().items() if name not in class_of},
        "unread": [str(request.files.paths[index]) for index in answers.unread],
    }
    sys.stdout.write(json.dumps(about | dataclasses.asdict(evaluate(found)), indent=2) + "\n")


def _chosen_head(name: str | None, heads: Sequence[Head]) -> int:
    """The output that is called so; the first whose answers are right or wrong where none is named."""
    if name is None:
        return next(iter(evaluable(heads)), 0)
    names = [head.name for head in heads]
    if name not in names:
        raise InvalidRequestError(f"Expected --output as one of {', '.join(names)}. Received: {name!r}.")
    return names.index(name)


def _named(given: Sequence[str], folders: Sequence[str], classes: Sequence[str]) -> Mapping[str, int]:
    """The classes of folders as a person wrote them."""
    found = {}
    for text in given:
        written, _, name = text.rpartition("=")
        folder = class_name(written)
        if folder not in folders or list(classes).count(name) != 1:
            raise InvalidRequestError(
                f"Expected --class FOLDER=CLASS with one of the folders {', '.join(folders)} and one of the "
                f"classes {', '.join(classes[:20])}. Received: {text!r}."
            )
        found[folder] = classes.index(name)
    return found
