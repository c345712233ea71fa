"""Layers of one's own are found where the environment names their file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from cnn_core.errors import ModelError
from cnn_core.models.loading import load_model

CODE = """
import keras

@keras.saving.register_keras_serializable("{package}")
class Doubled(keras.layers.Layer):
    def call(self, inputs):
        return 2 * inputs
"""


def saved_with_own_layer(folder: Path, package: str) -> Path:
    """A model with the layer of ``CODE``, which this process has forgotten again."""
    scope: dict[str, Any] = {"__name__": "lab"}
    exec(CODE.format(package=package), scope)
    path = folder / "model.keras"
    keras.Sequential([keras.Input((2,)), scope["Doubled"]()]).save(path)
    known = keras.saving.get_custom_objects()
    for name in [name for name in known if name.startswith(f"{package}>")]:
        del known[name]
    return path


def test_a_layer_of_a_named_file_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved_with_own_layer(tmp_path, "mine")
    with pytest.raises(ModelError, match="CONVSCOPE_CODE"):
        load_model(path)
    (tmp_path / "layers.py").write_text(CODE.format(package="mine"), encoding="utf-8")
    monkeypatch.setenv("CONVSCOPE_CODE", str(tmp_path / "layers.py"))
    np.testing.assert_array_equal(load_model(path)(np.float32([[1, 2]])), [[2, 4]])


@pytest.mark.parametrize("code", ["1 / 0", None], ids=["fails", "not there"])
def test_code_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str | None) -> None:
    path = saved_with_own_layer(tmp_path, "other")
    file = tmp_path / "wrong.py"
    if code is not None:
        file.write_text(code, encoding="utf-8")
    monkeypatch.setenv("CONVSCOPE_CODE", str(file))
    with pytest.raises(ModelError, match=r"Expected Python code with layers in .*wrong\.py"):
        load_model(path)
