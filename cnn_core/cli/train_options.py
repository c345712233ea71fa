"""From the options of ``train`` to settings and data."""

from __future__ import annotations

import argparse
import json
from typing import Any

from cnn_core.datasets.source import SWITCHES, DataSource
from cnn_core.errors import DataError
from cnn_core.training.settings.config import TrainingConfig, config_to_json
from cnn_core.training.settings.new_settings import new_config_from_json
from cnn_core.training.settings.presets import preset_named

SHORT_FIELDS = ("epochs", "batch_size", "seed", "precision", "device")  # with an option of their own


def chosen_config(options: argparse.Namespace) -> TrainingConfig:
    """The preset with the changes that were asked for.

    Raises:
        DataError: an unknown preset or setting, or a value that it cannot have.
    """
    facts = config_to_json(preset_named(options.preset or "photo_cnn").config)
    for name in SHORT_FIELDS:
        if getattr(options, name) is not None:
            facts[name] = getattr(options, name)
    for change in options.changes:
        name, equals, value = change.partition("=")
        group, dot, inner = name.strip().partition(".")
        if not equals or (dot and not isinstance(facts.get(group), dict)):
            raise DataError(
                f"Expected --set FIELD=VALUE, e.g. --set augmentation.zoom=0.2. Received: {change!r}."
            )
        target = facts[group] if dot else facts
        target[inner if dot else group] = _value(value.strip())
    return new_config_from_json(facts)


def _value(text: str) -> Any:
    """``0.2``, ``true`` and ``[96, 128]`` as what they say; anything else is a word."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def chosen_source(options: argparse.Namespace) -> DataSource:
    """The data folders, and what is set aside of them.

    Raises:
        DataError: a share that is none.
    """
    given: dict[str, Any] = {
        name: _share(name, getattr(options, name))
        for name in ("validation", "test")
        if getattr(options, name) is not None
    }
    if options.data_seed is not None:
        given["seed"] = options.data_seed
    given |= {name: getattr(options, name) for name in SWITCHES}
    return DataSource(folders=tuple(options.data), **given)


def _share(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise DataError(
            f"Expected --{name} as a share such as 0.2, or a number of pictures per class. "
            f"Received: {text!r}. A folder of {name} pictures is found by its name: put train/ and {name}/ "
            "into one folder, and name that with --data."
        ) from None
