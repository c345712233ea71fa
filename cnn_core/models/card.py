"""What a model's folder says of it, card.json, and where the folders of a run's models lie."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cnn_core.errors import ModelError
from cnn_core.files import read_json
from cnn_core.images.preprocessing import Preprocessing

CARD_FILE = "card.json"
MODEL_FILE = "model.keras"
MODEL_FOLDER = "model"  # of the finished model, in the folder of its run
FITS = ("squash", "crop")  # of a picture into the size of the input
CHECKPOINTS_FOLDER = "checkpoints"  # of the epochs that were kept, a model folder each
_CHECKPOINT = re.compile(r"epoch_(\d{4,})")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What is known of a model without loading it.

    Attributes:
        key: name of its folder, or of its run; see ``checkpoint_key``.
        title: a person's name for it.
        classes: names in the order of the scores; of several outputs, by the name of the output.
        input_px: (height, width) of the pictures that it is shown.
        preprocessing: from pixels to model input.
        parameters: number of weights; None where the card does not say it.
        accuracy: on held-out photos, or None.
        epoch: of its run, if it is one that was kept on the way; 0 is the network before its training.
        metadata: the whole card as read.
    """

    key: str
    title: str
    classes: tuple[str, ...] | dict[str, tuple[str, ...]]
    input_px: tuple[int, int]
    preprocessing: Preprocessing
    parameters: int | None
    accuracy: float | None
    epoch: int | None
    metadata: dict[str, Any] = field(compare=False)


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
            f"Expected a model card at {path.parent.name}/{path.name}. Received: {_reason(error)} "
            "Restore the folder, or choose another model."
        ) from error


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "nothing there."
    if isinstance(error, KeyError):
        return f"one without the field {error}."
    if isinstance(error, json.JSONDecodeError):
        return f"text that is no JSON in line {error.lineno}."
    if isinstance(error, ValueError):
        return f"a wrong value. {error}"
    return f"a value of a wrong kind ({type(error).__name__})."


def model_metadata(folder: Path) -> dict[str, Any]:
    """What the card in the folder of a model says, unchecked; empty where there is none to read."""
    return read_json(folder / CARD_FILE)


def finished_model_metadata(run_folder: Path) -> dict[str, Any]:
    """What the card of a run's finished model says, unchecked; empty before there is one."""
    return model_metadata(run_folder / MODEL_FOLDER)


def checkpoint_key(run_key: str, epoch: int) -> str:
    """The key under which the model of a kept epoch is opened, as ``RUN@3``."""
    return f"{run_key}@{epoch}"


def run_and_epoch(model_key: str) -> tuple[str, str | None]:
    """The key without its epoch, and the epoch as it is written there; None in the key of any other model."""
    run_key, at, epoch = model_key.partition("@")
    return run_key, epoch if at else None


def checkpoint_folder(run_folder: Path, epoch: int) -> Path:
    """Where the model of an epoch lies; 0 is the network before its training."""
    return run_folder / CHECKPOINTS_FOLDER / f"epoch_{epoch:04d}"


def kept_epochs(run_folder: Path) -> tuple[int, ...]:
    """The epochs that a run has kept as models, in order; none while there is no complete one."""
    found = []
    for card in (run_folder / CHECKPOINTS_FOLDER).glob(f"epoch_*/{CARD_FILE}"):
        name = _CHECKPOINT.fullmatch(card.parent.name)
        if name is not None and (card.parent / MODEL_FILE).is_file():
            found.append(int(name[1]))
    return tuple(sorted(found))


def _card(key: str, metadata: dict[str, Any]) -> ModelCard:
    size, accuracy = metadata["input"], (metadata.get("validation") or {}).get("accuracy")
    epoch, parameters = metadata.get("epoch"), metadata.get("parameters")
    card = ModelCard(
        key=key,
        title=str(metadata.get("title") or key),
        classes=_classes(metadata["classes"]),
        input_px=(int(size["height_px"]), int(size["width_px"])),
        preprocessing=_preprocessing(metadata["preprocessing"]),
        parameters=None if parameters is None else int(parameters),
        accuracy=None if accuracy is None else float(accuracy),
        epoch=None if epoch is None else int(epoch),
        metadata=metadata,
    )
    if min(card.input_px) < 1:
        raise ValueError(f"Expected a size of at least 1 x 1. Received: {card.input_px}.")
    return card


def _classes(metadata: Any) -> tuple[str, ...] | dict[str, tuple[str, ...]]:
    """Names in the order of the outputs, or those of each output."""
    if isinstance(metadata, dict) and any(isinstance(names, list | dict) for names in metadata.values()):
        return {str(head): _names(names) for head, names in metadata.items()}
    return _names(metadata)


def _names(names: Any) -> tuple[str, ...]:
    """A list, or a dict of ``class_indices`` either way round: ``{"cats": 0}``, ``{"0": "cats"}``."""
    if isinstance(names, dict):
        if all(isinstance(index, int) for index in names.values()):
            return _in_order({index: name for name, index in names.items()})
        return _in_order({int(index): name for index, name in names.items()})
    if not isinstance(names, list):
        raise ValueError(f"Expected a list of class names. Received: {names!r}.")
    return tuple(map(str, names))


def _in_order(names: dict[int, Any]) -> tuple[str, ...]:
    if sorted(names) != list(range(len(names))):
        raise ValueError(f"Expected class indices from 0 without a gap. Received: {sorted(names)}.")
    return tuple(str(names[index]) for index in range(len(names)))


def _preprocessing(metadata: dict[str, Any]) -> Preprocessing:
    preprocessing = Preprocessing(
        scale=_figures(metadata["scale"]),
        offset=_figures(metadata["offset"]),
        channel_order=str(metadata.get("channel_order", "rgb")).lower(),
        fit=str(metadata.get("fit", "squash")),
    )
    if preprocessing.fit not in FITS:
        raise ValueError(f"Expected {' or '.join(FITS)} as fit. Received: {preprocessing.fit!r}.")
    if preprocessing.channel_order not in ("rgb", "bgr"):
        raise ValueError(f"Expected rgb or bgr. Received: {preprocessing.channel_order!r}.")
    numbers = (*preprocessing.scale, *preprocessing.offset)
    if not all(map(math.isfinite, numbers)) or 0 in preprocessing.scale or not preprocessing.scale:
        raise ValueError(f"Expected finite numbers and no scale of 0. Received: {numbers}.")
    return preprocessing


def _figures(value: Any) -> tuple[float, ...]:
    """One number for all channels, or one per channel."""
    return (float(value),) if isinstance(value, int | float) else tuple(map(float, value))
