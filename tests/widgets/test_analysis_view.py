"""The picker of analyses and what a result was held against."""

from __future__ import annotations

import dataclasses

import pytest
from streamlit.testing.v1 import AppTest
from toy_analysis import TOY

from cnn_core.analysis import Check
from dashboard.widgets.analysis_view import check_text


@pytest.mark.parametrize("holds", [True, False, None])
def test_a_check_is_ticked_only_where_it_holds(holds):
    text = check_text(Check(sentence="Both sides agree.", figure=0.25, holds=holds))
    assert ("task_alt" in text) is (holds is True)
    assert "0.25" in text


def test_what_only_rounding_leaves_over_is_not_told_in_powers_of_ten():
    text = check_text(Check(sentence="Both sides agree.", figure=1e-8, holds=True))
    assert "<\N{NO-BREAK SPACE}0.001" in text


def test_what_cannot_be_compared_has_no_figure():
    assert "Difference" not in check_text(Check(sentence="A mean of samples has no exact value."))


def page(analyses) -> None:
    """The picker, and the reason that it gives."""
    import streamlit as st

    from dashboard.session import address
    from dashboard.widgets.analysis_view import analysis_picker

    address.enter("Page")
    chosen, reason = analysis_picker("Method", analyses, "any", 0, key="method")
    st.session_state["picked"] = chosen.key, reason


class OneModel:
    """A front door whose only model is never looked into."""

    def outline(self, key: str) -> None:
        """What ``inapplicable`` of these analyses never asks about."""


def test_the_picker_keeps_groups_together_and_names_what_cannot_be_done(monkeypatch):
    analyses = [
        dataclasses.replace(TOY, key="a", title="A", group="Gradients"),
        dataclasses.replace(TOY, key="b", title="B", group="Masks", inapplicable=lambda *_: "No masks here."),
        dataclasses.replace(TOY, key="c", title="C", group="Gradients"),
    ]
    monkeypatch.setattr("dashboard.widgets.analysis_view.explorer", OneModel)
    app = AppTest.from_function(page, args=(analyses,), default_timeout=60).run()
    assert [option.split(" (")[0] for option in app.selectbox[0].options] == [
        "Gradients · A",
        "Gradients · C",
        "Masks · B",
    ]
    assert app.session_state["picked"] == ("a", None)
    app.selectbox[0].set_value("b").run()
    assert app.session_state["picked"] == ("b", "No masks here.")
