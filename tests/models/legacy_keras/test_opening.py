"""A whole file of Keras 2 among the models opens, under whatever name."""

from __future__ import annotations

import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from keras2_files import functional, layer, write_h5

from cnn_core.errors import ModelError
from cnn_core.models.loading import load_model

DESCRIPTION = functional(
    [
        layer("InputLayer", "in", [], batch_input_shape=[None, 2, 2, 1], sparse=False, ragged=False),
        layer("TFOpLambda", "half", [["in", 0, 0, {"y": 2.0, "name": None}]], function="math.truediv"),
    ],
    "in",
    "half",
)
PICTURE = np.float32([2, 4, 6, 8]).reshape(1, 2, 2, 1)


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_file_of_keras_2_with_operation_layers_opens(tmp_path: Path, name: str) -> None:
    path = write_h5(tmp_path / name, DESCRIPTION, {})
    np.testing.assert_array_equal(load_model(path)(PICTURE), PICTURE / 2)


def test_an_hdf5_file_of_keras_3_under_another_name_opens(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Rescaling(3.0)])
    model.save(tmp_path / "model.h5")
    path = (tmp_path / "model.h5").rename(tmp_path / "model.keras")
    np.testing.assert_array_equal(load_model(path)(PICTURE), 3 * PICTURE)


def test_an_archive_that_only_says_keras_2_is_still_told_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("metadata.json", '{"keras_version": "2.15.0"}')
        archive.writestr("model.weights.h5", b"")
    with pytest.raises(ModelError, match=r"a model of Keras 2\.15\.0"):
        load_model(path)
