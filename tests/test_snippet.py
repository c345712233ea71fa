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
from cnn_core.snippet import Call, snippet

MODEL = "cats_dogs"


def ran(code: str) -> dict[str, Any]:
    """The variables that the lines have made."""
    scope: dict[str, Any] = {}
    exec(compile(code, "snippet", "exec"), scope)
    return scope


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
    call = Call(analysis=analysis_named(key), request=request, settings=settings, picture=path)
    code = snippet(call, note="yours")

    expected = open_explorer().run(analysis_named(key), request, settings)
    np.testing.assert_array_equal(getattr(ran(code)["result"], field), getattr(expected, field))
    assert "# yours" in code
    assert all(len(line) < 200 for line in code.splitlines())


@pytest.mark.usefixtures("toy")
def test_the_lines_of_a_row_hold_the_settings_and_the_picture_of_each(sample_images: Path) -> None:
    paths = [str(sample_images / name) for name in ("chelsea_cat.jpg", "eagle.jpg")]
    settings = ToySettings(masks=2, seed=5)
    calls = [
        Call(
            analysis=analysis_named("toy"),
            request=Request(model_key=MODEL, image=open_image(path), class_index=0),
            settings=settings,
            picture=path,
        )
        for path in paths
    ]
    for call, result in zip(calls, ran(snippet(calls))["results"], strict=True):
        expected = open_explorer().run(call.analysis, call.request, settings)
        np.testing.assert_array_equal(result.values, expected.values)
