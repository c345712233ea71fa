"""The section Settings: a preset, what is changed of it, and the start."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from cnn_core.datasets.recent_folders import remember_folder
from cnn_core.datasets.source import DataSource, source_name
from cnn_core.errors import DataError
from cnn_core.runs.device_queue import device_of
from cnn_core.runs.run_summary import estimated_seconds
from cnn_core.training.settings.batch_rule import fitting_batch
from cnn_core.training.settings.comparison import compared_settings
from cnn_core.training.settings.config import TrainingConfig
from cnn_core.training.settings.presets import Preset, settings_without_effect
from dashboard.figures.files.table_png import table_pixels
from dashboard.run_setup.data_choice import chosen_source, offer_data, splits_of
from dashboard.run_setup.preset_data import DOCUMENTS, offer_its_data, suits
from dashboard.run_setup.run_picker import go_to
from dashboard.run_setup.scan_job import left_of
from dashboard.run_setup.settings_choice import (
    augmentation_form,
    chosen_augmentation,
    chosen_config,
    forget_changes,
    in_words,
    kept_epochs_line,
    pick_preset,
    settings_form,
)
from dashboard.session.resources import runs
from dashboard.session.state import session
from dashboard.session.warm_up import prepare_training
from dashboard.widgets.errors import deferred_errors, show_deferred_errors, show_errors
from dashboard.widgets.export_bar import Export, export_bar, file_name
from dashboard.widgets.form import SettingsForm
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.run_words import duration, run_on_its_way

COMMON = (
    "epochs",
    "batch_size",
    "learning_rate",
    "optimizer",
    "input_size_px",
    "dropout",
    "early_stopping_epochs",
    "class_weights",
)
TRANSFER_ONLY = frozenset({"base", "fine_tuning_epochs"})
NETWORK_SETTINGS = ("input_size_px", "base")
COLUMNS = 4
START_SECONDS = "10 to 20"  # framework, scan, precision and last figures; up to 2,000 photos on two cores


def draw_settings() -> None:
    """The preset, the form, and the start with what it will do."""
    form_place, start_place = st.columns([2.1, 1], gap="large")
    with form_place:
        preset = _draw_preset()
        form = settings_form(preset)
        _draw_fields(form, COMMON)
        _draw_augmentation(preset)
        _draw_rest(preset, form)
        _draw_changes(form, preset)
    with start_place:
        config, source = _draw_start(preset)
    if config is not None:
        with form_place:
            export_bar(settings_export(config, source, preset.title), "settings-export")


def _draw_preset() -> Preset:
    picker, metadata = st.columns([1, 1.7], gap="medium", vertical_alignment="bottom")
    with picker:
        preset = pick_preset()
    metadata.markdown(f"{_size_of_network(preset)}{preset.summary}")
    offer_its_data(preset)
    document = DOCUMENTS.get(preset.key.partition("_")[0])
    if document is not None:
        st.caption(f":material/menu_book: {document}")
    return preset


def _size_of_network(preset: Preset) -> str:
    """Its parameters, as Markdown; nothing once a setting that changes them is another than the preset's."""
    values, start = settings_form(preset).values(), preset.config
    if any(values[name] != getattr(start, name) for name in NETWORK_SETTINGS):
        return ""
    return f"**{preset.parameters:,} parameters** for {preset.classes} classes at {start.input_size_px} px. "


def _draw_fields(form: SettingsForm, names: Sequence[str]) -> None:
    """Four fields in a row; switches, whose labels stand beside them, get a row of their own."""
    switches = [name for name in names if isinstance(getattr(form.start, name), bool)]
    others = [name for name in names if name not in switches]
    for start in range(0, len(others), COLUMNS):
        columns = st.columns(COLUMNS, gap="medium", vertical_alignment="bottom")
        for column, name in zip(columns, others[start : start + COLUMNS], strict=False):
            with column:
                form.widget(name)
    for name in switches:
        form.widget(name)


def _draw_augmentation(preset: Preset) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Augmentation**: {in_words(chosen_augmentation())}")
        st.button(
            "See and change", key="to-augmentation", type="tertiary", on_click=go_to, args=("augmentation",)
        )
    with st.expander("Augmentation in figures", icon=":material/auto_awesome_motion:"):
        form = augmentation_form(preset)
        _draw_fields(form, form.names())


def _draw_rest(preset: Preset, form: SettingsForm) -> None:
    hidden = _without_effect(preset)
    rest = [name for name in form.names() if name not in COMMON and name not in hidden]
    with st.expander("All settings", icon=":material/tune:"):
        _draw_fields(form, rest)
        kept = kept_epochs_line()
        if kept is not None:
            st.caption(f":material/inventory_2: {kept}")


def _without_effect(preset: Preset) -> frozenset[str]:
    """The fields that would change nothing; while a value is refused, those of other presets alone."""
    try:
        return settings_without_effect(chosen_config())
    except DataError:  # the start says what is wrong, and its field must stay
        return settings_without_effect(preset.config) & TRANSFER_ONLY


def _draw_changes(form: SettingsForm, preset: Preset) -> None:
    changed = form.changed() + augmentation_form(preset).changed()
    if changed:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"Other than the preset: {escape_markdown(', '.join(changed), longest=None)}.")
            st.button(
                "Back to the preset",
                key="reset-settings",
                icon=":material/undo:",
                type="tertiary",
                on_click=forget_changes,
            )


def _draw_start(preset: Preset) -> tuple[TrainingConfig | None, DataSource | None]:
    """The start with what it will do; the settings and the data as far as they can be used."""
    with st.container(border=True, key="start-card"):
        st.markdown("#### Start")
        source = config = None
        pictures, suitable = 0, True
        with show_errors():
            source = chosen_source()
            if source is not None:
                splits = left_of(source, splits_of(source))
                pictures = len(splits.training.paths)
                remember_folder(source.folders[0])
                st.markdown(
                    f"**{escape_markdown(source_name(source))}**: {pictures:,} training photos, "
                    f"{len(splits.classes)} classes."
                )
                suitable = suits(preset, splits.classes)
        if source is None or not pictures:
            st.markdown("First choose the photos to train on.")
            st.button(
                "Choose data", key="to-data", icon=":material/photo_library:", on_click=go_to, args=("data",)
            )
            offer_data("settings-used")
        with show_errors():
            config = chosen_config()
        title = st.text_input(
            "Title",
            key="run-title",
            placeholder=preset.title,
            help="A name for the run and its network; the preset's by default.",
            max_chars=80,
            persist_state="session",
        )
        fits = suitable and config is not None and pictures >= config.batch_size
        if config is not None:
            _draw_outlook(config, pictures)
            if 0 < pictures < config.batch_size:
                _draw_batch_warning(preset, config, pictures)
        if fits and pictures:
            prepare_training()
        st.button(
            "Start training",
            key="start-training",
            type="primary",
            icon=":material/play_arrow:",
            width="stretch",
            disabled=not fits or not pictures,
            on_click=launch,
            args=(config, source, title, "launch"),
        )
        show_deferred_errors("launch")
    return config, source


def _draw_batch_warning(preset: Preset, config: TrainingConfig, pictures: int) -> None:
    st.warning(
        f"{pictures:,} training photos are fewer than one batch of {config.batch_size}.",
        icon=":material/warning:",
    )
    fitting = fitting_batch(pictures)
    st.button(
        f"Lower the batch size to {fitting}",
        key="lower-batch",
        on_click=settings_form(preset).put,
        args=({"batch_size": fitting},),
    )


def _draw_outlook(config: TrainingConfig, pictures: int) -> None:
    """How long it may take, and whether it will wait."""
    known = runs().all()
    seconds = estimated_seconds(config, pictures, known)
    if pictures:
        st.caption(f":material/timer: {time_sentence(seconds)}")
    before = run_on_its_way(device_of(config.device))
    if before is not None:
        doing = "waits for its turn" if before.state == "queued" else "is being trained"
        st.info(
            f"{escape_markdown(before.title)} {doing}. A new run waits until the device is free.",
            icon=":material/hourglass_top:",
        )


def time_sentence(seconds: float | None) -> str:
    """How long the epochs of a run may take, and what comes on top.

    Args:
        seconds: of its epochs; None where no earlier run says so.
    """
    if seconds is None:
        return "The time left is told after the first steps."
    return (
        f"About {duration(max(seconds, 1.0))} of training, judged by an earlier run, and "
        f"{START_SECONDS} s to start and to finish."
    )


def launch(config: TrainingConfig, source: DataSource, title: str, slot: str) -> None:
    """Start a run and open its progress; in a callback."""
    with deferred_errors(slot):
        go_to("progress", runs().launch(config, source, title=title or None))
        session().sidebar_behind = True


def settings_export(config: TrainingConfig, source: DataSource | None, title: str) -> Export:
    """All settings as a table and as texts, and the code that trains with them.

    Args:
        config: the settings.
        source: the data, None if none is chosen yet.
        title: of the preset.
    """
    rows = [(row.label, row.texts[title]) for row in compared_settings({title: config})]
    data = repr(source) if source is not None else "DataSource(folders=('the/folder/of/your/photos',))"
    return Export(
        name=file_name(config.preset, "settings"),
        title=f"Settings: {title}",
        image=lambda: table_pixels(["Setting", "Value"] * 2, _in_two_columns(rows)),
        arrays=lambda: {
            "names": np.array([name for name, _ in rows]),
            "values": np.array([value for _, value in rows]),
        },
        code="from cnn_core import paths\n"
        "from cnn_core.datasets.source import DataSource\n"
        "from cnn_core.runs.runs import Runs\n"
        "from cnn_core.training.settings.config import Augmentation, TrainingConfig\n\n"
        f"config = {config!r}\n"
        f"source = {data}\n"
        "runs = Runs(paths.runs_folder())\n"
        "# The next line starts the training, in a process of its own:\n"
        "# runs.launch(config, source)\n"
        "print(config, source, len(runs.all()))\n",
        drawing="from dashboard.figures.files.table_png import table_pixels\n"
        f"rows = {_in_two_columns(rows)!r}\n"
        "picture = table_pixels(['Setting', 'Value'] * 2, rows)\n",
    )


def _in_two_columns(rows: Sequence[tuple[str, str]]) -> list[tuple[str, ...]]:
    """The second half of the rows beside the first, so that the table is not a long thin picture."""
    half = -(-len(rows) // 2)
    padded = [*rows, ("", "")][: 2 * half]
    return [left + right for left, right in zip(padded[:half], padded[half:], strict=True)]
