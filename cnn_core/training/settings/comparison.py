"""The settings of several runs side by side, with those that differ marked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnn_core.datasets.source import DataSource
from cnn_core.settings import label_with_unit
from cnn_core.training.settings.config import TrainingConfig
from cnn_core.training.settings.presets import PRESETS, settings_without_effect

NONE = "–"
NO_EFFECT = "no effect"  # of a setting, with the others of its run


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRow:
    """One setting of all runs.

    Attributes:
        field: its name, as ``--set`` of the command line takes it: ``learning_rate``,
            ``augmentation.zoom``.
        label: its name for people.
        texts: by run, the value for people.
        differs: whether not all runs have the same value.
    """

    field: str
    label: str
    texts: Mapping[str, str]
    differs: bool


def compared_settings(
    configs: Mapping[str, TrainingConfig] | Mapping[str, DataSource],
) -> tuple[SettingRow, ...]:
    """The settings by the titles of runs, those that differ first, else in the order of the form.

    Returns:
        A row per setting that has an effect in any run; empty without runs. Of one run, nothing differs.
    """
    idle = {run: _without_effect(config) for run, config in configs.items()}
    settings = [_settings(config) for config in configs.values()]
    rows = []
    for same in zip(*settings, strict=True):
        (field, label, _), *_ = same
        texts = {
            run: NO_EFFECT if field in idle[run] else _text(field, value)
            for run, (*_, value) in zip(configs, same, strict=True)
        }
        used = [value for run, (*_, value) in zip(configs, same, strict=True) if field not in idle[run]]
        differs = len(set(used)) > 1 or 0 < len(used) < len(same)
        if used:
            rows.append(SettingRow(field=field, label=label, texts=texts, differs=differs))
    return tuple(sorted(rows, key=lambda row: not row.differs))


def _without_effect(config: TrainingConfig | DataSource) -> frozenset[str]:
    return settings_without_effect(config) if isinstance(config, TrainingConfig) else frozenset()


def _settings(config: Any) -> Iterator[tuple[str, str, Any]]:
    """Name, label and value of every setting, those of the augmentation one by one."""
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        label = label_with_unit(field.metadata) if "label" in field.metadata else field.name.capitalize()
        if dataclasses.is_dataclass(value):
            for name, inner_label, inner in _settings(value):
                yield f"{field.name}.{name}", f"{label}: {inner_label[0].lower()}{inner_label[1:]}", inner
        else:
            yield field.name, label, value


def _text(field: str, value: Any) -> str:
    """A value for people: yes or no, numbers without needless digits, a preset by its title."""
    if field == "preset":
        return next((preset.title for preset in PRESETS if preset.key == value), str(value))
    if field == "folders":  # each with its parent's name, so that ``train`` tells whose it is
        return ", ".join("/".join(Path(folder).parts[-2:]) for folder in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(_text(field, one) for one in value) or NONE
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)
