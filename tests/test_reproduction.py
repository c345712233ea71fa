"""The page of the reproduction: numbers beside the documents', differences told, missing runs named."""

from __future__ import annotations

import argparse
import dataclasses
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from benchmarks.reproduction import data_options, run_folder, train_command, trained
from benchmarks.reproduction_curves import curves_svg
from benchmarks.reproduction_page import Trained, differs, page, unexplained
from benchmarks.reproduction_rows import ROWS, Row
from cnn_core.cli.train import add_train
from cnn_core.datasets.source import DataSource
from cnn_core.files import write_json
from cnn_core.runs.launching import create_run
from cnn_core.runs.run_view import RunReader
from cnn_core.training.settings.config import TrainingConfig
from cnn_core.training.settings.presets import preset_named

BASELINE = next(row for row in ROWS if row.preset == "lecture_baseline")
ARTICLE = next(row for row in ROWS if row.preset == "article_cnn")
THREE_WAY = next(row for row in ROWS if row.three_way)


def history(training: float, validation: float, epochs: int = 6) -> list[dict[str, float]]:
    """Curves that stand still, with the lowest validation loss in epoch 2."""
    row = {"accuracy": training, "val_accuracy": validation, "loss": 0.5}
    return [{"epoch": e, **row, "val_loss": 0.6 + 0.05 * abs(e - 2)} for e in range(1, epochs + 1)]


def run(seed: int, training: float, validation: float, state: str = "finished") -> Trained:
    return Trained(seed=seed, state=state, epochs=6, history=history(training, validation))


def line_of(text: str, row: Row) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"| {row.key} |"))


def test_a_row_tells_mean_range_and_difference_of_its_runs() -> None:
    line = line_of(page({"A7": [run(0, 0.93, 0.72), run(1, 0.95, 0.76)]}, "pictures"), BASELINE)
    assert "| 2 | 0.94 | 0.940 (0.930–0.950), +0.000 |" in line
    assert "| 0.73 | 0.740 (0.720–0.760), +0.010 | about 5 | 2 (2–2), -3 |" in line


def test_a_validation_accuracy_is_the_mean_of_the_last_five_epochs() -> None:
    rows = history(0.94, 0.70)
    rows[0]["val_accuracy"] = 0.1  # before the last five
    rows[-1]["val_accuracy"] = 0.85
    line = line_of(
        page({"A7": [Trained(seed=0, state="finished", epochs=6, history=rows)]}, "pictures"), BASELINE
    )
    assert "| 0.73 | 0.730, +0.000 |" in line


@pytest.mark.parametrize(("validation", "bold"), [(0.76, False), (0.761, True), (0.69, True)])
def test_a_difference_above_three_hundredths_is_bold(validation: float, bold: bool) -> None:
    line = line_of(page({"A7": [run(0, 0.94, validation)]}, "pictures"), BASELINE)
    assert ("**" in line) == bold


def test_a_lowest_loss_more_than_three_epochs_away_asks_for_a_cause() -> None:
    late = history(0.94, 0.73, epochs=12)
    for row in late:
        row["val_loss"] = 0.6 + 0.05 * abs(row["epoch"] - 9)
    runs = {"A7": [Trained(seed=0, state="finished", epochs=12, history=late)]}
    assert line_of(page(runs, "pictures"), BASELINE).endswith("| about 5 | 9, **+4** |")
    assert differs(BASELINE, runs["A7"])
    assert not differs(BASELINE, [run(0, 0.94, 0.73)])


def test_a_row_that_differs_without_a_cause_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    bare, explained = (dataclasses.replace(BASELINE, why=why) for why in ("", "Other photos."))
    runs = {"A7": [run(0, 0.99, 0.5)]}
    monkeypatch.setattr("benchmarks.reproduction_page.ROWS", (bare,))
    assert unexplained(runs) == (bare,)
    assert "*Why it differs.* Not known yet." in page(runs, "pictures")
    assert unexplained({"A7": [run(0, 0.94, 0.73)]}) == ()
    monkeypatch.setattr("benchmarks.reproduction_page.ROWS", (explained,))
    assert unexplained(runs) == ()
    assert "*Why it differs.* Other photos." in page(runs, "pictures")


def test_runs_that_are_missing_or_unfinished_are_told_and_do_not_count() -> None:
    text = page({"A7": [run(0, 0.5, 0.5, state="paused")]}, "pictures")
    assert line_of(text, BASELINE).count("not trained yet") == 3
    assert "*Seed 0.* Not finished: paused, 6 of 6 epochs." in text
    assert "](pictures/" not in text
    assert line_of(page({}, "pictures"), ROWS[-1]).count("not trained yet") == 3


def test_the_curves_are_a_drawing_with_four_lines_per_run() -> None:
    drawing = ElementTree.fromstring(curves_svg(BASELINE, [history(0.9, 0.7), history(0.8, 0.7, 3)]))
    lines = drawing.findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 8
    first, short = (lines[i].get("points", "").split() for i in (0, 1))
    assert (len(first), len(short)) == (6, 3)
    assert first[0].startswith("48.0,")  # epoch 1 at the left edge
    assert first[-1].startswith("348.0,")  # the last one at the right


@pytest.mark.parametrize(("state", "resumed"), [("paused", True), ("failed", True), ("finished", False)])
def test_runs_that_stopped_are_resumed_and_finished_ones_left_alone(
    tmp_path: Path, state: str, resumed: bool
) -> None:
    folder = run_folder(tmp_path, ARTICLE, 1)
    config = TrainingConfig(preset="article_cnn")
    _, lock = create_run(tmp_path, config, DataSource(folders=(str(tmp_path),)), title="t", name=folder.name)
    lock.release()
    write_json(folder / "status.json", {"state": state})
    command = train_command(RunReader().view(folder), folder, ARTICLE, 1, ("--data", "x"))
    assert (command is not None) == resumed
    if command is not None:
        assert command[-2:] == ("--run", str(folder))
        assert "--preset" not in command
    assert [one.state for one in trained(tmp_path, ARTICLE, 3)] == [state]


def test_a_run_that_is_missing_is_trained_with_its_seed(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, ARTICLE, 2)
    command = train_command(None, folder, ARTICLE, 2, data_options(ARTICLE, Path("photos"), None))
    assert command is not None
    parser = argparse.ArgumentParser()
    add_train(parser.add_subparsers())
    options = parser.parse_args(command[command.index("train") :])
    assert (options.preset, options.seed, options.folder) == ("article_cnn", 2, str(folder))
    assert options.data == [str(Path("photos").absolute())]
    assert options.changes == ["checkpoint_count=0"]


def test_the_split_of_the_report_is_drawn_from_all_photos_together() -> None:
    options = data_options(THREE_WAY, Path("/filtered"), Path("/large"))
    given = ("--data", "/filtered/train", "--data", "/filtered/validation", "--data", "/large")
    assert options == (*given, "--validation", "1000", "--test", "2499")
    assert run_folder(Path("/runs"), THREE_WAY, 0).name == "report_baseline_three_way-seed0"


def test_every_row_names_a_preset() -> None:
    assert {preset_named(row.preset).key for row in ROWS} == {row.preset for row in ROWS}


def test_the_page_judges_a_run_by_what_it_was_to_learn(tmp_path: Path) -> None:
    """Where nine in ten are cats, 0.9 right is nothing learned."""
    folder = run_folder(tmp_path, ARTICLE, 0)
    config, source = preset_named("article_cnn").config, DataSource(folders=(str(tmp_path),))
    _, lock = create_run(tmp_path, config, source, title="t", name=folder.name)
    lock.release()
    counts = {"training": {"cats": 90, "dogs": 10}, "validation": {"cats": 9, "dogs": 1}}
    write_json(folder / "scan.json", {"counts": counts})
    (found,) = trained(tmp_path, ARTICLE, 1)
    standing = [row | {"val_loss": 0.5} for row in history(0.9, 0.9)]
    finished = dataclasses.replace(found, state="finished", history=standing)
    assert "commonest class" in page({"B4": [finished]}, "pictures")
    unknown = dataclasses.replace(run(0, 0.9, 0.9), history=standing)
    assert "commonest class" not in page({"B4": [unknown]}, "pictures")
