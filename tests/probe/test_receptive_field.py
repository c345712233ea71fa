"""The receptive field against the gradient: the box is exactly what a unit can see."""

from __future__ import annotations

import math
from collections.abc import Callable

import keras
import numpy as np
import pytest
from keras import layers
from model_matrix import MATRIX, Entry, entry_named, with_seeded_weights

from cnn_core.probe.flat_graph import FlatGraph, flat_graph
from cnn_core.probe.layer_info import receptive_fields
from cnn_core.probe.receptive_field import ReceptiveField

Box = tuple[int, ...]
SMALLEST_EFFECT = 1e-6  # of a pixel changed by 1; below is rounding


def all_positive(model: keras.Model) -> keras.Model:
    """The same network with every weight one: no two paths can cancel."""
    for variable in model.weights:
        variable.assign(np.ones(variable.shape))
    return model


def model_input_pixels(graph: FlatGraph, inputs: np.ndarray) -> dict[str, np.ndarray]:
    """Which pixels change which units: ``(H, W, h, w)``, bool, per layer with a map.

    Every pixel is changed once, all in one batch.
    """
    height, width = inputs.shape[1:3]
    nodes = [node for node in graph.nodes if len(node.output.shape) == 4]
    changed = np.repeat(inputs, 1 + height * width, axis=0)
    changed[1:].reshape(height * width, height * width, -1)[
        np.arange(height * width), np.arange(height * width)
    ] += 1
    outputs = keras.Model(graph.input, [node.output for node in nodes])(changed, training=False)
    seen = {}
    for node, output in zip(nodes, keras.tree.flatten(outputs), strict=True):
        values = np.asarray(output)
        effect = np.abs(values[1:] - values[:1]).max(axis=-1) > SMALLEST_EFFECT
        seen[node.name] = effect.reshape(height, width, *values.shape[1:3])
    return seen


def bounds(seen: np.ndarray) -> Box | None:
    """The smallest box around what is seen; None if that is nothing."""
    if not seen.any():
        return None
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def box_of(field: ReceptiveField, unit: tuple[int, int], size: tuple[int, int]) -> Box:
    """(top, left, bottom, right) of one unit's pixels, cut to the picture; ends are exclusive."""
    tops = [field.offset_px[a] + unit[a] * field.jump_px[a] for a in (0, 1)]
    ends = [tops[a] + field.size_px[a] for a in (0, 1)]
    return tuple(
        int(min(max(round_(x[a]), 0), size[a]))
        for x, round_ in ((tops, math.floor), (ends, math.ceil))
        for a in (0, 1)
    )


def assert_boxes_are_exact(model: keras.Model, name: str, *, cut_units: bool = True) -> None:
    """Compare all units of a layer; with ``cut_units`` also those that see over the edge."""
    graph = flat_graph(all_positive(model))
    height, width = graph.input.shape[1:3]
    field = receptive_fields(graph)[name]
    assert field is not None
    seen = model_input_pixels(graph, np.ones((1, *graph.input.shape[1:]), np.float32))[name]
    compared = 0
    for row, column in np.ndindex(seen.shape[2:]):
        box = box_of(field, (row, column), (height, width))
        if cut_units or (box[2] - box[0], box[3] - box[1]) == field.size_px:
            empty = box[0] == box[2] or box[1] == box[3]
            assert bounds(seen[:, :, row, column]) == (None if empty else box), (row, column)
            compared += 1
    assert compared > 0


def assert_units_see_only_their_box(model: keras.Model, inputs: np.ndarray) -> None:
    graph = flat_graph(model, input_size=inputs.shape[1:3])
    fields = receptive_fields(graph)
    padding = {node.name for node in graph.nodes if node.family in ("pad", "zeropadding2d")}
    for name, seen in model_input_pixels(graph, np.float32(inputs)).items():
        field = fields[name]
        if field is None or field.whole or name in padding:
            continue
        for row, column in np.ndindex(seen.shape[2:]):
            top, left, bottom, right = box_of(field, (row, column), inputs.shape[1:3])
            outside = seen[:, :, row, column].copy()
            outside[top:bottom, left:right] = False
            assert not outside.any(), (name, row, column)


def net(*stack: keras.layers.Layer, size: tuple[int, int] = (17, 14)) -> keras.Model:
    model = keras.Sequential([layers.Input((*size, 1)), *stack])
    model.layers[-1].name = "last"
    return model


def conv(kernel: int | tuple[int, int] = 3, **options: object) -> keras.layers.Layer:
    return layers.Conv2D(2, kernel, use_bias=False, **options)


@pytest.mark.parametrize(("count", "side"), [(1, 3), (2, 5), (3, 7)])
def test_stacked_three_by_three_convolutions_see_five_then_seven_pixels(count: int, side: int) -> None:
    model = net(*[conv(padding="same") for _ in range(count)])
    assert next(reversed(receptive_fields(flat_graph(model)).values())).size_px == (side, side)
    assert_boxes_are_exact(model, "last")


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4, (3, 2)])
@pytest.mark.parametrize("size", [(12, 12), (13, 12), (11, 13)])
def test_a_unit_sees_exactly_its_box_through_one_convolution(
    padding: str, kernel: int | tuple[int, int], size: tuple[int, int]
) -> None:
    assert_boxes_are_exact(net(conv(kernel, padding=padding), size=size), "last")


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("stride", [2, 3, (2, 1)])
@pytest.mark.parametrize("size", [(18, 18), (19, 17), (20, 21)])
def test_a_unit_sees_exactly_its_box_behind_strides_with_asymmetric_padding(
    padding: str, stride: int | tuple[int, int], size: tuple[int, int]
) -> None:
    stack = [
        conv(3, strides=stride, padding=padding),
        conv(3, padding=padding),
        conv(2, strides=2, padding=padding),
    ]
    assert_boxes_are_exact(net(*stack, size=size), "last")


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("dilation", [2, 3, (1, 2)])
def test_dilation_widens_the_box_though_it_has_holes(padding: str, dilation: int | tuple[int, int]) -> None:
    assert_boxes_are_exact(net(conv(3, dilation_rate=dilation, padding=padding)), "last", cut_units=False)
    assert_boxes_are_exact(
        net(conv(2, dilation_rate=dilation, padding=padding), conv(3)), "last", cut_units=False
    )


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("pool", "stride"), [(2, 2), (3, 2), (2, 3)])
@pytest.mark.parametrize("size", [(16, 16), (17, 15)])
def test_average_pooling_is_a_window_like_any_other(
    padding: str, pool: int, stride: int, size: tuple[int, int]
) -> None:
    stack = [conv(3, padding="same"), layers.AveragePooling2D(pool, stride, padding), conv(3, padding="same")]
    # With a stride wider than the pool, pixels between the windows are seen by nobody.
    assert_boxes_are_exact(net(*stack, size=size), "last", cut_units=pool >= stride)


OTHER_LAYERS: dict[str, Callable[[], tuple[keras.layers.Layer, ...]]] = {
    "zero padding": lambda: (layers.ZeroPadding2D(((2, 0), (0, 3))), conv(3, strides=2)),
    "cropping": lambda: (conv(3), layers.Cropping2D(((2, 1), (1, 3))), conv(3)),
    "separable": lambda: (layers.SeparableConv2D(2, 3, strides=2, padding="same", use_bias=False),),
    "depthwise": lambda: (layers.DepthwiseConv2D(4, strides=3, padding="same", use_bias=False), conv(2)),
    "pointwise": lambda: (conv(3), layers.BatchNormalization(), layers.ReLU(), layers.Dense(2), conv(3)),
    "dropout": lambda: (conv(3), layers.Dropout(0.5), conv(3)),
}


@pytest.mark.parametrize("name", OTHER_LAYERS)
def test_other_layers_keep_the_box_exact(name: str) -> None:
    assert_boxes_are_exact(net(*OTHER_LAYERS[name]()), "last")


def test_layer_normalisation_along_the_channels_keeps_the_box() -> None:
    # With equal channels its gradient is zero: only the arithmetic is compared.
    stack = (conv(5, strides=2), layers.LayerNormalization(scale=False, center=False), conv(1))
    fields = list(receptive_fields(flat_graph(net(*stack))).values())
    assert fields[1] == fields[0]


def test_max_pooling_sees_no_more_than_its_box() -> None:
    model = net(conv(3, padding="same"), layers.MaxPooling2D(3, 2, padding="same"), conv(3))
    assert_units_see_only_their_box(
        with_seeded_weights(model), np.random.default_rng(0).normal(size=(1, 17, 14, 1))
    )


def test_branches_join_into_the_union_of_their_boxes() -> None:
    inputs = keras.Input((14, 15, 1))
    down = layers.ZeroPadding2D(((4, 0), (0, 0)))(conv((5, 1))(inputs))  # sees the rows above
    right = layers.ZeroPadding2D(((0, 0), (0, 4)))(conv((1, 5))(inputs))  # sees the columns after
    x = layers.Add(name="last")([down, right])
    graph = flat_graph(keras.Model(inputs, x))
    field = receptive_fields(graph)["last"]
    assert field == ReceptiveField(size_px=(5, 5), jump_px=(1, 1), offset_px=(-4, 0))
    assert_boxes_are_exact(keras.Model(inputs, x), "last", cut_units=False)


@pytest.mark.parametrize("join", [layers.Add, layers.Concatenate, layers.Maximum])
def test_a_skip_connection_keeps_the_box_of_the_wider_branch(join: type[keras.layers.Layer]) -> None:
    inputs = keras.Input((13, 12, 1))
    x = conv(3, strides=2, padding="same")(inputs)
    x = join()([x, conv(3, padding="same")(x)])
    model = keras.Model(inputs, conv(1, name="last")(x))
    if join is layers.Maximum:
        assert_units_see_only_their_box(with_seeded_weights(model), np.ones((1, 13, 12, 1)))
    else:
        assert_boxes_are_exact(model, "last")


def test_a_nested_model_goes_on_from_the_box_before_it() -> None:
    inner = keras.Sequential(
        [layers.Input((8, 8, 2)), conv(3, strides=2, padding="same", name="conv")], name="inner"
    )
    outer_in = keras.Input((8, 8, 2))
    middle = keras.Model(outer_in, inner(outer_in), name="middle")
    inputs = keras.Input((16, 15, 1))
    x = layers.AveragePooling2D(2, padding="same")(conv(3, padding="same")(inputs))
    model = keras.Model(inputs, middle(x))
    assert_boxes_are_exact(model, "middle/inner/conv")


def test_a_shared_layer_sees_more_at_its_second_call() -> None:
    inputs = keras.Input((13, 12, 1))
    shared = layers.Conv2D(1, 3, padding="same", use_bias=False, name="shared")
    model = keras.Model(inputs, shared(shared(inputs)))
    assert_boxes_are_exact(model, "shared")
    assert_boxes_are_exact(model, "shared@2")


@pytest.mark.parametrize("entry", MATRIX, ids=str)
def test_units_of_a_real_network_see_nothing_outside_their_box(entry: Entry) -> None:
    assert_units_see_only_their_box(entry.model(), entry.inputs(1))


def test_what_mixes_places_has_no_box() -> None:
    inputs = keras.Input((8, 8, 1))
    x = layers.Concatenate(axis=1, name="stacked")([inputs, inputs])
    y = layers.Softmax(axis=[1, 2], name="attention")(inputs)
    fields = receptive_fields(flat_graph(keras.Model(inputs, [x, y])))
    assert fields == {"stacked": None, "attention": None}


def test_what_sees_the_whole_picture_has_no_box() -> None:
    inputs = keras.Input((8, 8, 2))
    gate = layers.GlobalAveragePooling2D(keepdims=True, name="mean")(inputs)
    x = layers.Multiply(name="gated")([inputs, gate])
    x = layers.Conv2D(2, 3, name="after")(x)
    model = keras.Model(inputs, layers.Dense(1, name="head")(layers.Flatten(name="flat")(x)))
    fields = receptive_fields(flat_graph(model))
    assert {name: fields[name] for name in ("mean", "flat", "head")} == dict.fromkeys(
        ("mean", "flat", "head")
    )
    assert all(field is not None and field.whole for field in (fields["gated"], fields["after"]))


WHOLE = (0, 0, 16, 12)


@pytest.mark.parametrize(
    ("stack", "size", "map_size", "extent"),
    [
        # Evenly padded layers stand for the whole picture.
        (lambda: (conv(padding="same"), conv(2, strides=2), conv(padding="same")), (16, 12), (8, 6), WHOLE),
        # Without padding, 12 x 8 units, the first centred on pixel 2: two are missing on every side.
        (lambda: (conv(3), conv(3)), (16, 12), (12, 8), (2, 2, 14, 10)),
        # The box of the first unit is 0..3, its centre 1.5: tiles of 2 begin at 0.5.
        (lambda: (conv(3, strides=2, padding="same"),), (16, 16), (8, 8), (0.5, 0.5, 16.5, 16.5)),
    ],
    ids=["even padding", "no padding", "asymmetric padding"],
)
def test_a_map_stands_for_the_area_around_the_centres_of_its_boxes(
    stack: Callable[[], tuple[keras.layers.Layer, ...]], size: Box, map_size: Box, extent: Box
) -> None:
    field = receptive_fields(flat_graph(net(*stack(), size=size)))["last"]
    assert field is not None
    assert field.extent(map_size) == extent


def test_repeated_cells_lie_half_as_far_apart() -> None:
    graph = flat_graph(net(conv(3, strides=2, padding="same"), layers.UpSampling2D(2), size=(16, 16)))
    field = receptive_fields(graph)["last"]
    assert field is not None
    assert field.jump_px == (1, 1)
    assert field.size_px == (4, 4)


@pytest.mark.parametrize(
    ("name", "side"),
    [("split_along_the_channels", 5), ("channels_taken_apart_and_put_together_in_another_order", 3)],
)
def test_channels_taken_apart_keep_their_places(name: str, side: int) -> None:
    fields = receptive_fields(flat_graph(entry_named(name).model()))
    field = ReceptiveField(size_px=(side, side), jump_px=(1.0, 1.0), offset_px=(0.0, 0.0))
    assert fields["conv2" if side == 5 else "conv1"] == field


def test_a_slice_or_a_stack_of_places_has_no_known_field() -> None:
    inputs = keras.Input((8, 8, 3))
    for x in (
        inputs[:, ::-1],
        inputs[:, 1:],
        inputs[:, 0],
        inputs[..., 0, :],
        keras.ops.stack([inputs[..., 0], inputs[..., 1]], axis=1),
    ):
        *_, field = receptive_fields(flat_graph(keras.Model(inputs, x))).values()
        assert field is None


def test_the_box_of_a_unit_is_cut_at_the_edges_of_the_picture() -> None:
    field = ReceptiveField(size_px=(5, 7), jump_px=(2.0, 2.0), offset_px=(-1.0, -2.0))
    assert field.box((0, 0), (20, 30)) == (0, 0, 4, 5)
    assert field.box((3, 4), (20, 30)) == (5, 6, 10, 13)
    assert field.box((9, 14), (20, 30)) == (17, 26, 20, 30)
    assert field.box((99, 99), (20, 30)) == (19, 29, 20, 30)  # a unit of zeros only
