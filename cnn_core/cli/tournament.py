"""The command ``tournament``: which attribution method is better, over some photos, and how sure that is."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnn_core import open_explorer
from cnn_core.cli.share_line import share_line
from cnn_core.errors import InvalidRequestError
from cnn_core.files import replacing, writing_into
from cnn_core.settings import settings_from_text

if TYPE_CHECKING:
    from cnn_core.faithfulness.over_photos import MethodMean, PhotoTournaments

FEW_PHOTOS = 10

TOURNAMENT_HELP = """\
Put the heat maps of all methods to the test on photos: delete and insert the pixels that they name.

  python -m cnn_core tournament cats_dogs sample_images --output tournament.csv
  python -m cnn_core tournament cats_dogs photos --methods grad_cam,saliency --limit 50

What is found for a photo is stored, so that a command that was stopped goes on where it was.
"""


def add_tournament(commands: Any) -> None:
    """Add the command to ``commands``, what ``add_subparsers`` gave."""
    command = commands.add_parser(
        "tournament",
        help="which heat map is better, over photos, as CSV",
        description=TOURNAMENT_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("model", help="folder name of the model, of a run, or RUN@EPOCH")
    command.add_argument("photos", type=Path, nargs="+", help="pictures, and folders of pictures")
    command.add_argument("--methods", metavar="KEY,KEY", help="who takes part; default: the quick ones")
    command.add_argument("--limit", type=int, help="at most so many photos, evenly from all; default: all")
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="changes",
        help="a setting of the tournament, as `methods` lists them; may be repeated",
    )
    command.add_argument("--output", type=Path, help="the .csv file to write, a line per photo and method")
    command.set_defaults(run=_tournament)


def _tournament(options: argparse.Namespace) -> None:
    from cnn_core.faithfulness.over_photos import (  # here, since it loads the framework
        method_means,
        methods_named,
        photos_of,
        tournaments_csv,
        tournaments_over,
    )
    from cnn_core.faithfulness.results import TournamentSettings

    _check_output(options.output)
    methods = None if options.methods is None else methods_named(options.methods.split(","))
    usual = TournamentSettings() if methods is None else TournamentSettings(methods="all")
    settings = settings_from_text(usual, options.changes, InvalidRequestError)
    photos = photos_of(options.photos, options.limit)
    with share_line() as progress:
        found = tournaments_over(open_explorer(), options.model, photos, settings, methods, progress)
    for path, reason in found.unread:
        sys.stderr.write(f"{path}: {reason}\n")
    if options.output is not None:
        with writing_into(options.output.parent), replacing(options.output) as temporary:
            temporary.write_text(tournaments_csv(found), encoding="utf-8")
    sys.stdout.write("\n".join(_lines(found, method_means(found, settings.seed))) + "\n")


def _check_output(path: Path | None) -> None:
    """Refuse what cannot be written before anybody waits for it."""
    if path is not None and path.is_dir():
        raise InvalidRequestError(f"Expected a file to write. Received: the folder {path}.")
    if path is not None and not path.parent.is_dir():
        raise InvalidRequestError(f"Expected a file in a folder that is there. Received: {path}.")


def _lines(found: PhotoTournaments, means: Sequence[MethodMean]) -> list[str]:
    """The means with their intervals, and what they are."""
    from cnn_core.faithfulness.results import title_of

    counted = means[0].photos if means else 0
    rows = [("method", "mean", "95 % interval", "above random")]
    rows += [
        (title_of(each.method), f"{each.mean:.3f}", _interval(each), f"{each.above_random} of {each.photos}")
        for each in means
    ]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    table = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return [*(table if means else []), *_notes(len(found.photos), counted)]


def _interval(mean: MethodMean) -> str:
    return "-" if mean.low is None or mean.high is None else f"{mean.low:.3f} to {mean.high:.3f}"


def _notes(photos: int, counted: int) -> list[str]:
    notes = [
        "Mean of insertion minus deletion (area under the logit), as a share of how far hiding parts of "
        f"the photo moves the score at most, -1 to 1; {counted} of {photos} photos."
    ]
    if counted < photos:
        notes.append(f"On {photos - counted} hiding the photo hardly moves the score: they do not count.")
    if counted == 1:
        notes.append("One photo says nothing about others: there is no interval.")
    elif counted < FEW_PHOTOS:
        notes.append(f"Intervals of fewer than {FEW_PHOTOS} photos are too narrow.")
    return notes
