"""Precision and recall in words, also of one answer and of none at all."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from dashboard.evaluation.confusion import class_lines


@pytest.mark.parametrize(
    ("right", "answered", "pictures", "said"),
    [
        (1, 1, 4, "precision **100\u00a0%** of the only answer, recall **25\u00a0%** of the 4 pictures"),
        (0, 0, 1, "precision – of the 0 answers, recall **0\u00a0%** of the only picture"),
        (
            750,
            1000,
            1500,
            "precision **75\u00a0%** of the 1,000 answers, recall **50\u00a0%** of the 1,500 pictures",
        ),
    ],
)
def test_one_is_told_in_the_singular(right: int, answered: int, pictures: int, said: str) -> None:
    scores = SimpleNamespace(name="cats", right=right, answered=answered, pictures=pictures)
    (line,) = class_lines(SimpleNamespace(classes=(scores,)))
    assert line == f"- **cats**: {said}"
