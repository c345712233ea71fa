"""The arithmetic of boxes, against numbers worked out by hand."""

from __future__ import annotations

import pytest

from cnn_core.probe.receptive_field import PIXEL, ReceptiveField, Window, joined, same_padding_before


def test_branches_of_different_jumps_have_no_common_box() -> None:
    other = ReceptiveField(size_px=(3, 3), jump_px=(2, 2), offset_px=(0, 0))
    assert joined([PIXEL, other]) is None
    assert joined([PIXEL, None]) is None
    assert joined([PIXEL, PIXEL]) == PIXEL


def test_a_window_moves_and_widens_the_box_as_in_the_textbook() -> None:
    first = PIXEL.through(Window(kernel=(7, 7), stride=(2, 2), padding=(3, 3)))
    assert first == ReceptiveField(size_px=(7, 7), jump_px=(2, 2), offset_px=(-3, -3))
    second = first.through(Window(kernel=(3, 3), stride=(2, 2), padding=(1, 1)))
    assert second == ReceptiveField(size_px=(11, 11), jump_px=(4, 4), offset_px=(-5, -5))


@pytest.mark.parametrize(
    ("cells", "kernel", "stride", "dilation", "before"),
    [(6, 3, 1, 1, 1), (6, 3, 2, 1, 0), (7, 3, 2, 1, 1), (6, 2, 1, 1, 0), (6, 3, 1, 2, 2), (6, 1, 2, 1, 0)],
)
def test_same_padding_puts_the_odd_cell_last(
    cells: int, kernel: int, stride: int, dilation: int, before: int
) -> None:
    assert same_padding_before(cells, kernel, stride, dilation) == before
