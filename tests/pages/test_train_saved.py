"""Progress says which epoch the saved network holds and how to keep another, and calls runs by one name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from run_folders import CONFIG, history_row, write_card, write_run

from cnn_core.runs.run_summary import WHY_LOSS, precision_note, saved_words
from cnn_core.runs.run_view import RunReader, RunView
from dashboard.training.progress import COLUMNS, figures_html, runs_html
from dashboard.widgets.run_names import listed_names
from dashboard.widgets.run_words import started

LOSSES, ACCURACIES = (0.6, 0.5, 0.7), (0.70, 0.75, 0.72)


@pytest.fixture
def runs_folder(fresh_folders: None, tmp_path: Path) -> Path:
    return tmp_path / "runs"


def saved(
    folder: Path,
    kept: int | None,
    *,
    keep: str = "last",
    accuracies: Sequence[float] = ACCURACIES,
    **training: Any,
) -> RunView:
    """A finished run of three epochs, the second of the lowest loss, with the card of its network."""
    curves = zip(LOSSES, accuracies, strict=True)
    rows = [
        history_row(epoch, val_loss=loss, val_accuracy=share) for epoch, (loss, share) in enumerate(curves, 1)
    ]
    path = write_run(folder, "one", "finished", history=rows, config=replace(CONFIG, keep=keep))
    if kept is not None:
        write_card(path, training={"kept_epoch": kept, **training})
    view = RunReader().view(path)
    if view is None:
        raise FileNotFoundError(path)
    return view


HINT = "To save epoch 2 instead next time, set “Epoch to keep” to “best”, in All settings."


@pytest.mark.parametrize(
    ("kept", "keep", "accuracies", "which", "said"),
    [
        (3, "last", (0.7, 0.75, 0.72), "3 (the last)", (True, False)),
        (2, "best", (0.7, 0.75, 0.72), "2 (the one of the lowest validation loss)", (False, False)),
        (3, "last", (0.7, 0.72, 0.75), "3 (the last)", (True, True)),
        (3, "last", (0.75, 0.75, 0.7), "3 (the last)", (True, False)),
    ],
    ids=["a better one was not kept", "the best one was kept", "another was more accurate", "two are equal"],
)
def test_the_saved_network_is_named_and_how_to_keep_a_better_one_and_why_it_is_better(
    runs_folder: Path, kept: int, keep: str, accuracies: Sequence[float], which: str, said: tuple[bool, bool]
) -> None:
    words = saved_words(saved(runs_folder, kept, keep=keep, accuracies=accuracies))
    assert words.startswith(f"The saved network is that of epoch {which}.")
    assert (HINT in words, f"The accuracy was highest in epoch 3. {WHY_LOSS}" in words) == said
    assert (WHY_LOSS in words) == said[1]


def test_a_last_epoch_that_is_the_best_needs_no_other_setting(runs_folder: Path) -> None:
    view = saved(runs_folder, 2)
    assert saved_words(replace(view, history=view.history[:2])) == (
        "The saved network is that of epoch 2 (the last, and the one of the lowest validation loss)."
    )


def test_before_there_is_a_saved_network_nothing_is_said_of_it(runs_folder: Path) -> None:
    assert saved_words(saved(runs_folder, None)) == ""


@pytest.mark.parametrize(("used", "told"), [("mixed_bfloat16", True), ("float32", False), (None, False)])
def test_why_evaluation_may_differ_is_said_of_mixed_precision_alone(
    runs_folder: Path, used: str | None, told: bool
) -> None:
    words = precision_note(saved(runs_folder, 3, precision_used=used))
    assert ("in bfloat16" in words and "float32" in words) == told
    assert bool(words) == told


def test_a_damaged_card_is_no_saved_network(runs_folder: Path) -> None:
    view = saved(runs_folder, 3)
    card = view.folder / "model" / "card.json"
    for text in ('{"training": 7}', '{"training": {"kept_epoch": "3"}}', "[nonsense"):
        card.write_text(text, encoding="utf-8")
        assert saved_words(view) == precision_note(view) == ""


def test_accuracies_are_told_in_per_cent_and_of_which_epoch(runs_folder: Path) -> None:
    view = saved(runs_folder, 3)
    shown = figures_html(view)
    assert "72.0\u00a0%" in shown
    assert "best 75.0\u00a0%, in epoch 2" in shown
    assert "0.7" not in shown
    assert "72.0\u00a0%" in runs_html([view])
    assert "Validation accuracy, last epoch" in COLUMNS


def test_the_page_says_it_under_the_verdict(open_app: Any, runs_folder: Path) -> None:
    saved(runs_folder, 3, precision_used="mixed_bfloat16")
    app = open_app("train", section="progress")
    assert not app.exception
    assert any("The saved network is that of epoch 3" in text.value for text in app.markdown)
    assert any("in bfloat16" in text.value for text in app.caption)


def test_runs_of_one_title_are_told_apart_in_head_list_and_chooser(open_app: Any, runs_folder: Path) -> None:
    for seed in (0, 1):
        write_run(runs_folder, f"run-{seed}", "finished", title="Same", config=replace(CONFIG, seed=seed))
    app = open_app("train", section="progress")
    shown = " ".join(element.proto.body for element in app.get("html"))
    chosen = app.selectbox(key="run").value
    assert f"<b>Same · seed\u00a0{chosen[-1]}</b> <span class='own-name'>" in shown
    for seed in (0, 1):
        assert f"<td><b>Same · seed\u00a0{seed}</b></td>" in shown
        assert any(
            option.startswith(f"Same · seed\u00a0{seed} · ") for option in app.selectbox(key="run").options
        )


def test_a_start_that_is_part_of_the_name_is_not_told_twice(runs_folder: Path) -> None:
    view = saved(runs_folder, 3)
    later = replace(view, key="later", created=view.created + 3600)
    assert listed_names([view, later])["later"] == f"My run · {started(later)} · finished"
    assert listed_names([view])["one"] == f"My run · {started(view)} · finished"
