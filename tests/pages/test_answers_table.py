"""The answers to many photos stand in one table, which can be taken away."""

from __future__ import annotations

import csv
import io

import pytest

from dashboard.overview import answers_table
from dashboard.session.photos import samples
from dashboard.session.resources import explorer


def test_every_photo_has_its_answer_probability_and_heat_map(open_app):
    app = open_app()
    app.session_state["table-open"] = True
    app.run()
    assert not app.exception
    table = app.dataframe[0].value
    assert list(table["Name"]) == [photo.title for photo in samples()]
    for photo, answer, probability in zip(samples(), table["Answer"], table["Probability"], strict=True):
        head = explorer().predict("tiny", photo.image()).heads[0]
        assert probability == pytest.approx(head.probabilities.max())
        assert answer in (*head.class_names, "undecided")
    for column in ("Photo", "Heat map"):
        assert table[column].str.startswith("data:image/jpeg").all()


def test_the_file_has_the_probability_of_every_class():
    view = [answers_table.View("tiny", photo) for photo in samples()[:2]]
    rows = [
        answers_table.Row(
            view=one, answer=explorer().predict("tiny", one.photo.image()).heads[0], attribution=None
        )
        for one in view
    ]
    head, *lines = csv.reader(io.StringIO(answers_table.answers_csv(rows)))
    assert head == ["photo", "answer", "cats", "dogs"]
    assert [line[0] for line in lines] == [photo.title for photo in samples()[:2]]
    for line in lines:
        assert sum(map(float, line[2:])) == pytest.approx(1, abs=1e-4)


def test_a_folder_of_the_data_set_can_be_asked_about(open_app, photos):
    app = open_app(answers="train/cats")
    app.session_state["table-open"] = True
    app.run()
    assert not app.exception
    assert not app.error
    assert len(app.dataframe[0].value) == answers_table.MOST_PHOTOS
    assert any(f"The first {answers_table.MOST_PHOTOS} of" in caption.value for caption in app.caption)
