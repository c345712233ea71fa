"""Describe this model: what the form says is what the card says, and what cannot be read changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
import streamlit as st
from tiny_model import write_model, write_tiny_model

from cnn_core.errors import ModelError
from dashboard.sidebar.model_form import classes_of, named_classes, numbers_of, pixels_of, tensor_pixels

OWN = {"scale": "0.5, 0.25, 1", "offset": "-1", "channel_order": "bgr"}


def test_own_pixels_are_kept_as_typed_and_the_usual_ones_by_their_name():
    expected = {"scale": [0.5, 0.25, 1.0], "offset": [-1.0], "channel_order": "bgr", "fit": "crop"}
    assert pixels_of("own", OWN, "crop") == expected
    assert pixels_of("0..255", OWN, "squash")["scale"] == [1.0]
    with pytest.raises(ModelError, match="Expected numbers with commas"):
        pixels_of("own", OWN | {"scale": "a half"}, "squash")


def test_numbers_have_no_classes_and_each_output_has_its_own():
    assert named_classes({"age": None}) == {"age": []}
    assert named_classes({"age": "young\nold"}) == ["young", "old"]
    assert named_classes({"age": None, "mood": '{"glad": 1, "sad": 0}'}) == {
        "age": [],
        "mood": {"glad": 1, "sad": 0},
    }


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder of uploaded models, which nobody has opened yet or keeps open."""
    monkeypatch.setenv("CONVSCOPE_UPLOADS", str(tmp_path))
    st.cache_resource.clear()
    yield tmp_path
    st.cache_resource.clear()


def test_the_form_of_an_uploaded_model_is_drawn_with_what_its_card_says(open_app, uploads):
    (write_tiny_model(uploads) / "tiny").rename(uploads / "mine")
    app = open_app(None, model="mine")
    assert not app.exception
    shown = {widget.label: widget.value for widget in (*app.text_input, *app.selectbox, *app.text_area)}
    assert (shown["Classes"], shown["Own order"]) == ("cats\ndogs", "rgb")
    assert shown["A photo of another shape"] == "squash"


def test_each_of_several_outputs_is_asked_for_its_names_and_meaning(open_app, uploads):
    x = keras.Input((8, 8, 3))
    y = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(2, 3)(x))
    shape = keras.layers.Dense(3, activation="softmax", name="shape")(y)
    model = keras.Model(x, [shape, keras.layers.Dense(2, name="age")(y)])
    write_model(uploads, "two", model, {"shape": ["a", "b", "c"], "age": []})
    app = open_app(None, model="two")
    assert not app.exception
    shown = {widget.label: widget.value for widget in (*app.text_area, *app.selectbox)}
    assert shown["Classes of shape"] == "a\nb\nc"
    assert shown["Output of age"] == "numbers"


def test_classes_are_taken_as_lines_or_json():
    assert classes_of("ants\n'bees',\n") == ["ants", "bees"]
    assert classes_of('{"cats": 0}') == {"cats": 0}
    with pytest.raises(ModelError, match="JSON with an error"):
        classes_of("{cats")


def test_numbers_stand_with_commas_or_blanks():
    assert numbers_of("1, 2 -3.5") == [1, 2, -3.5]


def test_the_tensor_is_shown_from_its_smallest_to_its_largest_number():
    pixels = tensor_pixels(np.float32([[[-2.0], [0.0]], [[2.0], [-2.0]]]))
    assert pixels[..., 0].tolist() == [[0, 128], [255, 0]]
    assert pixels.shape == (2, 2, 3)
