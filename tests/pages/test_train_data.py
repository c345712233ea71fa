"""Train, section Data: where the photos come from, what there is of them, and what is wrong with them."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest
from data_section import PATIENCE_SECONDS, htmls, said, scanned, with_folder
from tiny_photos import write_class_folders, write_tiny_photos

from cnn_core.datasets.recent_folders import used_folders
from dashboard.run_setup import data_choice as train_source
from dashboard.run_setup.data_choice import FOLDER, TEST, VALIDATION, splits_of
from dashboard.session.jobs import jobs as shared_jobs
from dashboard.session.resources import data_jobs
from dashboard.training.data import class_sentence, counts_html, samples
from dashboard.widgets.gallery import Captioned, pictures_html, small_picture
from dashboard.widgets.markdown import escape_markdown


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return write_tiny_photos(tmp_path / "My photos", training=6, validation=3)


def test_without_data_the_page_says_what_to_do_and_offers_no_sample_photos_as_data(open_app):
    app = open_app("train", section="data")
    assert not app.error
    assert not app.exception
    assert app.title[0].value == "Train"
    assert "No photos to train on yet" in app.info[0].value
    assert not any("counts" in piece for piece in htmls(app) if "<style>" not in piece)


def test_a_folder_is_counted_shown_and_scanned(open_app, photos):
    app = with_folder(open_app("train", section="data"), photos)
    assert not app.error
    assert not app.exception
    assert "cats = 0, dogs = 1" in said(app).replace("\\", "")
    assert "18 files" in said(app)
    assert "none appears twice" in said(app)
    tables = [piece for piece in htmls(app) if "Together" in piece]
    assert "<td>12</td><td>6</td>" in tables[0]
    rows = [piece for piece in htmls(app) if piece.count("<figure") == 5]
    assert len(rows) == 2
    assert not any(str(photos) in str(value) for value in app.query_params.values())
    # The choice survives other sections and pages.
    app.segmented_control(key="section").set_value("augmentation").run()
    app.switch_page("pages/activations.py").run()
    app.switch_page("pages/train.py").run()
    app.segmented_control(key="section").set_value("settings").run()
    assert not app.exception
    assert "12 training photos" in said(app)


def test_a_folder_of_the_environment_is_there_from_the_start(open_app, photos, monkeypatch):
    monkeypatch.setenv("CONVSCOPE_DATA", str(photos))
    app = scanned(open_app("train", section="data"))
    assert app.text_input(key=FOLDER).value == str(photos)
    assert "18 files" in said(app)


def test_a_folder_is_offered_again_in_another_session(open_app, photos, tmp_path):
    other = write_class_folders(tmp_path / "other", 10)
    with_folder(open_app("train", section="data"), photos)
    with_folder(open_app("train", section="data"), other)
    app = scanned(open_app("train", section="data"))
    assert app.text_input(key=FOLDER).value == str(other)
    assert used_folders()[:2] == [str(other), str(photos)]
    app = scanned(app.button_group(key="data-used").set_value(str(photos)).run())
    assert app.text_input(key=FOLDER).value == str(photos)
    assert "18 files" in said(app)
    assert not app.exception


def test_a_folder_that_is_not_there_is_told_in_a_sentence(open_app, tmp_path):
    app = open_app("train", section="data")
    for name in ("missing", "**[x](http://example.org)**", "$(echo)"):
        with_folder(app, tmp_path / name)
        assert len(app.error) == 1
        assert "Expected a folder" in app.error[0].value
        assert "[x](" not in app.error[0].value
        assert not app.exception


def test_classes_with_hostile_names_are_shown_as_they_are(open_app, tmp_path):
    folder = write_class_folders(tmp_path / "set", 4)
    (folder / "cats").rename(folder / "<img src=x onerror=alert(1)>")
    (folder / "dogs").rename(folder / "**bold** $x$ `y`")
    app = with_folder(open_app("train", section="data"), folder)
    assert not app.exception
    assert not any("<img src=x" in piece for piece in htmls(app))
    assert "**bold**" not in " ".join(element.value for element in app.markdown)


def test_without_split_folders_the_split_can_be_chosen_and_is_counted(open_app, tmp_path):
    folder = write_class_folders(tmp_path / "set", 10)
    app = with_folder(open_app("train", section="data"), folder)
    assert any("<td>16</td><td>4</td>" in piece for piece in htmls(app))
    app.number_input(key=VALIDATION).set_value(3.0).run()
    app = scanned(app.number_input(key=TEST).set_value(0.2).run())
    assert not app.error
    assert any("<td>10</td><td>6</td><td>4</td>" in piece for piece in htmls(app))
    app.number_input(key=VALIDATION).set_value(0.6).run()
    app.number_input(key=TEST).set_value(0.5).run()
    assert "leave something to train on" in app.error[0].value
    assert not app.exception
    assert not any(button.key == "sidebar-start" for button in app.button)
    app = scanned(app.number_input(key=TEST).set_value(0.1).run())
    assert not app.error


def test_damaged_repeated_and_leaking_files_are_named_and_left_out(open_app, photos):
    training = photos / "train" / "cats"
    shutil.copy(photos / "validation" / "cats" / "cats.0.jpg", training / "leak.jpg")
    shutil.copy(training / "cats.1.jpg", training / "again.jpg")
    (training / "broken.jpg").write_bytes((training / "cats.2.jpg").read_bytes()[:200])
    app = with_folder(open_app("train", section="data"), photos)
    assert not app.exception
    assert "12 of 15 pictures" in app.warning[0].value
    labels = [box.label for box in app.expander]
    for word in ("cut off", "repeated", "leaking"):
        assert any(word in label for label in labels), labels
    assert any("leak.jpg" in piece and "cats.0.jpg" in piece for piece in htmls(app))


def test_a_picture_that_is_added_is_counted_without_a_restart(open_app, photos):
    app = with_folder(open_app("train", section="data"), photos)
    cats = photos / "train" / "cats"
    shutil.copy(cats / "cats.0.jpg", cats / "new.jpg")
    later = cats.stat().st_mtime + 10  # the clock of some file systems is coarse
    os.utime(cats, (later, later))
    app = scanned(app.run())
    assert any("<td>13</td><td>6</td>" in piece for piece in htmls(app))


def test_a_row_of_samples_is_the_same_for_the_same_turn_and_says_which_is_damaged(photos):
    (photos / "train" / "cats" / "cats.0.jpg").write_bytes(b"x")
    files = splits_of(train_source.DataSource(folders=(str(photos),))).training
    rows = [samples(files, 0, turn) for turn in (0, 0, 1)]
    assert rows[0] == rows[1]
    assert any("cannot be read" in picture.caption for row in rows for picture in row)
    assert all(len(row) == 5 for row in rows)


def test_a_pipe_among_the_pictures_is_no_sample_and_keeps_nobody_waiting(photos):
    os.mkfifo(photos / "train" / "pipe.jpg")
    with pytest.raises(OSError, match="no plain file"):
        small_picture(photos / "train" / "pipe.jpg")


def test_a_scan_goes_on_while_the_networks_and_another_scan_work(open_app, photos):
    go_on = threading.Event()
    try:
        for queue in (shared_jobs(), data_jobs()):
            queue.start("hold", lambda progress, cancelled: go_on.wait(PATIENCE_SECONDS), "another session")
        app = with_folder(open_app("train", section="data"), photos)
        assert "18 files" in said(app)
    finally:
        go_on.set()


def test_what_else_lies_in_class_folders_is_told(open_app, photos):
    (photos / "train" / "cats" / "more").mkdir()
    shutil.copy(photos / "train" / "cats" / "cats.0.jpg", photos / "train" / "cats" / "more" / "a.jpg")
    notes = splits_of(train_source.DataSource(folders=(str(photos),))).notes
    assert notes
    app = with_folder(open_app("train", section="data"), photos)
    assert escape_markdown(notes[0], longest=None) in said(app)


def test_the_longest_bar_belongs_to_the_largest_class_and_many_are_named_by_first_and_last(photos):
    files = splits_of(train_source.DataSource(folders=(str(photos),)))
    table = counts_html(files)
    assert table.count("width:100.0%") == 2
    assert table.count("width:50.0%") == 2
    numbered = "Classes are numbered in alphabetical order, from a = 0 to c = 2."
    assert class_sentence(["a", "b", "c"]) == numbered


def test_words_beneath_a_picture_are_no_html():
    row = pictures_html([Captioned(jpeg=b"x", alt='"><script>', caption="<b>")], columns=1)
    assert "<script>" not in row
    assert "&lt;b&gt;" in row
