"""Results are checked when made, and read-only ever after."""

import dataclasses

import numpy as np
import pytest

from cnn_core.results import AttributionMap, HeadAnswer, LayerActivations, frozen_array


def attribution(values: object) -> AttributionMap:
    return AttributionMap(
        method="grad_cam",
        layer_name=None,
        head=0,
        class_index=0,
        values=values,  # type: ignore[arg-type]
        signed=True,
        score=1.5,
        extent=(0.0, 0.0, 8.0, 8.0),
    )


def layer(maps: np.ndarray) -> LayerActivations:
    return LayerActivations(
        layer_name="relu",
        maps=maps,
        minimum=maps.min((0, 1)),
        maximum=maps.max((0, 1)),
        mean=maps.mean((0, 1)),
        zero_fraction=(maps == 0).mean((0, 1)),
    )


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="Expected finite values"):
        attribution([[value]])


def test_an_array_of_another_rank_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Expected values with 2 axes. Received shape \(3,\)"):
        attribution([1, 2, 3])


def test_arrays_become_float32_and_read_only() -> None:
    values = attribution(np.ones((2, 2), np.float64)).values
    assert values.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        values[0, 0] = 2


def test_freezing_does_not_lock_the_array_of_the_caller() -> None:
    mine = np.zeros((2, 2), np.float32)
    frozen_array("values", mine, ndim=2)
    mine[0, 0] = 1


def test_fields_cannot_be_assigned() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        attribution([[0.0]]).score = 2.0  # type: ignore[misc]


def test_the_best_class_may_be_class_0() -> None:
    answer = HeadAnswer(
        head="dogs",
        kind="binary",
        class_names=("cats", "dogs"),
        scores=np.float32([2, -2]),
        probabilities=np.float32([0.98, 0.02]),
    )
    assert answer.best == 0


def test_sparsity_and_blank_channels_are_counted_per_map() -> None:
    maps = np.zeros((2, 2, 3), np.float32)
    maps[0, 0, 1] = 5  # one of four values of the middle channel
    maps[..., 2] = -1
    result = layer(maps)
    np.testing.assert_array_equal(result.zero_fraction, [1, 0.75, 0])
    assert result.sparsity == pytest.approx(7 / 12)
    assert result.blank_channels.tolist() == [0]


def test_figures_that_do_not_belong_to_every_channel_are_refused() -> None:
    maps, three = np.zeros((2, 2, 4), np.float32), np.zeros(3, np.float32)

    with pytest.raises(ValueError, match="equal length"):
        LayerActivations(
            layer_name="conv", maps=maps, minimum=three, maximum=three, mean=three, zero_fraction=three
        )
