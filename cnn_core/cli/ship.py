"""The command ``ship``: what pages show first, stored with a model so that nobody waits for it."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnn_core import open_image, paths
from cnn_core.datasets.folders import pictures_in
from cnn_core.processor import FULL_PRECISION
from cnn_core.shipped import forget_others, is_shipped, ship

if TYPE_CHECKING:
    from cnn_core.analysis import Analysis, Request
    from cnn_core.explorer import Explorer

SHIP_HELP = """\
Store results with a model, in its folder `results`: the answer, the heat map and the layers for each sample
photo, and the patterns of every filter. Pages show them at once, before the framework is loaded.
What is stored already stays, and what is no longer asked for goes.

  python -m cnn_core ship cats_dogs report_baseline
"""


def add_ship(commands: Any) -> None:
    """Add the command to ``commands``, what ``add_subparsers`` gave."""
    command = commands.add_parser(
        "ship",
        help="store what pages show first with a model",
        description=SHIP_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("models", nargs="+", metavar="MODEL", help="folder name of a model")
    command.add_argument(
        "--small", action="store_true", help="answers and heat maps only, for a model with many channels"
    )
    command.add_argument("--photos", type=Path, help="a folder of photos; default: the samples for the model")
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from cnn_core.cache.store import ResultStore
    from cnn_core.explorer import Explorer
    from cnn_core.models.store import ModelStore

    os.environ["CONVSCOPE_PRECISION"] = FULL_PRECISION  # right for every machine
    explorer = Explorer(ModelStore(paths.models_folder()), ResultStore(None))
    for model_key in options.models:
        folder, wanted = explorer.shipped_folder(model_key), set()
        for name, key, result in _wanted(explorer, model_key, options):
            wanted.add(key)
            _keep(folder, f"{model_key}: {name}", key, result)
        forget_others(folder, wanted)


def _keep(folder: Path, name: str, key: str, result: Callable[[], Any]) -> None:
    """Compute and store a result that is not there yet, and say so."""
    if not is_shipped(folder, key):
        sys.stdout.write(f"{name}, {ship(folder, key, result()) / 1e3:.0f} kB\n")
        sys.stdout.flush()


def _wanted(
    explorer: Explorer, model_key: str, options: argparse.Namespace
) -> Iterator[tuple[str, str, Callable[[], Any]]]:
    """Name, key and computation of each result."""
    yield "outline", explorer.outline_key(model_key), lambda: explorer.outline(model_key)
    for name, analysis, request in _asked(explorer, model_key, options):

        def result(analysis: Analysis = analysis, request: Request = request) -> Any:
            return _packed(explorer, analysis, request, explorer.run(analysis, request))

        yield f"{name}, {analysis.title}", explorer.result_key(analysis, request), result


def _asked(
    explorer: Explorer, model_key: str, options: argparse.Namespace
) -> Iterator[tuple[str, Analysis, Request]]:
    """What pages show first, by the name of the photo or the layer."""
    from cnn_core.activations import LAYER_SUMMARIES
    from cnn_core.analysis import Request
    from cnn_core.attribution import GRAD_CAM
    from cnn_core.feature_visualization import FILTER_PATTERNS
    from cnn_core.prediction import PREDICTION
    from cnn_core.targets import fitting_layers

    outline = explorer.outline(model_key)
    about = Request(model_key=model_key)
    for path in pictures_in(options.photos or _samples(explorer, model_key)):
        of_photo = dataclasses.replace(about, image=open_image(path))
        for analysis in (PREDICTION,) if options.small else (PREDICTION, LAYER_SUMMARIES):
            yield path.name, analysis, of_photo
        for head in range(len(outline.heads)):
            if GRAD_CAM.inapplicable(outline, head) is None:
                yield (
                    f"{path.name}, {outline.heads[head].name}",
                    GRAD_CAM,
                    dataclasses.replace(of_photo, head=head),
                )
    if outline.input_shape[2] == 3 and not options.small:
        for info in fitting_layers(FILTER_PATTERNS, outline):
            yield info.name, FILTER_PATTERNS, dataclasses.replace(about, layer_name=info.name)


def _samples(explorer: Explorer, model_key: str) -> Path:
    """The pictures that come with the project for a model."""
    return paths.samples_folder() / str(explorer.card(model_key).metadata.get("samples", ""))


def _packed(explorer: Explorer, analysis: Analysis, request: Request, result: Any) -> Any:
    from cnn_core.feature_visualization import FILTER_PATTERNS
    from cnn_core.feature_visualization.packed_patterns import packed

    if analysis is not FILTER_PATTERNS:
        return result
    model = explorer.model(request.model_key)
    return packed(model.probe, result, model.statistics.get(str(request.layer_name)))
