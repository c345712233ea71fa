"""What is to be trained: the preset with the changes of this session, shared by the parts of the page."""

from __future__ import annotations

import re
from typing import Any

import streamlit as st

from cnn_core.errors import DataError
from cnn_core.settings import label_with_unit, settings_from_json, settings_to_json
from cnn_core.training.settings.config import Augmentation, TrainingConfig
from cnn_core.training.settings.presets import PRESETS, Preset, preset_named
from dashboard.session import address
from dashboard.session.state import session
from dashboard.widgets.form import SettingsForm
from dashboard.widgets.inputs import select

FIRST_PRESET = PRESETS[0].key


def chosen_preset() -> Preset:
    """The preset of this session."""
    names = [preset.key for preset in PRESETS]
    return preset_named(address.current("preset", address.name_in(names), FIRST_PRESET))


def pick_preset() -> Preset:
    """Draw the picker; another preset starts with its own settings."""
    titles = {preset.key: preset.title for preset in PRESETS}
    key = select(
        "Preset",
        titles,
        key="preset",
        help="A network with the settings it is usually trained with; all can be changed.",
        on_change=start_from_preset,
    )
    return preset_named(key)


def settings_form(preset: Preset) -> SettingsForm:
    """The settings of a preset but for its augmentation."""
    return SettingsForm(preset.config, "set_")


def augmentation_form(preset: Preset) -> SettingsForm:
    """The augmentation that training will use."""
    return SettingsForm(preset.config.augmentation, "aug_")


def start_from_preset() -> None:
    """Another preset was chosen: its own settings, and a sidebar that names it; in a callback."""
    forget_changes()
    session().sidebar_behind = True


def forget_changes() -> None:
    """Put every setting back to what the chosen preset says."""
    preset = chosen_preset()
    settings_form(preset).reset()
    augmentation_form(preset).reset()


def take_config(config: TrainingConfig) -> None:
    """Put the settings of a run into the forms; in a callback.

    Raises:
        DataError: its preset is not there any more.
    """
    preset = preset_named(config.preset)
    st.session_state["preset"] = preset.key
    for form, values in (
        (settings_form(preset), config),
        (augmentation_form(preset), config.augmentation),
    ):
        form.put({name: getattr(values, name) for name in form.names()})


def chosen_augmentation() -> Augmentation:
    """The augmentation that training will use."""
    return Augmentation(**augmentation_form(chosen_preset()).values())


def chosen_config() -> TrainingConfig:
    """The settings that a run would start with now.

    Raises:
        DataError: they do not go together.
    """
    preset = chosen_preset()
    form = settings_form(preset)
    values = form.values()
    for name, value in values.items():
        about = form.about(name)
        if "example" in about and isinstance(value, str):
            raise DataError(
                f"Expected {about['label']} as numbers with commas between them, e.g. {about['example']}. "
                f"Received: {value!r}. Correct them, or leave the field empty."
            )
    augmentation = augmentation_form(preset)
    fields: dict[str, Any] = settings_to_json(preset.config) | values
    try:
        return settings_from_json(TrainingConfig, fields | {"augmentation": augmentation.values()}, DataError)
    except DataError as error:
        raise DataError(_as_on_the_page(str(error), form, augmentation)) from None


def _as_on_the_page(message: str, *forms: SettingsForm) -> str:
    """A message with what the page calls the fields, in place of their names in files and commands."""
    for form in forms:
        for name in form.names():
            if "_" in name:  # the others are plain words
                message = re.sub(rf"\b{name}\b", label_with_unit(form.about(name)), message)
    return message


def kept_epochs_line() -> str | None:
    """The epochs that a run would keep with the settings of this session; None while these are refused."""
    try:
        return kept_epochs(chosen_config())
    except DataError:
        return None  # the start says what is wrong


def kept_epochs(config: TrainingConfig) -> str:
    """The epochs whose weights a run keeps, as a sentence."""
    epochs = sorted(config.kept_epochs)
    if not epochs:
        return "No epochs are kept to be opened."
    names = ["before training" if epoch == 0 else str(epoch) for epoch in epochs]
    how = "as named" if config.checkpoint_epochs else "spread over the run, as no epochs are named"
    return f"{len(epochs)} epochs are kept to be opened, {how}: {', '.join(names)}."


def in_words(params: Augmentation) -> str:
    """What an augmentation does, in a few words; plain text."""
    parts = ["flip"] if params.flip else []
    parts += [f"rotation up to {params.rotation_degrees:g}°"] if params.rotation_degrees else []
    figures = {
        "zoom": params.zoom,
        "shift": params.shift_fraction,
        "brightness": params.brightness,
        "contrast": params.contrast,
        "stretch": params.stretch,
        "saturation": params.saturation,
        "erasing": params.erase_probability and params.erase_fraction,
    }
    parts += [f"{name} {value:g}" for name, value in figures.items() if value]
    return ", ".join(parts) if parts else "no augmentation"
