"""The lines that make a result again, run as somebody who pastes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy_analysis import ToySettings

from cnn_core import open_explorer, open_image
from cnn_core.analyses import analysis_named
from cnn_core.analysis import Request
from cnn_core.snippet import snippet

MODEL = "cats_dogs"


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize(
    ("key", "given", "settings", "field"),
    [
        ("grad_cam", {"layer_name": "block3_conv2", "class_index": 0}, None, "values"),
        ("saliency", {}, None, "values"),
        ("activations", {"layer_name": "block1_conv1"}, None, "maps"),
        ("toy", {"class_index": 1}, ToySettings(masks=2, seed=5), "values"),
    ],
)
def test_the_lines_give_the_same_result(
    key: str, given: dict[str, Any], settings: Any, field: str, sample_images: Path
) -> None:
    path = str(sample_images / "chelsea_cat.jpg")
    request = Request(model_key=MODEL, image=open_image(path), **given)
    code = snippet(analysis_named(key), request, settings, picture=path, note="yours")
    scope: dict[str, Any] = {}

    exec(compile(code, "snippet", "exec"), scope)

    expected = open_explorer().run(analysis_named(key), request, settings)
    np.testing.assert_array_equal(getattr(scope["result"], field), getattr(expected, field))
    assert "# yours" in code
    assert all(len(line) < 200 for line in code.splitlines())
