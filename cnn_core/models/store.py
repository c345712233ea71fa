"""Models in folders: ``model.keras`` with the card that says what it takes and how good it is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cnn_core.errors import ModelError
from cnn_core.models.card import CARD_FILE, MODEL_FILE, MODEL_FOLDER, ModelCard, read_card
from cnn_core.models.loading import opened_probe
from cnn_core.neurons.statistics import ChannelStatistics, load_statistics
from cnn_core.probe.probe import Probe

STATISTICS_FILE = "statistics.npz"
FILES = (MODEL_FILE, CARD_FILE, STATISTICS_FILE)

Stamp = tuple[tuple[int, int] | None, ...]


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


ProbeOf = Callable[[Path, ModelCard], Probe]


class ModelStore:
    """The folders of one models folder, and the models of finished training runs."""

    def __init__(
        self, folder: Path, runs_folder: Path | None = None, *, probe_of: ProbeOf | None = None
    ) -> None:
        """Name the folders; neither needs to exist.

        Args:
            folder: one folder per model, whose name is the key of the model.
            runs_folder: one folder per run, whose name is the key of the model in its folder ``model``.
            probe_of: how the file of a model is opened; ``opened_probe`` when None.
        """
        self.folder = folder
        self.runs_folder = runs_folder
        self._probe_of = opened_probe if probe_of is None else probe_of

    def cards(self) -> tuple[ModelCard, ...]:
        """The models that can be opened: first those of the models folder, then those of runs, each by title.

        A folder without a readable card is left out.
        """
        own = {path.parent.name: path for path in self.folder.glob(f"*/{CARD_FILE}")}
        of_runs: dict[str, Path] = {}
        if self.runs_folder is not None:
            paths = self.runs_folder.glob(f"*/{MODEL_FOLDER}/{CARD_FILE}")
            of_runs = {path.parent.parent.name: path for path in paths if path.parent.parent.name not in own}
        return (*_readable_cards(own), *_readable_cards(of_runs))

    def open(self, key: str) -> OpenModel:
        """Load a model.

        Raises:
            ModelError: it is missing or damaged, or its card describes another model.
        """
        folder = self._folder_of(key)
        stamp = self.stamp(key)
        card = read_card(folder / CARD_FILE, key)
        probe = self._probe_of(folder / MODEL_FILE, card)
        _check_card(card, probe)
        statistics = load_statistics(folder / STATISTICS_FILE)
        _check_statistics(key, statistics, probe)
        return OpenModel(
            card=card, probe=probe, fingerprint=_fingerprint(folder), statistics=statistics, stamp=stamp
        )

    def stamp(self, key: str) -> Stamp:
        """Time and size of a model's files: differs once one of them was replaced."""
        folder = self._folder_of(key)
        return tuple(_time_and_size(folder / name) for name in FILES)

    def _folder_of(self, key: str) -> Path:
        if key != Path(key).name or key.startswith(".") or "\0" in key or not key:
            raise ModelError(f"Expected the name of a model. Received: {key!r}. Choose one from the list.")
        folder = self.folder / key
        if self.runs_folder is None or folder.exists():
            return folder
        of_run = self.runs_folder / key / MODEL_FOLDER
        return of_run if of_run.exists() else folder


def _readable_cards(paths: Mapping[str, Path]) -> list[ModelCard]:
    """The cards that can be read, by title; ``paths`` by key."""
    cards = []
    for key, path in paths.items():
        if key.startswith("."):
            continue  # being written
        try:
            cards.append(read_card(path, key))
        except ModelError:
            continue
    return sorted(cards, key=lambda card: (card.title, card.key))


def _time_and_size(path: Path) -> tuple[int, int] | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in FILES:
        content = (folder / name).read_bytes() if (folder / name).exists() else b""
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()


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
    channels = {info.name: info.output_shape[-1] for info in probe.layers}
    for name, values in statistics.items():
        if any(channels.get(name) != len(figure) for figure in (values.mean, values.std, values.maximum)):
            raise ModelError(
                f"Expected statistics of the layers of {key!r} in {STATISTICS_FILE}. Received: others, at "
                f"{name!r}. Restore the folder, or remove that file."
            )
