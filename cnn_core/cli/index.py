"""The command ``index``: what makes every channel fire, over a data set."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnn_core import open_explorer, paths
from cnn_core.cli.share_line import share_line
from cnn_core.errors import Cancelled

if TYPE_CHECKING:
    from cnn_core.neurons.photo_index import PhotoIndex

NAMED_AT_MOST = 5

INDEX_HELP = """\
Show every photo of a data set to a network once, and keep what makes each of its channels fire.

  python -m cnn_core index cats_dogs data/validation
  python -m cnn_core index cats_dogs data/validation --limit 200

What was found is stored: a command that was stopped goes on where it was, and after photos were added
only these are shown to the network.
"""


def add_index(commands: Any) -> None:
    """Add the command to ``commands``, what ``add_subparsers`` gave."""
    command = commands.add_parser(
        "index",
        help="what makes every channel fire, over a data set",
        description=INDEX_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("model", help="folder name of the model, of a run, or RUN@EPOCH")
    command.add_argument("folder", type=Path, help="with a folder per class, or photos")
    command.add_argument("--limit", type=int, help="at most so many photos, evenly from all; default: all")
    command.add_argument("--ray", metavar="ADDRESS", help="of a Ray cluster that shares the work; or `local`")
    command.set_defaults(run=_index)


def _index(options: argparse.Namespace) -> None:
    from cnn_core.indexed_model import indexed_model  # here, since it loads the framework
    from cnn_core.neurons.indexing import Compute, index_photos, known_index
    from cnn_core.neurons.part_computation import computed_parts
    from cnn_core.neurons.photo_set import photo_set

    compute: Compute = computed_parts
    if options.ray is not None:
        from cnn_core.cluster.ray_parts import RayParts  # here, since nothing else needs Ray

        compute = RayParts(address=options.ray)
    photos = photo_set(options.folder, options.limit)
    model = indexed_model(open_explorer(), options.model)
    known = known_index(paths.cache_folder(), model.fingerprint, photos) is not None
    begun = time.monotonic()
    try:
        with share_line() as progress:
            found = index_photos(model, photos, paths.cache_folder(), progress, compute)
    except Cancelled:
        raise Cancelled("Stopped. What is done is kept: the same command goes on from there.") from None
    sys.stdout.write("\n".join(_lines(found, None if known else time.monotonic() - begun)) + "\n")


def _lines(index: PhotoIndex, seconds: float | None) -> list[str]:
    """What was found; ``seconds`` that it took, None where it was stored already."""
    images, silent = index.metadata["images"], sum(index.metadata["never_fire"])
    channels = sum(layer.channels for layer in index.layers)
    took = (
        "stored already"
        if seconds is None
        else f"{seconds:.1f} s, {images / max(seconds, 1e-9):.0f} images/s"
    )
    lines = [
        f"{images:,} images of {len(index.classes)} classes: {took}.",
        f"{channels:,} channels of {len(index.layers)} layers, of which {silent:,} never fire.",
    ]
    if empty := index.metadata["empty_classes"]:
        lines.append(f"Without a photo: {', '.join(empty)}.")
    unread = list(index.unread.items())
    lines += [f"Not read: {path}: {reason}" for path, reason in unread[:NAMED_AT_MOST]]
    if len(unread) > NAMED_AT_MOST:
        lines.append(f"Not read: {len(unread) - NAMED_AT_MOST:,} more.")
    return [*lines, f"Stored in {index.folder}"]
