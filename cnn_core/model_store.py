"""Models in folders: ``model.keras`` with the card that says what it takes and how good it is."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras

from cnn_core.errors import ModelError
from cnn_core.images import Preprocessing
from cnn_core.neurons.statistics import ChannelStatistics, load_statistics
from cnn_core.probe import Probe
from cnn_core.training.run_folder import MODEL_FOLDER

MODEL_FILE = "model.keras"
CARD_FILE = "card.json"
STATISTICS_FILE = "statistics.npz"
FILES = (MODEL_FILE, CARD_FILE, STATISTICS_FILE)

Stamp = tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What is known of a model without loading it.

    Attributes:
        key: name of its folder.
        title: a person's name for it.
        classes: names in the order of the scores; of several outputs, by the name of the output.
        input_px: (height, width) of the pictures that it is shown.
        preprocessing: from pixels to model input.
        parameters: number of weights.
        accuracy: on held-out photos, or None.
        facts: the whole card as read.
    """

    key: str
    title: str
    classes: tuple[str, ...] | dict[str, tuple[str, ...]]
    input_px: tuple[int, int]
    preprocessing: Preprocessing
    parameters: int
    accuracy: float | None
    facts: dict[str, Any] = field(compare=False)


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


def read_card(path: Path, key: str | None = None) -> ModelCard:
    """Read ``card.json``.

    Args:
        path: the file.
        key: of the model; the name of its folder when None.

    Raises:
        ModelError: missing, no JSON, or without the fields that are needed.
    """
    try:
        return _card(path.parent.name if key is None else key, json.loads(path.read_text(encoding="utf-8")))
    except (
        OSError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        raise ModelError(
            f"Expected a model card at {path.parent.name}/{path.name}. Received: {type(error).__name__}. "
            "Restore the folder, or choose another model."
        ) from error


def opened_probe(path: Path, card: ModelCard) -> Probe:
    """The model of a file, shown what its card says.

    Raises:
        ModelError: missing, damaged, or not a model that can be seen as layers of one picture.
    """
    return Probe(load_model(path), preprocessing=card.preprocessing, class_names=card.classes)


def load_model(path: Path) -> keras.Model:
    """Load a ``.keras`` file for inference; one with Python code inside is refused.

    Raises:
        ModelError: missing, damaged, or not a Keras model.
    """
    if not path.is_file():
        raise ModelError(
            f"Expected a model file at {path.parent.name}/{path.name}. Received: nothing there. "
            "Restore the file, or choose another model."
        )
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises anything at all on damaged files
        raise ModelError(
            f"Expected a Keras model in {path.parent.name}/{path.name}. Received a damaged file "
            f"({type(error).__name__}). Restore the file, or choose another model."
        ) from error


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


def _card(key: str, facts: dict[str, Any]) -> ModelCard:
    size, accuracy = facts["input"], (facts.get("validation") or {}).get("accuracy")
    card = ModelCard(
        key=key,
        title=str(facts["title"]),
        classes=_classes(facts["classes"]),
        input_px=(int(size["height_px"]), int(size["width_px"])),
        preprocessing=_preprocessing(facts["preprocessing"]),
        parameters=int(facts["parameters"]),
        accuracy=None if accuracy is None else float(accuracy),
        facts=facts,
    )
    if min(card.input_px) < 1:
        raise ValueError(f"Expected a size of at least 1 x 1. Received: {card.input_px}.")
    return card


def _classes(facts: Any) -> tuple[str, ...] | dict[str, tuple[str, ...]]:
    if isinstance(facts, dict):
        return {str(head): tuple(map(str, names)) for head, names in facts.items()}
    return tuple(map(str, facts))


def _preprocessing(facts: dict[str, Any]) -> Preprocessing:
    preprocessing = Preprocessing(
        scale=tuple(map(float, facts["scale"])),
        offset=tuple(map(float, facts["offset"])),
        channel_order=str(facts.get("channel_order", "rgb")),
    )
    numbers = (*preprocessing.scale, *preprocessing.offset)
    if not all(map(math.isfinite, numbers)) or 0 in preprocessing.scale or not preprocessing.scale:
        raise ValueError(f"Expected finite numbers and no scale of 0. Received: {numbers}.")
    return preprocessing


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
