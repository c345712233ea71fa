"""Where a unit looks is known also where it sees the whole picture, or a stretched or cut one."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from cnn_core.probe.probe import Probe

SIDE = 16


def field_of(build: object, name: str) -> object:
    x = keras.Input((SIDE, SIDE, 3))
    return Probe(keras.Model(x, build(x))).layer(name).receptive_field  # type: ignore[operator]


def gated(x: object) -> object:
    maps = layers.Conv2D(4, 3, padding="same", name="conv")(x)
    gate = layers.GlobalAveragePooling2D(keepdims=True)(maps)
    gate = layers.Conv2D(4, 1, activation="sigmoid", name="excite")(gate)
    return layers.MaxPooling2D(name="pool")(layers.Multiply(name="scaled")([maps, gate]))


def test_a_squeeze_and_excitation_gate_keeps_the_place_and_sees_everything() -> None:
    plain, scaled, pooled = (field_of(gated, name) for name in ("conv", "scaled", "pool"))
    assert not plain.whole
    assert scaled.whole
    assert (scaled.size_px, scaled.jump_px, scaled.offset_px) == ((3, 3), (1, 1), (-1, -1))
    assert pooled.whole
    assert pooled.extent((8, 8)) == (0, 0, SIDE, SIDE)
    assert field_of(gated, "excite") is None


def test_the_middle_that_is_cut_out_lies_in_the_middle() -> None:
    field = field_of(layers.CenterCrop(8, 4, name="cut"), "cut")
    assert field.extent((8, 4)) == (4, 6, 12, 10)


@pytest.mark.parametrize("side", [8, 32, 24])
def test_a_stretched_map_lies_on_all_of_the_picture(side: int) -> None:
    field = field_of(layers.Resizing(side, side, name="stretched"), "stretched")
    assert field.extent((side, side)) == pytest.approx((0, 0, SIDE, SIDE))


@pytest.mark.parametrize("side", [8, 32])
def test_the_box_of_a_stretched_cell_holds_all_that_changes_it(side: int) -> None:
    """By hand: every pixel is changed alone, and the cells that move are those whose box holds it."""
    layer = layers.Resizing(side, side, name="stretched")
    field = field_of(layer, "stretched")
    still = np.asarray(layer(np.zeros((1, SIDE, SIDE, 1), np.float32)))
    for pixel in range(SIDE):
        picture = np.zeros((1, SIDE, SIDE, 1), np.float32)
        picture[0, pixel, SIDE // 2] = 1
        moved = np.flatnonzero((np.asarray(layer(picture)) != still).any(axis=(0, 2, 3)))
        starts = field.offset_px[0] + moved * field.jump_px[0]
        assert (starts < pixel + 1).all()
        assert (starts + field.size_px[0] > pixel).all()


def test_a_convolution_inside_a_wrapper_is_one() -> None:
    def build(x: object) -> object:
        return layers.SpectralNormalization(layers.Conv2D(2, 5, strides=2), name="wrapped")(x)

    x = keras.Input((SIDE, SIDE, 3))
    info = Probe(keras.Model(x, build(x))).layer("wrapped")
    assert info.convolution
    assert info.receptive_field is not None
    assert (info.receptive_field.size_px, info.receptive_field.jump_px) == ((5, 5), (2, 2))
