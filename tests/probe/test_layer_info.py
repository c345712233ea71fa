"""What a person is told about each layer."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers
from model_matrix import MATRIX, Entry, entry_named

from cnn_core.architectures import Plan
from cnn_core.architectures.photo_cnn import photo_cnn
from cnn_core.probe.flat_graph import flat_graph
from cnn_core.probe.layer_info import LayerInfo, layer_infos


def infos(model: keras.Model) -> dict[str, LayerInfo]:
    return {info.name: info for info in layer_infos(flat_graph(model))}


def stack(*parts: keras.layers.Layer, size: tuple[int, int] = (16, 16)) -> dict[str, LayerInfo]:
    return infos(keras.Sequential([layers.Input((*size, 3)), *parts]))


@pytest.mark.parametrize("entry", MATRIX, ids=str)
def test_titles_are_unique_shapes_are_the_layers_own_and_parameters_add_up(entry: Entry) -> None:
    model = entry.model()
    graph = flat_graph(model)
    found = layer_infos(graph)
    if "twice" not in entry.name:
        own = sum(int(np.prod(weight.shape)) for weight in model.weights)
        assert sum(info.parameters for info in found) == own
    assert len({info.title for info in found}) == len(found)
    assert [info.name for info in found] == [node.name for node in graph.nodes]
    for info, node in zip(found, graph.nodes, strict=True):
        assert info.output_shape == tuple(node.output.shape[1:])
        assert info.kind == type(node.operation).__name__
        assert info.spatial == (len(info.output_shape) == 3 and info.output_shape[:2] != (1, 1))


def test_titles_of_the_photo_cnn_read_like_a_table_of_contents() -> None:
    titles = {name: info.title for name, info in infos(photo_cnn(Plan(size_px=144))).items()}
    assert titles["block1_conv1"] == "Block 1, convolution + ReLU"
    assert titles["block1_pool"] == "Block 1, max pooling"
    assert titles["block3_conv2"] == "Block 3, convolution 2 + ReLU"
    training = {
        name: info.title for name, info in infos(photo_cnn(Plan(size_px=144), for_training=True)).items()
    }
    assert training["block5_conv2"] == "Block 5, convolution 2"
    assert training["block5_norm2"] == "Block 5, batch normalisation 2"
    assert training["block5_relu2"] == "Block 5, ReLU 2"
    assert titles["mean"] == "Head, mean over the map"
    assert titles["answer"] == "Head, dense + sigmoid"


def test_the_photo_cnn_can_be_looked_at_layer_by_layer() -> None:
    found = infos(photo_cnn(Plan(size_px=144)))
    assert [name for name, info in found.items() if info.convolution] == [
        f"block{block}_conv{index}"
        for block, count in ((1, 1), (2, 1), (3, 2), (4, 2), (5, 2))
        for index in range(1, count + 1)
    ]
    assert all(info.padding == (info.kind == "Pad") for info in found.values())
    for name, info in found.items():
        if info.spatial:
            assert info.receptive_field is not None, name
    last = found["block5_conv2"].receptive_field
    assert last is not None
    assert last.jump_px == (16, 16)
    # r = 3, 4 | 8, 10 | 18, 26, 30 | 46, 62, 70 | 102, 134 by hand: convolutions add 2 jumps, pools 1.
    assert last.size_px == (134, 134)
    assert last.extent((9, 9)) == (0, 0, 144, 144)


def test_a_block_ends_at_the_pooling_or_begins_at_the_stride() -> None:
    pooled = stack(
        layers.Conv2D(4, 3, name="a"), layers.MaxPooling2D(name="p"), layers.Conv2D(4, 3, name="b")
    )
    assert [info.title for info in pooled.values()] == [
        "Block 1, convolution",
        "Block 1, max pooling",
        "Block 2, convolution",
    ]
    strided = stack(layers.Conv2D(4, 3, name="a"), layers.Conv2D(4, 3, strides=2, name="b"))
    assert [info.title for info in strided.values()] == ["Block 1, convolution", "Block 2, convolution"]


def test_losing_a_frame_to_a_kernel_does_not_begin_a_block() -> None:
    found = stack(*[layers.Conv2D(4, 3) for _ in range(2)])
    assert [info.title for info in found.values()] == ["Block 1, convolution 1", "Block 1, convolution 2"]


def test_titles_name_the_activation_that_comes_with_the_layer() -> None:
    found = infos(entry_named("many_activations").model())
    assert found["gelu"].title == "Block 1, convolution 3 + gelu"
    assert found["layer_as_argument"].title == "Block 1, convolution 4 + ReLU"
    assert found["silu"].title == "Block 1, silu"
    assert found["linear"].title == "Block 1, linear"
    assert found["leaky"].title == "Block 1, LeakyReLU"


def test_maps_of_one_pixel_and_vectors_are_not_spatial() -> None:
    found = infos(entry_named("softmax_after_convolution").model())
    assert found["conv1"].spatial
    assert not found["logits"].spatial
    assert found["logits"].convolution
    assert not found["answer"].spatial


def test_sides_left_free_are_spatial() -> None:
    found = infos(entry_named("size_none").model())
    assert found["conv2"].output_shape == (None, None, 5)
    assert found["conv2"].spatial
    assert found["conv2"].receptive_field is not None


@pytest.mark.parametrize("name", ["transposed"])
def test_a_transposed_convolution_is_a_convolution_without_a_known_field(name: str) -> None:
    info = infos(entry_named("upsampling_and_transposed").model())[name]
    assert info.convolution
    assert info.receptive_field is None


def test_padding_is_marked_so_that_choosers_can_hide_it() -> None:
    found = stack(layers.ZeroPadding2D(1, name="pad"), layers.Conv2D(2, 3, name="conv"))
    assert found["pad"].padding
    assert not found["conv"].padding


def test_a_dimension_of_channels_may_be_padded_too() -> None:
    inputs = keras.Input((8, 8, 2))
    x = keras.ops.pad(inputs, ((0, 0), (1, 1), (1, 1), (0, 1)))
    found = infos(keras.Model(inputs, layers.Conv2D(1, 3, name="conv")(x)))
    assert found["conv"].receptive_field is not None
    assert found["conv"].receptive_field.offset_px == (-1, -1)
