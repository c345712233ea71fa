"""``python -m cnn_core``: answers on standard output, one sentence on standard error."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from tiny_model import write_model

from cnn_core.__main__ import main


@pytest.fixture
def photo(sample_images: Path) -> str:
    return str(sample_images / "chelsea_cat.jpg")


def test_answer_prints_the_probability_of_every_class(photo: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["answer", photo]) == 0

    (classes,) = json.loads(capsys.readouterr().out).values()
    assert [one["class"] for one in classes] == ["cats", "dogs"]
    assert classes[0]["probability"] > 0.5


def test_equal_class_names_are_kept_apart_and_outputs_are_named(
    photo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = keras.Input((16, 16, 3))
    maps = layers.Conv2D(2, 3, activation="relu")(inputs)
    model = keras.Model(inputs, layers.Dense(3, "softmax")(layers.GlobalAveragePooling2D()(maps)))
    write_model(tmp_path, "cranes", model, ("crane", "crane", "owl"))
    monkeypatch.setenv("CONVSCOPE_MODELS", str(tmp_path))
    assert main(["answer", photo, "--model", "cranes"]) == 0
    (output, classes), *_ = json.loads(capsys.readouterr().out).items()
    assert [one["class"] for one in classes] == ["crane", "crane", "owl"]
    options = ("--image", photo, "--model", "cranes", "--head", output)
    for name, status in (("crane", 1), ("1", 0), ("owl", 0), ("3", 1)):
        assert run("grad_cam", tmp_path / "map.npz", *options, "--class", name) == status


def run(key: str, output: Path, *options: str) -> int:
    return main(["run", key, *options, "--output", str(output)])


def test_run_writes_the_map_of_the_class_that_was_asked_for(
    photo: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("cats", "1"):
        assert run("grad_cam", tmp_path / f"{name}.npz", "--image", photo, "--class", name) == 0

    cats, dogs = (np.load(tmp_path / f"{name}.npz") for name in ("cats", "1"))
    assert (int(cats["class_index"]), int(dogs["class_index"])) == (0, 1)
    np.testing.assert_allclose(cats["values"], -dogs["values"], atol=1e-6)  # no processor rounds both alike
    assert "This holds" in capsys.readouterr().out


def test_run_writes_every_part_of_a_nested_result(photo: str, tmp_path: Path) -> None:
    assert run("prediction", tmp_path / "answer.npz", "--image", photo) == 0

    with np.load(tmp_path / "answer.npz") as found:
        assert found["heads_0_class_names"].tolist() == ["cats", "dogs"]
        assert found["heads_0_scores"].shape == (2,)


@pytest.mark.usefixtures("toy")
def test_a_new_analysis_is_listed_and_run_with_its_settings(
    photo: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["methods"]) == 0
    assert "--set masks=..." in capsys.readouterr().out

    for seed in (0, 1):
        settings = ("--set", "masks=2", "--set", f"seed={seed}")
        assert run("toy", tmp_path / f"{seed}.npz", "--image", photo, *settings) == 0
    first, second = (np.load(tmp_path / f"{seed}.npz")["values"] for seed in (0, 1))
    assert first.shape == second.shape
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(
    "arguments",
    [
        ["answer", "no such file.jpg"],
        ["answer", "PHOTO", "--model", "no such model"],
        ["run", "grad_cam", "--image", "PHOTO", "--head", "tail", "--output", "x.npz"],
        ["run", "grad_cam", "--image", "PHOTO", "--output", "."],
        ["run", "grad_cam", "--image", "PHOTO", "--class", "horses", "--output", "x.npz"],
        ["run", "grad_cam", "--image", "PHOTO", "--head", "3", "--output", "x.npz"],
        ["run", "grad_cam", "--image", "PHOTO", "--set", "steps=3", "--output", "x.npz"],
        ["run", "grad_cam", "--output", "x.npz"],
        ["run", "grad_cam", "--image", "PHOTO", "--output", "no such folder/x.npz"],
        ["run", "tea leaves", "--image", "PHOTO", "--output", "x.npz"],
        ["run", "activations", "--image", "PHOTO", "--channels", "few", "--output", "x.npz"],
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence_without_a_traceback(
    arguments: list[str], photo: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([photo if a == "PHOTO" else a for a in arguments]) == 1

    said = capsys.readouterr().err
    assert "Received" in said
    assert "Traceback" not in said
