"""Edit and retest on the page: which part of the photo is changed, and what becomes of the answer."""

from __future__ import annotations

import numpy as np
import pytest

from cnn_core.attribution.edited import Edited
from cnn_core.results import HeadAnswer
from dashboard.heat_maps.edit import MOST_CLASSES, NO_AMOUNTS, answers_table, asked_scores


@pytest.fixture
def open_tab(open_app):
    """The tab, with choices by key."""

    def opened(**chosen):
        app = open_app("heat_maps")
        app.session_state["compare"] = "Edit and retest"
        for key, value in chosen.items():
            app.session_state[key.replace("_", "-") if key.startswith("edit") else key] = value
        return sound(app.run())

    return opened


def sound(app):
    assert not app.error
    assert not app.exception
    return app


def figures(app):
    return {metric.label: metric.value for metric in app.metric}


@pytest.mark.parametrize("how", ["blurred", "grey", "black", "colour"])
def test_the_real_change_stands_beside_what_the_map_predicted(open_tab, how):
    app = open_tab(method="hires_cam", edit_how=how)
    assert list(figures(app)) == ["Real change", "Predicted by the map"]
    assert len(app.dataframe[0].value) == 2
    assert len(app.get("download_button")) == 4  # of the map, and of the edit


def test_a_larger_share_changes_more_of_the_photo(open_tab):
    app = open_tab(edit_how="black")
    before = figures(app)
    app.session_state["edit-share"] = 100
    assert figures(sound(app.run())) != before
    assert any("100.0" in caption.value for caption in app.caption)


def test_a_method_without_amounts_says_so(open_tab):
    app = open_tab(method="saliency")
    assert list(figures(app)) == ["Real change"]
    assert any(caption.value == NO_AMOUNTS for caption in app.caption)


def test_what_is_drawn_is_kept_while_other_things_are_chosen(open_tab):
    app = open_tab(edit_where="drawn")
    assert not app.metric
    assert any("drag over" in info.value for info in app.info)
    app.session_state["edit-drawn"] = "0,0;500,0;500,500;0,500"
    before = figures(sound(app.run()))
    assert before
    assert any("25.0" in caption.value for caption in app.caption)
    app.session_state["edit-where"] = "top"
    sound(app.run())
    app.session_state["edit-where"] = "drawn"
    assert figures(sound(app.run())) == before


def test_a_link_names_what_was_drawn_and_how_it_is_painted(open_app):
    address = {"edit-where": "drawn", "edit-drawn": "0,0;1000,0;0,1000", "edit-how": "colour"}
    app = sound(open_app("heat_maps", compare="edit", **address, **{"edit-colour": "#00ff00"}))
    assert figures(app)
    assert app.color_picker[0].value == "#00ff00"


def answer(kind, scores):
    return HeadAnswer(
        head="h",
        kind=kind,
        class_names=tuple(f"c{index}" for index in range(len(scores))),
        scores=scores,
        probabilities=scores,
    )


def edit_of(before, after, kind="softmax"):
    return Edited(
        class_index=0,
        scores=[before[0], after[0]],
        before=answer(kind, before),
        after=answer(kind, after),
        pixels=np.zeros((2, 2, 3), np.uint8),
    )


def test_the_table_has_the_ten_highest_classes_and_no_probabilities_of_a_number():
    columns = answers_table(edit_of(np.arange(12), np.arange(12)))
    assert columns["Class"] == [f"c{index}" for index in range(11, 1, -1)]
    assert len(columns["Probability"]) == MOST_CLASSES
    assert list(answers_table(edit_of([1], [2], "regression"))) == ["Class", "Logit"]


def test_against_another_class_the_change_is_that_of_the_lead():
    found = edit_of([5, 3, 0], [4, 3.5, 0])
    assert asked_scores(found, None) == (5, 4)
    assert asked_scores(found, 1) == (2, 0.5)
    assert asked_scores(found, 0) == (0, 0)


@pytest.mark.parametrize("method", ["hires_cam", "grad_cam", "kernel_shap"])
def test_a_map_that_misses_the_score_is_said_to_promise_roughly(open_tab, method):
    captions = [caption.value for caption in open_tab(method=method).caption]
    holds = any("task_alt" in caption for caption in captions)
    assert any("amounts are rough" in caption for caption in captions) is not holds
