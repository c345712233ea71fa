"""How large an image is, and how far it may be shifted."""

from __future__ import annotations

import keras
from keras import layers

from cnn_core.feature_visualization.engine.image_size import fitting_size, jitter_range_px
from cnn_core.probe.probe import Probe


def test_the_size_fits_what_a_unit_sees() -> None:
    inputs = keras.Input((None, None, 3))
    x = layers.Conv2D(2, 3, padding="same", name="near")(inputs)
    for _ in range(4):
        x = layers.MaxPooling2D()(layers.Conv2D(2, 3, padding="same")(x))
    x = layers.Conv2D(2, 3, padding="same", name="far")(x)
    gate = layers.Dense(2, name="whole")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    probe = Probe(keras.Model(inputs, layers.GlobalAveragePooling2D()(layers.Multiply()([x, gate]))))
    field = probe.layer("far").receptive_field
    assert field is not None
    seen = field.size_px[0]
    assert fitting_size(probe, "near") == (64, 64)
    assert fitting_size(probe, "far")[0] == -(-(seen * 3 // 2) // 16) * 16
    assert fitting_size(probe, "whole") == (224, 224)
    assert jitter_range_px(probe, "near", (48, 48)) == (48, 48)
    assert jitter_range_px(probe, "far", (seen + 30, seen * 2)) == (30, seen * 2)
    assert jitter_range_px(probe, "whole", (100, 100)) == (8, 8)
