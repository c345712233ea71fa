"""Lines are what their class says, to the pixel, and stay inside whatever their shift."""

from __future__ import annotations

import numpy as np
import pytest

from cnn_core.datasets import lines
from cnn_core.datasets.factors import factor_values


def one_of_each(seed: int = 0) -> lines.LinePictures:
    return lines.line_pictures(lines.balanced_labels(1), seed)


def test_there_are_the_96_classes_of_the_assignment() -> None:
    """Row E3 of the reference."""
    assert len(set(lines.CLASSES)) == 96
    told = [factor_values(name) for name in lines.CLASSES]
    found = {factor: len({one[factor] for one in told}) for factor in told[0]}
    assert found == {"length": 2, "width": 2, "angle": 12, "colour": 2}


def test_length_width_angle_and_colour_can_be_measured() -> None:
    drawn = one_of_each()
    y, x = np.mgrid[:28, :28].astype(float)
    for name, coverage, pixels in zip(lines.CLASSES, drawn.coverage, drawn.pixels, strict=True):
        told = factor_values(name)
        length, width, angle = (int(told[key].rstrip("pxdeg")) for key in ("length", "width", "angle"))
        assert coverage.sum() == pytest.approx(length * width, rel=0.1)
        offsets = [axis - np.average(axis, weights=coverage) for axis in (x, y)]
        spread = np.cov(np.stack(offsets).reshape(2, -1), aweights=coverage.ravel().astype(float))
        main = np.linalg.eigh(spread)[1][:, -1]
        measured = np.rad2deg(np.arctan2(-main[1], main[0])) % 180
        assert min(abs(measured - angle), 180 - abs(measured - angle)) < 2
        assert pixels.max(axis=(0, 1)).argmax() == (0 if told["colour"] == "red" else 2)
        assert (pixels > 0).any(axis=(0, 1)).sum() == 1


def test_every_line_stays_inside_and_its_place_follows_the_seed() -> None:
    drawn = lines.line_pictures(lines.balanced_labels(40), 5)
    rim = np.ones((28, 28), bool)
    rim[1:-1, 1:-1] = False
    assert not drawn.coverage[:, rim].any()
    again, other = one_of_each(1), one_of_each(2)
    np.testing.assert_array_equal(one_of_each(1).pixels, again.pixels)
    assert (again.pixels != other.pixels).any(axis=(1, 2, 3)).all()
