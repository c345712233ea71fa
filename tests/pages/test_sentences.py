"""Sentences and sums: said only where they hold."""

from __future__ import annotations

import numpy as np
import pytest

from cnn_core.results import AttributionMap, HeadAnswer
from dashboard.session.photos import Photo
from dashboard.widgets.export_bar import own_photo_note
from dashboard.widgets.sentences import balance, what_it_knows, where_evidence_lies


def attribution(residual: float | None = 0.0, *, signed: bool = True, score: float = 1.5) -> AttributionMap:
    values = np.float32([[2, 0], [0, -1 if signed else 0]])
    return AttributionMap(
        method="m",
        layer_name="conv",
        head=0,
        class_index=0,
        values=values,
        signed=signed,
        score=score,
        extent=(0, 0, 8, 8),
        constant=None if residual is None else score - float(values.sum()) - residual,
    )


def test_a_map_that_does_not_add_up_is_never_told_as_a_sum():
    for missed in (0.7, None):
        said = balance(attribution(missed), "cats", "dogs")
        assert "does not add up" in said
        assert "add " not in said.replace("add up", "")
    assert "add 2 to" in balance(attribution(0.0), "cats", "dogs")


def test_sensitivity_is_not_called_evidence():
    said = where_evidence_lies(attribution(None, signed=False), "cats")
    assert "sensitivity" in said
    assert "evidence" not in said


@pytest.mark.parametrize(("key", "said"), [("upload-abc", True), ("chelsea", False)])
def test_the_code_says_when_the_file_is_the_persons_own(key, said):
    photo = Photo(key=key, title="a", path="a.jpg", read=bytes, stamp=str)
    assert ("path of its file" in own_photo_note(photo)) is said


@pytest.mark.parametrize(
    ("kind", "names", "says"),
    [
        ("binary", ("cats", "dogs"), "knows only cats and dogs"),
        ("softmax", tuple("abcde"), "knows only 5 classes"),
        ("regression", ("value",), ""),
    ],
)
def test_the_answer_comes_with_the_few_words_that_the_network_knows(kind, names, says):
    scores = np.zeros(len(names), np.float32)
    answer = HeadAnswer(head="h", kind=kind, class_names=names, scores=scores, probabilities=scores)
    assert what_it_knows(answer) == says
