"""The largest batch that some training pictures fill."""

from __future__ import annotations

import pytest

from cnn_core.errors import DataError
from cnn_core.training.settings.batch_rule import check_batch, fitting_batch


@pytest.mark.parametrize(("pictures", "largest"), [(0, 1), (1, 1), (12, 8), (16, 16), (2000, 1024)])
def test_the_batch_that_fits_is_a_power_of_two_that_the_pictures_fill(pictures: int, largest: int):
    assert fitting_batch(pictures) == largest
    assert largest <= max(1, pictures) < 2 * largest


def test_as_many_pictures_as_a_batch_are_enough_and_one_less_is_refused_with_one_that_fits():
    check_batch(8, 8)
    with pytest.raises(DataError, match=r"batch of 8 .*Received: 7\..* 4 "):
        check_batch(7, 8)
