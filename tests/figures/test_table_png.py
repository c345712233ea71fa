"""Tables drawn without a browser, and pictures below each other."""

from __future__ import annotations

import numpy as np

from dashboard.figures.files.page_png import PAPER
from dashboard.figures.files.table_png import LONGEST_PX, stacked_pixels, table_pixels


def test_a_table_has_a_row_per_run_and_cuts_only_endless_cells() -> None:
    short, more = table_pixels(["Run"], [["a"]]), table_pixels(["Run"], [["a"], ["b"], ["c"]])
    assert more.shape[0] == 2 * short.shape[0]
    assert table_pixels(["Run"], [["x" * 500]]).shape[1] <= LONGEST_PX
    assert short.shape[1] < table_pixels(["Run"], [["much longer than that"]]).shape[1]


def test_pictures_below_each_other_keep_their_pixels() -> None:
    first, second = np.zeros((5, 9, 3), np.uint8), np.full((3, 4, 3), 7, np.uint8)
    page = stacked_pixels([first, second], gap_px=2)
    assert page.shape == (10, 9, 3)
    np.testing.assert_array_equal(page[:5], first)
    np.testing.assert_array_equal(page[7:, :4], second)
    assert (page[5:7] == PAPER).all()
    assert (page[7:, 4:] == PAPER).all()
    assert (stacked_pixels([np.zeros((2, 2, 4), np.uint8)]) == PAPER).all()
