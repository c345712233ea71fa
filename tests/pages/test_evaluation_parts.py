"""The parts of Evaluation without the page: tiles, mistakes in order, words of the matrix."""

from __future__ import annotations

import io
import os
from types import SimpleNamespace

import numpy as np
import pytest
from evaluation_section import (
    CLASSES,
)
from PIL import Image

from cnn_core.evaluation.predictions import Predictions
from cnn_core.evaluation.scores import evaluate
from cnn_core.images.decode import MAX_FILE_BYTES
from dashboard.evaluation.confusion import (
    MOST_CELLS,
    MOST_NAMED,
    class_lines,
    confusion_summary,
    involved_classes,
    offered_cells,
)
from dashboard.evaluation.mistakes import SHOWN, mistakes_of
from dashboard.widgets.evaluation_pictures import (
    DAMAGED,
    GONE,
    missing_html,
    set_picture,
    sure,
    tile_or_reason,
)


def test_a_tile_is_a_picture_or_a_reason(tmp_path, photo_bytes):
    (tmp_path / "a.png").write_bytes(photo_bytes)
    (tmp_path / "b.png").write_bytes(photo_bytes[:60])
    with Image.open(io.BytesIO(tile_or_reason(set_picture(str(tmp_path / "a.png"))))) as tile:
        assert tile.size[0] == tile.size[1]
    assert tile_or_reason(set_picture(str(tmp_path / "b.png"))) == DAMAGED
    assert tile_or_reason(set_picture(str(tmp_path / "c.png"))) == GONE
    assert "&lt;b&gt;" in missing_html(GONE, "<b>.png")


def test_a_path_that_is_a_pipe_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    assert tile_or_reason(set_picture(str(tmp_path / "pipe.jpg"))) == DAMAGED


def test_of_a_huge_file_no_more_is_read_than_tells_that_it_is_too_large(tmp_path):
    with (tmp_path / "huge.jpg").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 2**20)
    assert len(set_picture(str(tmp_path / "huge.jpg")).read()) == MAX_FILE_BYTES + 1
    assert tile_or_reason(set_picture(str(tmp_path / "huge.jpg"))) == DAMAGED


@pytest.mark.parametrize(
    ("probability", "text"), [(1.0, "> 99.9 %"), (0.9994, "99.9 %"), (0.5, "50.0 %"), (0.0, "< 0.1 %")]
)
def test_no_probability_is_told_as_certain(probability, text):
    assert sure(probability) == text


def answers_of(count: int) -> Predictions:
    of_dogs = np.linspace(0.6, 0.99, count).astype(np.float32)
    return Predictions(
        probabilities=np.stack([1 - of_dogs, of_dogs], axis=1),
        labels=np.zeros(count, np.int64),
        paths=tuple(f"{number}.jpg" for number in range(count)),
        classes=CLASSES,
    )


def test_mistakes_come_worst_first_page_by_page():
    first, second = mistakes_of(answers_of(8), 0.5), mistakes_of(answers_of(8), 0.5, SHOWN)
    assert [mistake.path for mistake in (*first, *second)] == [f"{number}.jpg" for number in range(7, -1, -1)]
    assert first[0].class_of("answer") == 1
    assert first[0].class_of("truth") == 0
    assert first[0].words().startswith("**cats**, answered **dogs** 99.0 %")


@pytest.mark.parametrize(
    ("correct", "predicted", "pictures", "said"),
    [
        (1, 1, 4, "precision **100\u00a0%** of the only answer, recall **25\u00a0%** of the 4 pictures"),
        (0, 0, 1, "precision – of the 0 answers, recall **0\u00a0%** of the only picture"),
        (0, 4, 0, "precision **0\u00a0%** of the 4 answers, recall – of the 0 pictures"),
        (750, 1000, 1500, "precision **75\u00a0%** of the 1,000 answers, recall **50\u00a0%** of the 1,500"),
    ],
)
def test_precision_and_recall_are_told_of_one_of_many_and_of_none(correct, predicted, pictures, said):
    scores = SimpleNamespace(name="cats", correct=correct, predicted=predicted, pictures=pictures)
    (line,) = class_lines(SimpleNamespace(classes=(scores,)))
    assert line.startswith(f"- **cats**: {said}")


def many_classes(count: int) -> Predictions:
    """Two pictures of each class, one of them answered with the class after it."""
    labels = np.repeat(np.arange(count), 2)
    given = np.where(np.arange(2 * count) % 2 == 0, labels, (labels + 1) % count)
    return Predictions(
        probabilities=np.eye(count, dtype=np.float32)[given],
        labels=labels,
        paths=tuple(f"{number}.jpg" for number in range(2 * count)),
        classes=tuple(f"class {number}" for number in range(count)),
    )


def test_words_and_choices_stay_few_where_there_are_many_classes():
    predictions = many_classes(300)
    evaluation = evaluate(predictions)
    assert len(offered_cells(evaluation, (299, 5))) == MOST_CELLS + 1
    assert "299-5" in offered_cells(evaluation, (299, 5))
    told = confusion_summary(predictions.classes, evaluation)
    assert told.count(";") == MOST_NAMED
    assert confusion_summary(predictions.classes, evaluation).endswith(
        f"and {600 - MOST_NAMED} cells with fewer"
    )
    assert len(class_lines(evaluation)) == MOST_NAMED


def test_of_very_many_classes_those_that_are_neither_shown_nor_answered_are_left_out():
    predictions = Predictions(
        probabilities=np.eye(1000, dtype=np.float32)[[7, 900, 7]],
        labels=np.array([7, 7, 281]),
        paths=("a", "b", "c"),
        classes=tuple(f"class {number}" for number in range(1000)),
    )
    evaluation = evaluate(predictions)
    assert involved_classes(evaluation, (7, 900)) == [7, 281, 900]
    assert involved_classes(evaluation, (7, 3)) == [3, 7, 281, 900]
    assert [line[:13] for line in class_lines(evaluation)] == ["- **class 281", "- **class 7**"]
    assert involved_classes(evaluate(answers_of(3)), (0, 0)) == [0, 1]


def test_an_empty_cell_is_not_offered_and_a_short_matrix_is_told_whole():
    evaluation = evaluate(answers_of(4))
    assert offered_cells(evaluation, (0, 1)) == ["0-1"]
    assert confusion_summary(CLASSES, evaluation) == "cats answered dogs: 4"
