"""What was chosen is left alone by later runs: set anew, it would undo what a person does meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st
from finished_run import EPOCHS, write_run
from launch_settings import clean
from streamlit.testing.v1 import AppTest

from dashboard.session import address
from dashboard.session.address import YES_OR_NO, name_in, one_of, titled


def set_anew(app: AppTest) -> set[str]:
    """Ids of the widgets whose value the last run told the browser, instead of taking it from there."""
    elements = app.main.children.values(), app.sidebar.children.values()
    waiting, found = [node for nodes in elements for node in nodes], set()
    while waiting:
        node = waiting.pop()
        proto = getattr(node, "proto", None)
        if getattr(proto, "set_value", False):
            found.add(str(proto.id))
        waiting.extend(getattr(node, "children", {}).values())
    return found


@pytest.fixture
def finished(fresh_folders: None, tmp_path: Path) -> None:
    """Two finished runs with kept epochs."""
    for name in ("one", "two"):
        write_run(tmp_path / "runs" / name, title=name, checkpoints=range(EPOCHS + 1))


def test_equal_options_make_equal_parsers():
    assert name_in(["a", "b"]) == name_in(("a", "b"))
    assert one_of({"1": 1, "2": 2}) == one_of({"1": 1, "2": 2})
    assert one_of({"1": 1}) != one_of({"1": 2})
    assert name_in(["a"]) != name_in(["a", "b"])
    assert titled({"a": "A"}) != titled({"a": "B"})


def test_a_parser_gives_the_value_and_none_for_what_is_no_option():
    assert (one_of({"7": 7})("7"), one_of({"7": 7})("8")) == (7, None)
    assert (name_in(["a"])("a"), name_in(["a"])("b")) == ("a", None)
    assert (YES_OR_NO("False"), YES_OR_NO("false")) == (False, None)


def test_a_value_that_was_set_is_seen_as_set(open_app):
    app = open_app("activations")
    app.session_state["layer"] = "block1_conv"
    assert set_anew(app.run())


def test_choices_can_be_told_to_the_browser_once_more(open_app, monkeypatch):
    app = clean(open_app("activations").run())
    with monkeypatch.context() as patch:
        patch.setattr(st, "session_state", app.session_state)
        address.set_anew()
    assert set_anew(app.run())


@pytest.mark.parametrize("page", [None, "activations", "filter_patterns", "heat_maps"])
def test_a_run_without_anything_new_sets_no_widget(open_app, page):
    app = clean(open_app(page).run())
    assert set_anew(clean(app.run())) == set()


@pytest.mark.parametrize(
    ("page", "section"),
    [
        *(("train", section) for section in ("data", "augmentation", "settings", "progress")),
        ("evaluation", ""),
        ("runs", ""),
    ],
)
def test_a_run_without_anything_new_sets_no_widget_of_training(open_app, finished, page, section):
    app = clean(open_app(page, section=section).run())
    assert set_anew(clean(app.run())) == set()


@pytest.mark.usefixtures("fresh_folders", "photos")
def test_a_run_without_anything_new_sets_no_widget_of_the_evaluation_of_a_folder(open_app):
    app = clean(open_app("evaluation", eval_split="all").run())
    assert app.metric
    found = set_anew(clean(app.run()))
    assert {name for name in found if not name.endswith("sidebar-preset")} == set()  # that follows Train


def test_the_chosen_run_is_set_anew_as_soon_as_the_list_calls_it_otherwise(open_app, finished, tmp_path):
    app = clean(open_app("train", section="progress", run="one").run())
    status = tmp_path / "runs" / "one" / "status.json"
    status.write_text(status.read_text().replace("finished", "cancelled"))
    clean(app.run())
    assert any(name.endswith("-run") for name in set_anew(app))
    assert app.selectbox(key="run").value == "one"
