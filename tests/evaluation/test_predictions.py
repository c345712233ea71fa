"""Answers on disk come back as they were; what cannot be evaluated is refused."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from predicted import two_classes

from cnn_core.errors import DataError, NotFiniteError
from cnn_core.evaluation.predictions import (
    Predictions,
    predicted_labels,
    probability_of,
    read_predictions,
    two_columns,
    write_predictions,
)

CLASSES = ("cats", "dogs")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path, written = tmp_path / "predictions_test.npz", two_classes([0.25, 0.75, 1], [0, 1, 0])
    write_predictions(path, written)
    read = read_predictions(path, CLASSES)
    np.testing.assert_array_equal(read.probabilities, written.probabilities)
    np.testing.assert_array_equal(read.labels, [0, 1, 0])
    assert (read.paths, read.classes, read.pictures) == (written.paths, CLASSES, 3)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_the_names_of_25000_photos_take_less_than_a_megabyte(tmp_path: Path) -> None:
    many = 25_000
    write_predictions(
        tmp_path / "many.npz",
        Predictions(
            probabilities=np.full((many, 2), 0.5, np.float32),
            labels=np.zeros(many, int),
            paths=tuple(f"/a/long/folder/of/photos/train/dogs/dog.{index}.jpg" for index in range(many)),
            classes=CLASSES,
        ),
    )
    assert (tmp_path / "many.npz").stat().st_size < 1_000_000


@pytest.mark.parametrize(
    "content", [None, b"", b"no archive", b"PK\x03\x04 cut off", b"\x93NUMPY\x01\x00", "half"]
)
def test_a_missing_or_damaged_file_says_what_to_do(content: bytes | str | None, tmp_path: Path) -> None:
    path = tmp_path / "predictions_test.npz"
    if content == "half":
        write_predictions(path, two_classes([0.25, 0.75], [0, 1]))
        content = path.read_bytes()[:-60]
    if isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"Expected the predictions of a finished run.*Resume the run"):
        read_predictions(path, CLASSES)


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"probabilities": np.ones((1, 2)) / 2}, "labels"),
        ({"probabilities": np.array([{}]), "labels": np.array([0]), "paths": np.array(["a"])}, "pickle"),
    ],
    ids=["without the labels", "with pickled objects"],
)
def test_an_archive_of_something_else_is_refused(tmp_path: Path, arrays: dict[str, Any], told: str) -> None:
    np.savez(tmp_path / "predictions_test.npz", **arrays)
    with pytest.raises(DataError, match=told):
        read_predictions(tmp_path / "predictions_test.npz", CLASSES)


@pytest.mark.parametrize("rows", [10**15, 10**30])
def test_a_header_that_claims_more_rows_than_there_is_memory_is_told_as_damaged(
    rows: int, tmp_path: Path
) -> None:
    path = tmp_path / "predictions.npz"
    with zipfile.ZipFile(path, "w") as archive, archive.open("probabilities.npy", "w") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (rows, 2)}
        np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(DataError, match="Expected the predictions"):
        read_predictions(path, CLASSES)


def test_another_number_of_classes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "predictions_test.npz"
    write_predictions(path, two_classes([0.25], [0]))
    with pytest.raises(DataError, match="a, b, c"):
        read_predictions(path, ("a", "b", "c"))


@pytest.mark.parametrize("unit", [[0.25, 1], [[0.25], [1]]], ids=["flat", "column"])
def test_one_sigmoid_unit_gives_the_probability_of_both_classes(unit: list) -> None:
    np.testing.assert_array_equal(two_columns(np.array(unit)), np.float32([[0.75, 0.25], [0, 1]]))


@pytest.mark.parametrize(
    ("threshold", "labels"),
    [(0.5, [0, 1, 1, 1, 1]), (0.7, [0, 0, 0, 1, 1]), (0, [1] * 5), (np.inf, [0] * 5)],
)
def test_of_two_classes_what_is_at_least_the_threshold_is_class_1(
    threshold: float, labels: list[int]
) -> None:
    """Also where the threshold is no exact number in float32: 0.7 is 0.69999999 there."""
    given = two_classes([0, 0.5, 0.699, 0.7, 1], [0] * 5)
    assert predicted_labels(given, threshold).tolist() == labels


def test_of_three_classes_the_most_probable_is_the_answer_and_the_first_of_equals() -> None:
    given = Predictions(
        probabilities=np.float32([[0.2, 0.4, 0.4], [0.1, 0.2, 0.7]]),
        labels=np.array([0, 0]),
        paths=("a", "b"),
        classes=("x", "y", "z"),
    )
    assert predicted_labels(given, threshold=0.9).tolist() == [1, 2]
    np.testing.assert_array_equal(probability_of(given, np.array([0, 2])), np.float32([0.2, 0.7]))


@pytest.mark.parametrize(
    ("probabilities", "labels", "paths", "reason"),
    [
        (np.zeros((0, 2)), [], (), "at least one picture"),
        ([[1.0]], [0], ("a",), "columns"),
        ([[0.5, 0.5]], [0, 1], ("a",), "equal length"),
        ([[0.5, 0.5]], [0], ("a", "b"), "equal length"),
        ([0.5, 0.5], [0], ("a",), "2 axes"),
        ([[0.5, 0.5]], [2], ("a",), "labels 0 to 1"),
        ([[0.5, 0.5]], [-1], ("a",), "labels 0 to 1"),
        ([[-0.5, 1.5]], [0], ("a",), "from 0 to 1"),
        ([[0.9, 0.9]], [0], ("a",), "sum to 1"),
    ],
)
def test_fields_that_do_not_fit_are_refused(
    probabilities: list, labels: list, paths: tuple, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        Predictions(
            probabilities=np.asarray(probabilities), labels=np.array(labels), paths=paths, classes=CLASSES
        )


def test_a_model_that_answers_nan_is_refused() -> None:
    with pytest.raises(NotFiniteError, match="finite probabilities"):
        two_classes([0.5, np.nan], [0, 1])


def test_nobody_can_change_the_answers_afterwards() -> None:
    with pytest.raises(ValueError, match="read-only"):
        two_classes([0.5], [0]).probabilities[0, 0] = 1
