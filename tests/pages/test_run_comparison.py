"""Runs side by side: which ones, their figures in order, and what differs in their settings."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest
from finished_run import write_run
from run_folders import validated_on, write_card
from streamlit.testing.v1 import AppTest
from taken_away import check, taken_away

from cnn_core.runs.run_summary import RunFigures, run_figures
from cnn_core.runs.run_view import RunReader, RunView
from dashboard.figures.theme import LIGHT
from dashboard.run_comparison.comparison import run_names
from dashboard.run_comparison.settings import setting_rows, settings_html
from dashboard.run_comparison.table import (
    COLUMNS,
    SORTED_BY,
    figure_texts,
    line_signs,
    sorted_figures,
    table_html,
    table_words,
)
from dashboard.widgets.run_words import started

PATIENCE_SECONDS = 120


def comparison_section() -> None:
    """The section alone, over all runs of a folder, newest first."""
    from pathlib import Path

    import streamlit as st

    from cnn_core.runs.run_view import RunReader
    from dashboard.run_comparison.comparison import draw_comparison
    from dashboard.session import address
    from dashboard.widgets.page_fragment import page_fragment

    address.enter("Train")
    folders = Path(st.session_state["runs_folder"]).glob("*/config.json")
    views = [RunReader().view(path.parent) for path in folders]
    page_fragment(draw_comparison)(tuple(sorted(views, key=lambda view: -view.created)))


@pytest.fixture(scope="module")
def runs_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs: two presets, and one that has not finished an epoch."""
    folder = tmp_path_factory.mktemp("runs")
    write_run(folder / "first", title="Plain", accuracies=(0.6, 0.8, 0.7), checkpoints=(1,), created=1)
    write_run(
        folder / "second", title="Regular", preset="report_regularized", accuracies=(0.65, 0.75), created=2
    )
    write_run(folder / "third", title="*New*", accuracies=(), state="paused", created=3)
    return folder


def view_of(folder: Path) -> RunView:
    view = RunReader().view(folder)
    if view is None:
        raise FileNotFoundError(folder)
    return view


def open_comparison(folder: Path, **address: str) -> AppTest:
    app = AppTest.from_function(comparison_section, default_timeout=PATIENCE_SECONDS)
    app.session_state["runs_folder"] = str(folder)
    for key, value in address.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    assert not app.error
    return app


def said(app: AppTest, key: str) -> str:
    value = app.query_params[key]
    return value[0] if isinstance(value, list) else value


def listed(app: AppTest) -> list[str]:
    """The runs in the table of figures, from top to bottom."""
    whole = " ".join(element.proto.body for element in app.get("html"))
    table = whole.partition('class="run-figures">')[2].partition("</table>")[0]
    heads = re.findall(r'<th scope="row">(.*?)</th>', table)
    return [re.sub(r"<span.*?</span> ", "", head) for head in heads]


def test_without_runs_it_says_what_to_do(tmp_path):
    assert "launch" in open_comparison(tmp_path).info[0].value


def test_the_runs_of_the_address_are_compared_and_those_that_are_gone_left_out(runs_folder):
    app = open_comparison(runs_folder, compare_runs="gone,first,third,first")
    assert app.multiselect[0].value == ["first", "third"]
    assert any("No finished epoch" in text.value and "\\*New\\*" in text.value for text in app.caption)


def test_runs_with_curves_are_compared_first_and_others_can_be_chosen(runs_folder):
    app = open_comparison(runs_folder)
    assert app.multiselect[0].value == ["second", "first"]
    assert said(app, "compare_runs") == "second,first"
    assert listed(app) == ["Plain", "Regular"]
    for keys, titles in ((["first"], ["Plain"]), ([], []), (["second"], ["Regular"])):
        app.multiselect[0].set_value(keys).run()
        assert not app.exception
        assert said(app, "compare_runs") == (",".join(keys) or "none")
        assert listed(app) == titles


def test_the_table_can_be_sorted_by_each_of_its_figures(runs_folder):
    assert set(SORTED_BY) == set(COLUMNS)
    app = open_comparison(runs_folder, compare_runs="first,second", compare_sort="epochs")
    assert listed(app) == ["Plain", "Regular"]
    app.selectbox(key="compare_sort").set_value("gap").run()
    assert listed(app) == ["Regular", "Plain"]
    assert said(app, "compare_sort") == "gap"


def test_the_figures_of_a_run_are_those_of_its_history(runs_folder):
    figures = run_figures(view_of(runs_folder / "first"), "Plain")
    assert (figures.accuracy, figures.accuracy_epoch) == (0.8, 2)
    assert (figures.loss, figures.loss_epoch) == (pytest.approx(0.2), 2)
    assert figures.gap == pytest.approx(0.9 - 0.7)
    assert (figures.epochs, figures.seconds, figures.images_per_second) == (3, 30.0, 102.0)
    assert figures.parameters is not None
    assert figures.parameters > 100


def test_a_run_without_epochs_has_no_figures_and_comes_last(runs_folder):
    bare = run_figures(view_of(runs_folder / "third"), "New")
    first = run_figures(view_of(runs_folder / "first"), "Plain")
    assert (bare.accuracy, bare.loss, bare.gap, bare.seconds, bare.parameters) == (None,) * 5
    for key in COLUMNS:
        assert sorted_figures([bare, first], key)[0] is first
    assert table_words([bare]) == ""


def row(name: str, accuracy: float, loss: float) -> RunFigures:
    return RunFigures(
        run=name,
        state="finished",
        accuracy=accuracy,
        accuracy_epoch=4,
        loss=loss,
        loss_epoch=2,
        gap=0.1,
        epochs=5,
        parameters=10,
        seconds=1.0,
        images_per_second=9.0,
    )


def test_high_accuracy_and_low_loss_come_first_and_are_told_in_words():
    rows = [row("a*", 0.9, 0.6), row("b", 0.8, 0.5)]
    words = table_words(rows)
    assert "**a\\***" in words
    assert "90.0\u00a0% in epoch 4" in words
    assert "**b** has the lowest validation loss, 0.500 in epoch 2" in words
    assert "it also has" in table_words(rows[:1])
    rows = [row("a", 0.7, 0.6), row("b", 0.9, 0.7), row("c", 0.8, 0.5)]
    assert [one.run for one in sorted_figures(rows, "accuracy")] == ["b", "c", "a"]
    assert [one.run for one in sorted_figures(rows, "loss")] == ["c", "a", "b"]


def test_runs_of_one_title_are_told_apart_by_seed_else_by_start_else_by_key(runs_folder):
    view = view_of(runs_folder / "first")
    seeded = dataclasses.replace(view, key="other", config=dataclasses.replace(view.config, seed=7))
    later = dataclasses.replace(view, key="later", created=view.created + 3600)
    twin = dataclasses.replace(view, key="twin")
    assert run_names([view]) == {"first": "Plain"}
    assert run_names([view, seeded]) == {
        "first": "Plain · seed\u00a00",
        "other": "Plain · seed\u00a07",
    }
    assert run_names([view, later])["later"] == f"Plain · {started(later)}"
    assert run_names([view, twin]) == {"first": "Plain · first", "twin": "Plain · twin"}


def test_the_table_shows_the_symbols_of_the_curves_and_dashes_for_what_is_unknown(runs_folder):
    runs = [view_of(runs_folder / name) for name in ("third", "first", "second")]
    titles = ["<New>", "Plain", "Regular"]
    signs = line_signs(runs, titles, LIGHT)
    assert [signs[title][0] for title in titles[1:]] == ["●", "◆"]
    assert line_signs(runs[:2], titles[:2], LIGHT) == {}
    figures = [run_figures(run, title) for run, title in zip(runs, titles, strict=True)]
    table = table_html(figures, "loss", signs)
    assert "&lt;New&gt;" in table
    assert "<New>" not in table
    assert table.count("<tr>") == 4
    assert table.count("number chosen") == 4
    assert set(figure_texts(figures[0]).values()) == {"–", "0"}
    assert figure_texts(figures[1])["gap"] == "+20.0\u00a0pp"
    below = dataclasses.replace(figures[1], gap=-0.01)
    assert figure_texts(below)["gap"] == "\u22121.0\u00a0pp"


def test_a_comparison_can_be_taken_away_and_its_code_runs(runs_folder, monkeypatch, capsys):
    taken = taken_away(monkeypatch)
    open_comparison(runs_folder, compare_runs="first,second,third")
    arrays, _ = check(taken["compare-export"])
    assert "png" in taken["compare-export"]
    assert arrays["titles"].tolist() == ["Plain", "Regular", "*New*"]
    np.testing.assert_allclose(arrays["val_accuracy_0"], (0.6, 0.8, 0.7))
    np.testing.assert_allclose(arrays["val_loss_1"], (0.35, 0.25))
    assert "val_loss_2" not in arrays
    assert arrays["settings"].shape == (len(arrays["setting_names"]), 3)
    shown = capsys.readouterr().out
    assert "Plain lowest validation loss in epoch 2" in shown
    assert "val_accuracy [0.65 0.75]" in shown
    assert "Dropout" in shown


def test_settings_that_differ_come_first_with_a_sign_and_the_data_is_among_them(runs_folder):
    runs = [view_of(runs_folder / "first"), view_of(runs_folder / "second")]
    rows = setting_rows(runs, ["a", "b"])
    differs = [one.differs for one in rows]
    assert differs == sorted(differs, reverse=True)
    assert {one.label for one in rows if one.differs} >= {"Preset", "Dropout"}
    assert not next(one for one in rows if one.field == "folders").differs
    moved = dataclasses.replace(runs[1].source, folders=("elsewhere/photos",))
    rows = setting_rows([runs[0], dataclasses.replace(runs[1], source=moved)], ["a", "b"])
    assert next(one for one in rows if one.field == "folders").differs


@pytest.mark.parametrize("change", [{"seed": 7}, {"keep_non_rgb": True}, {"keep_near_duplicates": True}])
def test_pictures_that_were_chosen_otherwise_are_a_difference(runs_folder, change):
    first = view_of(runs_folder / "first")
    other = dataclasses.replace(first, source=dataclasses.replace(first.source, **change))
    rows = setting_rows([first, other], ["a", "b"])
    assert [one.field for one in rows if one.differs] == list(change)
    assert len(set(rows[0].texts.values())) == 2


def test_a_share_that_is_not_set_aside_is_not_given_where_the_set_has_a_folder_of_its_own(runs_folder):
    first, second = (view_of(runs_folder / name) for name in ("first", "second"))
    counts = {"training": {"cats": 9, "dogs": 9}, "validation": {"cats": 3, "dogs": 3}}
    for run, drawn in ((first, []), (second, ["validation"])):
        (run.folder / "scan.json").write_text(
            json.dumps({"counts": counts, "drawn": drawn}), encoding="utf-8"
        )
    rows = {row.label: row for row in setting_rows([first, second], ["a", "b"])}
    assert rows["Set aside: validation"].texts == {"a": "a folder of its own", "b": "0.2"}
    assert rows["Set aside: validation"].differs
    assert rows["Set aside: test"].texts == {"a": "0", "b": "0"}
    assert rows["Set aside: seed"].texts["b"] == "0" != rows["Set aside: seed"].texts["a"]


def test_the_table_of_settings_marks_differences_by_more_than_colour_and_leaves_out_the_rest(runs_folder):
    runs = [view_of(runs_folder / "first"), view_of(runs_folder / "second")]
    rows = setting_rows(runs, ["a", "<b>"])
    whole, short = (settings_html(rows, ["a", "<b>"], only=only) for only in (False, True))
    assert whole.count("≠") == short.count("≠") == sum(one.differs for one in rows)
    assert whole.count("<tr") == len(rows) + 1
    assert short.count("<tr") == sum(one.differs for one in rows) + 1
    assert "<b>" not in whole
    assert "<b>" not in settings_html(setting_rows(runs, ["<b>", "c"]), ["<b>", "c"], only=False)
    paths = dataclasses.replace(rows[0], texts={"a": "<i>/cats_and", "<b>": ""})
    assert "&lt;i&gt;/<wbr>cats_<wbr>and" in settings_html([paths], ["a", "<b>"], only=False)
    assert "No setting differs" in settings_html(setting_rows(runs[:1], ["a"]), ["a"], only=True)


@pytest.mark.parametrize("fingerprints", [("aa", "aa"), ("aa", "bb")], ids=["alike", "apart"])
def test_the_page_names_a_winner_only_among_runs_validated_alike(tmp_path, fingerprints):
    alike = len(set(fingerprints)) == 1
    for fingerprint, key in zip(fingerprints, ("one", "two"), strict=True):
        write_card(write_run(tmp_path / key), data=validated_on({"cats": 4, "dogs": 4}, fingerprint))
    app = open_comparison(tmp_path)
    assert ["different validation photos" in text.value for text in app.warning] == [True] * (not alike)
    assert any("reached the highest validation accuracy" in text.value for text in app.markdown) == alike
