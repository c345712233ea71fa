"""The film of a run: one filter, one photo's maps and one heat map, epoch by epoch.

A run keeps the weights of some epochs as complete model folders, ``film/epoch_0003``. They are opened
like any other model, so every answer is stored under the fingerprint of that epoch's file.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from cnn_core.activations import measured
from cnn_core.cache.store import ResultStore
from cnn_core.errors import Cancelled
from cnn_core.explorer import Explorer
from cnn_core.feature_visualization import PatternParams
from cnn_core.images.decode import RgbImage
from cnn_core.models.card import CARD_FILE
from cnn_core.models.store import FILES, MODEL_FILE, ModelStore
from cnn_core.results import AttributionMap, FilterPatterns, HeadAnswer, LayerActivations
from cnn_core.training.film_network import SharedNetwork
from cnn_core.training.run_folder import FILM_FOLDER, frame_key

_EPOCH = re.compile(r"epoch_(\d{4,})")
PATTERN_SHARE = 0.8  # of the time that an epoch takes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilmQuestion:
    """What is asked of every epoch.

    Attributes:
        image: the photo.
        layer_name: a convolution.
        channel: of that layer, whose pattern is climbed to.
        class_index: the class that the heat map is for.
        head: index of the output.
        method: key of the attribution method.
        params: settings of the climb.
    """

    image: RgbImage
    layer_name: str
    channel: int
    class_index: int
    head: int = 0
    method: str = "grad_cam"
    params: PatternParams = field(default_factory=PatternParams)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilmFrame:
    """What one epoch answers.

    Attributes:
        epoch: counted from 1; 0 is the network before its training.
        pattern: of the one channel.
        layer: all maps of the layer for the photo.
        evidence: the heat map.
        answer: the probabilities for the photo.
    """

    epoch: int
    pattern: FilterPatterns
    layer: LayerActivations
    evidence: AttributionMap
    answer: HeadAnswer


def film_epochs(folder: Path) -> tuple[int, ...]:
    """The epochs whose weights a run has kept, in order; none while there is no complete one.

    Args:
        folder: of the run.
    """
    found = []
    for card in (folder / FILM_FOLDER).glob(f"epoch_*/{CARD_FILE}"):
        name = _EPOCH.fullmatch(card.parent.name)
        if name is not None and (card.parent / MODEL_FILE).is_file():
            found.append(int(name[1]))
    return tuple(sorted(found))


def film_explorer(folder: Path, results: ResultStore) -> Explorer:
    """The front door to the epochs of a run; ``frame_key`` names each. Two at a time are in memory.

    Args:
        folder: of the run.
        results: where answers are kept.
    """
    return Explorer(ModelStore(folder / FILM_FOLDER), results)


class FilmProjector:
    """The epochs of a run in one network, which takes the weights of one after the other.

    Several threads may ask; one epoch is looked at at a time. Films after the first find the network
    compiled, unless they ask for another layer.
    """

    def __init__(self, folder: Path, results: ResultStore) -> None:
        """``folder`` of the run; ``results`` keeps the answers."""
        self._models = ModelStore(folder / FILM_FOLDER, probe_of=SharedNetwork())
        self._results = results
        self._lock = threading.Lock()

    @contextmanager
    def showing(self) -> Iterator[Explorer]:
        """A front door to ask one epoch through, and no other; not to be kept."""
        with self._lock:
            yield Explorer(self._models, self._results)


def film_fingerprint(folder: Path, epochs: Sequence[int]) -> str:
    """sha256 over the files of some epochs, which are read again only when they change.

    Raises:
        OSError: a file is gone.
    """
    digest = hashlib.sha256()
    for epoch in epochs:
        for name in FILES:
            path = folder / FILM_FOLDER / frame_key(epoch) / name
            if path.exists():
                facts = path.stat()
                digest.update(_file_hash(path, facts.st_mtime_ns, facts.st_size))
    return digest.hexdigest()


@lru_cache(maxsize=1024)
def _file_hash(path: Path, _time_ns: int, _size_bytes: int) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def film_frames(
    projector: FilmProjector,
    epochs: Sequence[int],
    question: FilmQuestion,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[FilmFrame]:
    """The answers of some epochs, one after the other; what is stored is not computed again.

    Args:
        projector: of the run.
        epochs: which, in the order wanted.
        question: the same for all of them.
        progress: called with the share done, 0..1.
        cancelled: asked now and then whether to stop.

    Raises:
        ModelError: the model of an epoch is missing or damaged.
        InvalidRequestError: a layer, channel or class that the network does not have.
        Cancelled: ``cancelled`` said so.
    """
    for number, epoch in enumerate(epochs):

        def tell(share: float, number: int = number) -> None:
            if cancelled is not None and cancelled():
                raise Cancelled("Stopped before the film was finished.")
            if progress is not None:
                progress((number + share) / len(epochs))

        tell(0.0)
        with projector.showing() as explorer:
            frame = _frame(explorer, epoch, question, tell)
        yield frame
        tell(1.0)


def _frame(
    explorer: Explorer, epoch: int, question: FilmQuestion, tell: Callable[[float], None]
) -> FilmFrame:
    key, name = frame_key(epoch), question.layer_name
    pattern = explorer.filter_patterns(
        key,
        name,
        channels=[question.channel],
        params=question.params,
        progress=lambda share: tell(PATTERN_SHARE * share),
    )
    inputs = explorer.model_input(key, question.image)
    return FilmFrame(
        epoch=epoch,
        pattern=pattern,
        layer=measured(name, explorer.model(key).probe.activations(inputs, [name])[name][0]),
        evidence=explorer.attribution(
            key, question.image, question.method, head=question.head, class_index=question.class_index
        ),
        answer=explorer.predict(key, question.image).heads[question.head],
    )
