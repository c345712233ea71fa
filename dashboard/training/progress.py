"""The section Progress: a run on its way, redrawn while it goes on."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from cnn_core.datasets.source import source_name
from cnn_core.files import read_json
from cnn_core.runs.run_summary import epoch_text, fraction_done, last_accuracy, precision_note, saved_words
from cnn_core.training.diagnosis.diagnosis import diagnose
from cnn_core.training.diagnosis.task import task_of
from cnn_core.training.run_folder import PRECISION_FILE, SCAN_FILE
from cnn_core.training.run_status import LOG_FILE, log_end
from cnn_core.training.settings.presets import preset_title
from dashboard.figures.charts.curve_ranges import CurveOf
from dashboard.figures.charts.training_curves import training_curves_alt, training_curves_figure
from dashboard.figures.colours import percent
from dashboard.run_setup.run_picker import choose_run, draw_buttons
from dashboard.session.resources import runs
from dashboard.widgets import first_words
from dashboard.widgets.chart import chart
from dashboard.widgets.errors import show_errors
from dashboard.widgets.export_bar import Export, export_bar, file_name
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.run_names import run_names
from dashboard.widgets.run_words import (
    chip_html,
    history_arrays,
    share_text,
    started,
    state_word,
    stopped_text,
    time_left,
)
from dashboard.widgets.style import theme

if TYPE_CHECKING:
    from cnn_core.runs.run_view import RunView

REDRAWN_SECONDS = 1.5
LIST_REM = 60  # height of the list of all runs, about 30 of them
DOING = {"preparing": "Getting ready", "finishing": "Writing the network and its figures"}
COLUMNS = ("Run", "Preset", "Started", "State", "Epochs", "Validation accuracy, last epoch")
DIAGNOSIS_ICONS = {
    "too_early": "hourglass_empty",
    "underfitting": "trending_flat",
    "good": "task_alt",
    "overfitting": "call_split",
    "diverged": "error",
}


def draw_progress() -> None:
    """Choose a run and watch it; all runs beneath."""
    run = choose_run(runs().all())
    if run is None:
        return
    watched = st.fragment(_watch, run_every=REDRAWN_SECONDS if run.is_alive else None)
    watched(run.key, run.is_alive)
    _draw_log(run)


def _watch(key: str, alive: bool) -> None:
    with show_errors():
        known = runs().all()
        run = next((one for one in known if one.key == key), None)
        if run is None or run.is_alive != alive:
            st.rerun()  # other buttons, and perhaps a new network in the sidebar
        _draw_state(run, run_names(known)[run.key])
        draw_buttons(run)
        _draw_curves(run)
        st.html(figures_html(run))
        _draw_all(known)


def _draw_state(run: RunView, name: str) -> None:
    st.html(
        f"<div class='run-head'>{chip_html(run)} <b>{html.escape(name)}</b> "
        f"<span class='own-name'>{html.escape(preset_title(run.config.preset))}</span> "
        f"<span class='when'>started {started(run)} · on {html.escape(source_name(run.source))} · batches of "
        f"{run.config.batch_size} · {run.config.input_size_px} px</span></div>"
    )
    if run.state in ("failed", "interrupted"):
        words = f"**{escape_markdown(run.reason or 'The run has stopped.', longest=None)}** "
        st.error(words + escape_markdown(run.advice or "", longest=None), icon=":material/error:")
    if run.state == "queued":
        st.info(queue_words(run), icon=":material/hourglass_top:")
    st.progress(fraction_done(run), text=bar_text(run))


def queue_words(run: RunView) -> str:
    """Why a run waits."""
    return (
        f"Waits in the queue, place {run.queue_place}: one run at a time trains on a device. It starts by "
        "itself, also with the browser closed."
    )


def bar_text(run: RunView) -> str:
    """What a run is doing, beside its bar."""
    status = run.status
    if run.state in DOING:
        doing = escape_markdown(str(status.get("doing") or DOING[run.state]))
        share = status.get("fraction")
        return doing if share is None else f"{doing}, {percent(float(share))}"
    if run.stopping is not None:
        return f"{epoch_text(run)} · {state_word(run)}"
    return " · ".join(filter(None, (epoch_text(run), time_left(run)))) + stopped_text(run)


def figures_html(run: RunView) -> str:
    """The figures of a run, each with its name; those that are not known yet are left out."""
    status, shown = run.status, []
    accuracy = last_accuracy(run)
    if accuracy is not None:
        best = max(run.history, key=lambda row: row.get("val_accuracy", 0.0))
        note = f"best {share_text(best['val_accuracy'])}, in epoch {int(best['epoch'])}"
        shown.append(("validation accuracy, last epoch", share_text(accuracy), note))
    if run.state == "running" and status.get("accuracy") is not None:
        shown.append(
            (
                "this epoch, training",
                share_text(float(status["accuracy"])),
                f"loss {float(status['loss']):.3f}",
            )
        )
    speed = status.get("images_per_second") or (
        run.history[-1].get("images_per_second") if run.history else None
    )
    if speed:
        shown.append(("images a second", f"{float(speed):,.0f}", _waiting(run)))
    precision, device = status.get("precision"), status.get("device")
    if precision:
        where = f"precision, on {device}" if device else "precision"
        shown.append((where, str(precision).replace("mixed_", "mixed "), _measured(run.folder)))
    cells = "".join(
        f"<div><span>{html.escape(name)}</span><b>{html.escape(value)}</b><small>{html.escape(note)}</small></div>"
        for name, value, note in shown
    )
    return f"<div class='figures'>{cells}</div>"


def _waiting(run: RunView) -> str:
    share = run.status.get("waiting_fraction")
    if share is None and run.history:
        share = run.history[-1].get("waiting_fraction")
    return "" if share is None else f"{percent(float(share))} waiting for data"


def _measured(folder: Path) -> str:
    """The measured speeds of both precisions, in images a second."""
    speeds = read_json(folder / PRECISION_FILE).get("images_per_second") or {}
    if len(speeds) < 2:
        return ""
    return ", ".join(f"{name.replace('mixed_', '')} {float(speed):,.0f}/s" for name, speed in speeds.items())


def _draw_curves(run: RunView) -> None:
    curve = CurveOf(title=run.title, history=run.history, steps=run.steps, epochs=run.config.epochs)
    chart(
        training_curves_figure([curve], theme=theme()),
        key=f"curves-{run.key}",
        name=file_name(run.key, "curves"),
        alt=training_curves_alt([curve]),
    )
    icon, words = diagnosis_text(run)
    st.markdown(f":material/{icon}: {escape_markdown(words, longest=None)}", help=first_words.CURVES)
    if saved := saved_words(run):
        st.markdown(f":material/save: {saved}")
    if run.history and (note := precision_note(run)):
        st.caption(note)
    skipped = len(read_json(run.folder / SCAN_FILE).get("problems") or [])
    if skipped:
        st.caption(
            f":material/rule: {skipped:,} damaged or repeated pictures were left out; Data names them."
        )
    if run.history or run.steps:
        export_bar(curves_export(run), f"curves-export-{run.key}")


def curves_export(run: RunView) -> Export:
    """All that was measured of a run, and the code that reads it again."""
    steps = history_arrays(run.steps)
    return Export(
        name=file_name(run.key, "curves"),
        arrays=lambda: (
            history_arrays(run.history) | {f"step_{name}": values for name, values in steps.items()}
        ),
        code="from pathlib import Path\n\n"
        "from cnn_core.runs.run_view import RunReader\n"
        "from cnn_core.training.diagnosis.diagnosis import diagnose\n"
        "from cnn_core.training.diagnosis.history import history_column\n"
        "from cnn_core.training.diagnosis.task import task_of\n\n"
        f"run = RunReader().view(Path({str(run.folder)!r}))\n"
        "for name in ('loss', 'accuracy', 'val_loss', 'val_accuracy'):\n"
        "    print(name, history_column(run.history, name).round(3))\n"
        "print(diagnose(run.history, task_of(run.folder)))\n",
    )


def diagnosis_text(run: RunView) -> tuple[str, str]:
    """An icon, and what the curves say; of a run that ended before they could say anything, that."""
    if not run.history and not run.is_alive:
        return "info", "The run ended before its first epoch was finished, so there are no curves to judge."
    found = diagnose(run.history, task_of(run.folder))
    waits = found.kind == "too_early" and not run.is_alive
    return DIAGNOSIS_ICONS.get(
        found.kind, "info"
    ), found.sentence if waits else f"{found.sentence} {found.advice}"


def _draw_log(run: RunView) -> None:
    box = st.expander("Log", icon=":material/terminal:", key="log-open", on_change="rerun")
    if box.open:
        with box:
            st.code(log_end(run.folder / LOG_FILE).strip() or "The log is empty.", language=None, height=260)
            if run.config.tensorboard:
                st.caption("TensorBoard, in a terminal:")
                st.code(f"tensorboard --logdir {run.folder / 'tensorboard'}", language="bash")


def _draw_all(known: Sequence[RunView]) -> None:
    if len(known) > 1:
        st.subheader("All runs")
        st.html(runs_html(known))


def runs_html(known: Sequence[RunView]) -> str:
    """All runs with their states, newest first."""
    rows, names = [], run_names(known)
    for run in known:
        accuracy = last_accuracy(run)
        figures = "" if accuracy is None else share_text(accuracy)
        rows.append(
            f"<tr><td><b>{html.escape(names[run.key])}</b></td><td>{html.escape(preset_title(run.config.preset))}</td>"
            f"<td>{started(run)}</td><td>{html.escape(state_word(run))}</td>"
            f"<td>{html.escape(epoch_text(run))}</td><td>{figures}</td></tr>"
        )
    heads = "".join(f"<th>{name}</th>" for name in COLUMNS)
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return f"<div class='counts' style='max-height:{LIST_REM}rem'>{table}</div>"
