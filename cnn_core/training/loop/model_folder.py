"""Model folders written by a run: the finished one, and the epochs that it kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras

from cnn_core.files import write_json
from cnn_core.models.card import CARD_FILE, MODEL_FILE
from cnn_core.training.loop.network import Network


def write_model_folder(
    folder: Path, model: keras.Model, card: Mapping[str, Any], more: Callable[[Path], None] | None = None
) -> None:
    """Write a model folder beside its place, then put it there: complete or absent; ``more`` adds files."""
    temporary = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    model.save(temporary / MODEL_FILE)
    if more is not None:
        more(temporary)
    write_json(temporary / CARD_FILE, dict(card))
    old = folder.with_name(f".{folder.name}.old")  # goes only when the new one is there
    if folder.exists():  # otherwise what an earlier process moved aside is the only one so far
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
    temporary.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def basic_card(title: str, model: keras.Model, classes: tuple[str, ...], network: Network) -> dict[str, Any]:
    """What every card says: the classes, what the model takes, and how large it is."""
    size_px, preprocessing = network.plan.size_px, network.preprocessing
    heads = network.objective.values
    samples = {"samples": network.data_set} if network.data_set else {}
    return {
        "title": title,
        **samples,
        "classes": {head: list(values) for head, values in heads.items()} if heads else list(classes),
        "input": {"height_px": size_px, "width_px": size_px, "channels": network.architecture.channels},
        "preprocessing": {
            "resize": "bilinear with antialiasing, aspect ratio not kept",
            "scale": list(preprocessing.scale),
            "offset": list(preprocessing.offset),
            "channel_order": preprocessing.channel_order,
        },
        "parameters": int(model.count_params()),
    }
