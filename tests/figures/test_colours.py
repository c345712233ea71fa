"""Colour scales: centred where signed, never NaN, range kept."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.figures.colours import (
    BLUE_WHITE_RED,
    VIRIDIS,
    fitting_scale,
    magnitude_scale,
    percent,
    short,
    signed_scale,
)


@pytest.mark.parametrize("table", [VIRIDIS, BLUE_WHITE_RED])
def test_tables_hold_256_colours(table):
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8


def test_the_magnitude_table_only_gets_lighter():
    lightness = VIRIDIS @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(lightness) > -1.5).all()


def test_signed_scale_is_white_at_zero_and_mirrored():
    scale = signed_scale(np.float32([-1, 0.5]))
    assert (scale.low, scale.high) == (-1, 1)
    red, green, blue = scale.colours(np.float32([0]))[0]
    assert min(red, green, blue) > 235
    lightness = BLUE_WHITE_RED.astype(float).sum(axis=1)
    assert np.abs(lightness - lightness[::-1]).max() < 130


def test_positive_evidence_is_red_and_negative_is_blue():
    colours = signed_scale(np.float32([-2, 2])).colours(np.float32([-2, 2])).astype(int)
    assert colours[0, 2] > colours[0, 0]
    assert colours[1, 0] > colours[1, 2]


def test_magnitude_scale_starts_at_zero_even_when_no_value_does():
    scale = magnitude_scale(np.float32([3, 5]))
    assert (scale.low, scale.high) == (0, 5)


def test_a_constant_map_lies_flat_on_its_scale_without_nan():
    zeros = np.zeros((3, 3), np.float32)
    for scale in (magnitude_scale(zeros), signed_scale(zeros)):
        assert (scale.positions(zeros) == 0).all()


def test_negative_values_choose_the_signed_scale():
    assert fitting_scale(np.float32([-0.1, 3])).signed
    assert not fitting_scale(np.float32([0, 3])).signed


def test_numbers_are_short_with_a_true_minus():
    assert short(-3.6021) == "−3.6"
    assert short(0) == "0"
    assert short(0.00001) == "1.0e−5"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (0.001, "< 1 %"),
        (0.006, "1 %"),
        (0.53, "53 %"),
        (0.994, "99 %"),
        (0.9999, "> 99 %"),
        (1, "100 %"),
    ],
)
def test_a_share_is_never_rounded_to_none_or_all(share, text):
    assert percent(share).replace("\u00a0", " ") == text
