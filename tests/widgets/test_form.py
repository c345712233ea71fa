"""A settings value as a form: every kind of field, its limits, and what of it is in the address."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from streamlit.testing.v1 import AppTest

from cnn_core.settings import choice, number, numbers, optional_number, switch

SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One field of each kind."""

    steps: int = number(32, "Steps", "Help.", 8, 256, 8)
    size_px: int | None = optional_number("Size", "Help.", 16, 64, 8, "px")
    rate: float = number(0.5, "Rate", "Help.", 0, 1, 0.05)
    fine: bool = switch(False, "Fine", "Help.")
    rule: str = choice("adam", "Rule", "Help.", ("adam", "sgd"))
    epochs: tuple[int, ...] = numbers("Epochs", "Help.", "1, 2", "none", 0, 500)


def page(start) -> None:
    """The form, and what comes of it in the session state."""
    import streamlit as st

    from dashboard.session import address
    from dashboard.widgets.form import SettingsForm

    address.enter("Page")
    st.session_state["made"] = SettingsForm(start, "f_").draw()
    address.write()


def opened(**parameters: str) -> AppTest:
    app = AppTest.from_function(page, args=(Settings(),), default_timeout=SECONDS)
    for key, value in parameters.items():
        app.query_params[key] = value
    return app.run()


def test_a_form_starts_with_the_value_and_an_empty_address():
    app = opened()
    assert app.session_state["made"] == Settings()
    assert dict(app.query_params) == {}


def test_every_kind_of_field_is_read_from_the_address():
    app = opened(f_steps="64", f_size_px="24", f_rate="0.25", f_fine="True", f_rule="sgd", f_epochs="1, 5")
    made = Settings(steps=64, size_px=24, rate=0.25, fine=True, rule="sgd", epochs=(1, 5))
    assert app.session_state["made"] == made


@pytest.mark.parametrize(
    ("field", "value"), [("f_steps", "1e9"), ("f_size_px", "17"), ("f_rate", "2"), ("f_rule", "magic")]
)
def test_what_is_out_of_range_in_the_address_is_ignored(field, value):
    app = opened(**{field: value})
    assert app.session_state["made"] == Settings()
    assert not app.exception


def test_an_optional_number_can_be_given_and_left_out_again():
    app = opened()
    app.select_slider(key="f_size_px").set_value(32).run()
    assert app.session_state["made"].size_px == 32
    assert app.query_params["f_size_px"] in ("32", ["32"])
    app.select_slider(key="f_size_px").set_value("Automatic").run()
    assert app.session_state["made"].size_px is None
    assert "f_size_px" not in app.query_params


def test_a_label_says_the_unit():
    app = opened()
    assert app.select_slider(key="f_size_px").label == "Size (px)"
    assert app.slider(key="f_steps").label == "Steps"
