"""What is drawn on a photo, as text for an address and back."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.figures.pictures.drawable_photo import MOST_CORNERS, drawable_photo, drawn_polygons, drawn_text
from dashboard.figures.theme import LIGHT

SIZE = (100, 200)


def test_a_box_becomes_four_corners_in_shares_of_the_photo():
    text = drawn_text({"box": [{"x": [49.5, 149.5], "y": [9.5, 59.5]}], "lasso": []}, SIZE)
    (box,) = drawn_polygons(text)
    assert sorted(box) == [(0.25, 0.1), (0.25, 0.6), (0.75, 0.1), (0.75, 0.6)]


def test_a_line_drawn_by_a_shaky_hand_keeps_its_area_with_few_corners():
    angle = np.linspace(0, 2 * np.pi, 900, endpoint=False)
    shaky = 30 + 0.3 * np.random.default_rng(0).normal(size=angle.shape)
    lasso = {"x": list(100 + shaky * np.cos(angle)), "y": list(50 + shaky * np.sin(angle))}
    (outline,) = drawn_polygons(drawn_text({"box": [], "lasso": [lasso]}, SIZE))
    assert len(outline) <= MOST_CORNERS
    x, y = np.array(outline).T * [[200], [100]]
    area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
    assert area == pytest.approx(np.pi * 30**2, rel=0.05)


def test_several_regions_and_none():
    box = {"x": [0, 50], "y": [0, 50]}
    assert len(drawn_polygons(drawn_text({"box": [box, box], "lasso": []}, SIZE))) == 2
    assert drawn_text({"box": [], "lasso": []}, SIZE) is None
    assert drawn_text({"box": [{"x": [5, 5], "y": [5, 5]}], "lasso": []}, SIZE) is None  # a click
    assert drawn_polygons("") == ()


@pytest.mark.parametrize("text", ["1,2;3,4", "a", "1,2;3,4;5,6|", "-1,2;3,4;5,6", "1,2;3,4;5,6\n"])
def test_another_text_is_no_drawing(text):
    assert drawn_polygons(text) is None


@pytest.mark.parametrize("tool", ["box", "lasso"])
def test_what_was_drawn_is_shown_on_the_photo(tool):
    triangle = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    pixels = np.zeros((10, 20, 3), np.uint8)
    assert len(drawable_photo(pixels, [triangle], tool=tool, theme=LIGHT).layout.shapes) == 1
    assert not drawable_photo(pixels, [], tool=tool, theme=LIGHT).layout.shapes
