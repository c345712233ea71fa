"""Names of class folders that tell several things are read, all others left alone."""

from __future__ import annotations

import pytest

from cnn_core.datasets.factors import class_name, factor_values, factors_of


def test_values_stand_in_the_order_of_their_numbers() -> None:
    found = factors_of(["size=10px,ink=red", "size=9px,ink=red", "size=9px,ink=blue"])
    assert found is not None
    assert found.values == {"size": ("9px", "10px"), "ink": ("blue", "red")}
    assert found.of_class.tolist() == [[1, 1], [0, 1], [0, 0]]


def test_a_factor_of_one_value_is_none() -> None:
    found = factors_of(["size=1px,ink=red", "size=2px,ink=red"])
    assert found is not None
    assert list(found.values) == ["size"]


@pytest.mark.parametrize(
    "classes",
    [
        (),
        ("cats", "dogs"),
        ("size=1", "ink=red"),
        ("size=1,ink=red", "size=2"),
        ("a=1,a=2", "a=2,a=3"),
        ("a=",),
    ],
)
def test_other_names_tell_no_factors(classes: tuple[str, ...]) -> None:
    assert factors_of(classes) is None


def test_a_name_and_its_values_are_one_the_inverse_of_the_other() -> None:
    values = {"size": "9px", "ink": "red"}
    assert factor_values(class_name(values)) == values
