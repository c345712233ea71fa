"""Describe this model: what the form says is what the card says, and what cannot be read changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_model import write_tiny_model

from cnn_core.errors import ModelError
from cnn_core.probe.heads import Head
from dashboard.sidebar.model_form import classes_of, named_classes, numbers_of, pixels_of, tensor_pixels

HEAD = Head(name="age", kind="regression", class_names=("value",))
OWN = {"scale": "0.5, 0.25, 1", "offset": "-1", "channel_order": "bgr"}


def test_own_pixels_are_kept_as_typed_and_the_usual_ones_by_their_name():
    expected = {"scale": [0.5, 0.25, 1.0], "offset": [-1.0], "channel_order": "bgr", "fit": "crop"}
    assert pixels_of("own", OWN, "crop") == expected
    assert pixels_of("0..255", OWN, "squash")["scale"] == [1.0]
    with pytest.raises(ModelError, match="Expected numbers with commas"):
        pixels_of("own", OWN | {"scale": "a half"}, "squash")


def test_numbers_have_no_classes_and_can_become_classes_again():
    assert named_classes("class 0", "numbers", [HEAD]) == {"age": []}
    assert named_classes('{"age": []}', "classes", [HEAD]) == []
    assert named_classes("young\nold", "classes", [HEAD]) == ["young", "old"]


def test_the_form_of_an_uploaded_model_is_drawn_with_what_its_card_says(open_app, tmp_path, monkeypatch):
    folder = tmp_path / "uploads"
    folder.mkdir()
    (write_tiny_model(folder) / "tiny").rename(folder / "mine")
    monkeypatch.setenv("CONVSCOPE_UPLOADS", str(folder))
    app = open_app(None, model="mine")
    assert not app.exception
    shown = {widget.label: widget.value for widget in (*app.text_input, *app.selectbox, *app.text_area)}
    assert (shown["Classes"], shown["Own order"]) == ("cats\ndogs", "rgb")
    assert shown["A photo of another shape"] == "squash"


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
