"""Models in folders: ``model.keras`` with the card that says what it takes and how good it is."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakValueDictionary

from cnn_core.errors import ModelError
from cnn_core.files import FileStamp, file_stamp
from cnn_core.models.card import (
    CARD_FILE,
    MODEL_FILE,
    MODEL_FOLDER,
    ModelCard,
    checkpoint_folder,
    checkpoint_key,
    kept_epochs,
    read_card,
    run_and_epoch,
)
from cnn_core.models.checkpoints import SharedNetwork
from cnn_core.models.loading import opened_probe
from cnn_core.neurons.statistics import ChannelStatistics, load_statistics
from cnn_core.probe.probe import Probe

STATISTICS_FILE = "statistics.npz"
SHIPPED_FOLDER = "results"
FILES = (MODEL_FILE, CARD_FILE, STATISTICS_FILE)

Stamp = tuple[FileStamp | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OpenModel:
    """A loaded model.

    Attributes:
        card: what its folder says of it.
        probe: the model itself.
        fingerprint: sha256 over the files that decide its answers: model, card and statistics.
        statistics: of its channels over real photos, by layer; may be empty.
        stamp: of the files when they were read.
    """

    card: ModelCard
    probe: Probe
    fingerprint: str
    statistics: dict[str, ChannelStatistics]
    stamp: Stamp


class ModelStore:
    """The folders of one models folder, and the models of training runs: the finished one and kept epochs."""

    def __init__(
        self, folder: Path, runs_folder: Path | None = None, uploads_folder: Path | None = None
    ) -> None:
        """Name the folders; none needs to exist.

        Args:
            folder: one folder per model, whose name is the key of the model.
            uploads_folder: the same for models that were uploaded.
            runs_folder: one folder per run, whose name is the key of the model in its folder ``model``, and
                with an epoch that of a checkpoint.
        """
        self.folder = folder
        self.runs_folder = runs_folder
        self.uploads_folder = uploads_folder
        self._networks: WeakValueDictionary[str, SharedNetwork] = WeakValueDictionary()  # by run

    def cards(self) -> tuple[ModelCard, ...]:
        """The models that can be opened: first bundled and uploaded ones, then those of runs, each by title.

        A run stands there once: by its finished model, else by the last epoch that it has kept so far. A
        folder without a readable card is left out.
        """
        own = {folder.name: folder / CARD_FILE for folder in self._own_folders()}
        of_runs: dict[str, Path] = {}
        for run in () if self.runs_folder is None else _folders(self.runs_folder):
            finished = run / MODEL_FOLDER / CARD_FILE
            if run.name not in own and finished.exists():
                of_runs[run.name] = finished
            elif epochs := self.checkpoints(run.name):
                key = checkpoint_key(run.name, epochs[-1])
                of_runs[key] = checkpoint_folder(run, epochs[-1]) / CARD_FILE
        return (*_readable_cards(own), *_readable_cards(of_runs))

    def unreadable(self) -> dict[str, str]:
        """The bundled and uploaded models that ``cards`` leaves out, by key, with the reason."""
        reasons = {}
        for folder in self._own_folders():
            try:
                if (folder / MODEL_FILE).is_file():
                    read_card(folder / CARD_FILE)
            except ModelError as error:
                reasons[folder.name] = str(error)
        return reasons

    def checkpoints(self, key: str) -> tuple[int, ...]:
        """The epochs that the run of a model has kept, in order, which ``checkpoint_key`` opens.

        Args:
            key: of any model, with or without an epoch; one that is of no run has none.
        """
        run_key, _ = run_and_epoch(key)
        if self.runs_folder is None or not _is_plain(run_key) or (self.folder / run_key).exists():
            return ()
        return kept_epochs(self.runs_folder / run_key)

    def card(self, key: str) -> ModelCard:
        """What the folder of a model says of it.

        Raises:
            ModelError: there is no card that can be read.
        """
        path = self.folder_of(key) / CARD_FILE
        if not path.exists():
            run = run_and_epoch(key)[0]
            there = [checkpoint_key(run, epoch) for epoch in self.checkpoints(run)]
            names = ", ".join(there or [card.key for card in self.cards()]) or "(there are none)"
            raise ModelError(f"Expected one of the models {names}. Received: {key!r}.")
        return read_card(path, key)

    def open(self, key: str) -> OpenModel:
        """Load a model. The checkpoints of a run share one network as long as one of them is in use.

        Raises:
            ModelError: it is missing or damaged, or its card describes another model.
        """
        folder = self.folder_of(key)
        stamp = self.stamp(key)
        card = self.card(key)
        probe = self._opened(key, folder / MODEL_FILE, card)
        _check_card(card, probe)
        statistics = load_statistics(folder / STATISTICS_FILE)
        _check_statistics(key, statistics, probe)
        sha256 = _fingerprint(folder, stamp)
        return OpenModel(card=card, probe=probe, fingerprint=sha256, statistics=statistics, stamp=stamp)

    def fingerprint(self, key: str) -> str:
        """sha256 over the files that decide a model's answers, as in ``OpenModel``, without opening it."""
        return _fingerprint(self.folder_of(key), self.stamp(key))

    def shipped_folder(self, key: str) -> Path:
        """Where results that come with a model lie; there may be none."""
        return self.folder_of(key) / SHIPPED_FOLDER

    def stamp(self, key: str) -> Stamp:
        """Time and size of a model's files: differs once one of them was replaced."""
        folder = self.folder_of(key)
        return tuple(file_stamp(folder / name) for name in FILES)

    def folder_of(self, key: str) -> Path:
        """Where the files of a model lie; nothing need be there.

        Raises:
            ModelError: a key that names no folder.
        """
        run_key, epoch = run_and_epoch(key)
        if not _is_plain(run_key) or not (epoch is None or epoch.isdecimal()):
            raise ModelError(f"Expected the name of a model. Received: {key!r}. Choose one from the list.")
        if epoch is not None:
            return checkpoint_folder((self.runs_folder or self.folder) / run_key, int(epoch))
        folder = self.folder / key
        if folder.exists():
            return folder
        if self.uploads_folder is not None and (self.uploads_folder / key).exists():
            return self.uploads_folder / key
        if self.runs_folder is None:
            return folder
        of_run = self.runs_folder / key / MODEL_FOLDER
        return of_run if of_run.exists() else folder

    def _own_folders(self) -> list[Path]:
        """Those of the models folder, then the uploaded ones under other names, each by name."""
        own = sorted(_folders(self.folder))
        uploaded = [] if self.uploads_folder is None else sorted(_folders(self.uploads_folder))
        names = {folder.name for folder in own}
        return [*own, *(folder for folder in uploaded if folder.name not in names)]

    def _opened(self, key: str, path: Path, card: ModelCard) -> Probe:
        run_key, epoch = run_and_epoch(key)
        if epoch is None:
            return opened_probe(path, card)
        return self._networks.setdefault(run_key, SharedNetwork()).probe(path, card)


def _is_plain(key: str) -> bool:
    """Whether a key is the name of a folder, and leads to no other place."""
    return key == Path(key).name and not key.startswith(".") and "\0" not in key and key != ""


def _folders(parent: Path) -> list[Path]:
    """Those whose name is a key: the others are being written, or would be taken for an epoch."""
    return [path for path in parent.glob("[!.]*") if run_and_epoch(path.name)[1] is None]


def _readable_cards(paths: Mapping[str, Path]) -> list[ModelCard]:
    """The cards that can be read, by title; ``paths`` by key."""
    cards = []
    for key, path in paths.items():
        try:
            cards.append(read_card(path, key))
        except ModelError:
            continue
    return sorted(cards, key=lambda card: (card.title, card.key))


def _fingerprint(folder: Path, stamp: Stamp) -> str:
    digest = hashlib.sha256()
    for name, one in zip(FILES, stamp, strict=True):
        digest.update(_file_sha256(folder / name, one))
    return digest.hexdigest()


@functools.lru_cache(maxsize=512)
def _file_sha256(path: Path, stamp: FileStamp | None) -> bytes:
    """sha256 of a file, read anew only when it has changed."""
    return hashlib.sha256(b"" if stamp is None else path.read_bytes()).digest()


def _check_card(card: ModelCard, probe: Probe) -> None:
    """Refuse a card that describes another model, before it names the wrong class.

    Raises:
        ModelError: sizes or number of classes differ.
    """
    own = probe.input_shape[:2]
    if any(side not in (None, said) for side, said in zip(own, card.input_px, strict=True)):
        raise ModelError(
            f"Expected a card for pictures of {own[0]} x {own[1]} in {card.key!r}. "
            f"Received: {card.input_px[0]} x {card.input_px[1]}. Restore the folder, or choose another model."
        )
    counts = [len(head.class_names) for head in probe.heads if head.kind != "regression"]
    if isinstance(card.classes, dict):
        return  # names of outputs that they do not fit are not used
    if len(counts) == 1 and counts[0] != len(card.classes):
        raise ModelError(
            f"Expected a card with {counts[0]} class names in {card.key!r}. Received: {len(card.classes)}. "
            "Restore the folder, or choose another model."
        )


def _check_statistics(key: str, statistics: dict[str, ChannelStatistics], probe: Probe) -> None:
    """Refuse statistics of another model.

    Raises:
        ModelError: a layer that is not there, or another number of channels.
    """
    channels = {info.name: info.output_shape[-1] for info in probe.layers if info.output_shape}
    for name, values in statistics.items():
        if any(channels.get(name) != len(figure) for figure in (values.mean, values.std, values.maximum)):
            raise ModelError(
                f"Expected statistics of the layers of {key!r} in {STATISTICS_FILE}. Received: others, at "
                f"{name!r}. Restore the folder, or remove that file."
            )
