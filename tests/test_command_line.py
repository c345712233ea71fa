"""``python -m cnn_core``: answers on standard output, one sentence on standard error."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cnn_core.__main__ import main


@pytest.fixture
def photo(sample_images: Path) -> str:
    return str(sample_images / "chelsea_cat.jpg")


def test_answer_prints_the_probability_of_every_class(photo: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["answer", photo]) == 0

    (classes,) = json.loads(capsys.readouterr().out).values()
    assert list(classes) == ["cats", "dogs"]
    assert classes["cats"]["probability"] > 0.5


def test_explain_writes_the_map_of_the_class_that_was_asked_for(photo: str, tmp_path: Path) -> None:
    for name in ("cats", "dogs"):
        assert main(["explain", photo, "--class", name, "--output", str(tmp_path / f"{name}.npz")]) == 0

    cats, dogs = (np.load(tmp_path / f"{name}.npz") for name in ("cats", "dogs"))
    assert (int(cats["class_index"]), int(dogs["class_index"])) == (0, 1)
    np.testing.assert_array_equal(cats["values"], -dogs["values"])


@pytest.mark.parametrize(
    "arguments",
    [
        ["answer", "no such file.jpg"],
        ["answer", "PHOTO", "--model", "no such model"],
        ["explain", "PHOTO", "--class", "horses", "--output", "x.npz"],
        ["explain", "PHOTO", "--method", "tea leaves", "--output", "x.npz"],
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence_without_a_traceback(
    arguments: list[str], photo: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([photo if a == "PHOTO" else a for a in arguments]) == 1

    said = capsys.readouterr().err
    assert "Received" in said
    assert "Traceback" not in said
