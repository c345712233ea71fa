"""Blocks follow nested models, sizes and names, and closing them keeps the way through the network."""

from __future__ import annotations

import keras
import pytest
from keras import layers

from cnn_core.probe.blocks import Box, all_blocks, block_paths, boxes, columns
from cnn_core.probe.probe import Probe

A, B, INNER = ("a",), ("b",), ("b", "c")
PATHS = [A, A, B, INNER, INNER, ()]
INPUTS: list[list[int]] = [[], [0], [1], [2], [3, 1], [4, 2]]


def shown(found: list[Box]) -> list[tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...], int]]:
    return [(box.path if box.closed else (), box.layers, box.inputs, box.depth) for box in found]


def test_closed_blocks_are_one_box_each_with_the_ways_between_them() -> None:
    assert shown(boxes(PATHS, INPUTS, [])) == [
        (A, (0, 1), (), 0),
        (B, (2, 3, 4), (0,), 1),
        ((), (5,), (1,), 2),
    ]


def test_an_open_block_shows_its_layers_and_the_closed_block_in_it() -> None:
    assert shown(boxes(PATHS, INPUTS, [B])) == [
        (A, (0, 1), (), 0),
        ((), (2,), (0,), 1),
        (INNER, (3, 4), (0, 1), 2),
        ((), (5,), (1, 2), 3),
    ]


def test_a_block_inside_a_closed_one_is_not_seen_though_it_is_open() -> None:
    assert shown(boxes(PATHS, INPUTS, [INNER])) == shown(boxes(PATHS, INPUTS, []))
    assert len(boxes(PATHS, INPUTS, [A, B, INNER])) == len(PATHS)


def test_blocks_that_take_from_one_another_do_not_run_in_a_circle() -> None:
    found = boxes([A, B, A], [[], [0], [1]], [])
    assert shown(found) == [(A, (0, 2), (), 0), (B, (1,), (0,), 1)]


def test_every_block_is_counted_with_all_its_layers() -> None:
    assert all_blocks(PATHS) == {A: 2, B: 3, INNER: 2}


def test_boxes_of_one_depth_stand_side_by_side() -> None:
    found = boxes([(), (), (), ()], [[], [0], [0], [1, 2]], [])
    assert columns(found) == {0: (0, 1), 1: (0, 2), 2: (1, 2), 3: (0, 1)}


def test_a_small_network_has_only_the_blocks_that_it_is_nested_in() -> None:
    inner = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(2, 3, name="conv")], name="backbone")
    inputs = keras.Input((8, 8, 3))
    probe = Probe(keras.Model(inputs, layers.Dense(2)(layers.Flatten(name="flat")(inner(inputs)))))
    paths = block_paths(probe.layers)
    assert paths[0] == ("backbone",)
    assert set(paths[1:]) == {()}


@pytest.mark.parametrize("name", ["ResNet50V2", "MobileNetV2"])
def test_a_deep_network_is_readable_at_once_and_can_be_opened_to_its_last_layer(name: str) -> None:
    probe = Probe(getattr(keras.applications, name)(weights=None))
    costs = probe.costs
    places = {cost.name: index for index, cost in enumerate(costs)}
    inputs = [[places[one] for one in cost.inputs] for cost in costs]
    paths = block_paths(probe.layers)
    closed = boxes(paths, inputs, [])
    assert 4 <= len(closed) <= 12
    assert closed[-1].depth <= len(closed)
    every = boxes(paths, inputs, all_blocks(paths))
    assert len(every) == len(probe.layers)
    assert not any(box.closed for box in every)
