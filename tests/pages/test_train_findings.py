"""Train, section Data: everything that the scan leaves out can be seen, and what it may leave in."""

from __future__ import annotations

import csv
import io
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from data_section import htmls, said, scanned, with_folder
from PIL import Image
from tiny_photos import write_class_folders, write_tiny_photos

from cnn_core.datasets.scan.scan import Problem, ScanReport
from dashboard.run_setup.data_choice import NEAR, TEST, VALIDATION
from dashboard.session.photos import data_groups
from dashboard.training.scan import findings_csv
from dashboard.widgets.markdown import escape_markdown


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return write_tiny_photos(tmp_path / "My photos", training=6, validation=3)


@pytest.fixture
def camera(tmp_path: Path) -> Path:
    """Ten pictures of each of two classes, of one background: only a scratch tells them apart."""
    rng = np.random.default_rng(0)
    background = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)).resize((96, 96))
    for name in ("good", "scratch"):
        (tmp_path / "camera" / name).mkdir(parents=True)
        for number in range(10):
            pixels = np.asarray(background) + rng.normal(0, 5, (96, 96, 3))
            if name == "scratch":
                pixels[8 * number, 20:30] = 255
            picture = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
            picture.save(tmp_path / "camera" / name / f"{number}.jpg", quality=90)
    return tmp_path / "camera"


def captions(app) -> list[str]:
    return re.findall("<figcaption>(.*?)</figcaption>", " ".join(htmls(app)))


def test_pictures_of_a_fixed_camera_can_be_trained_on_with_the_switch_off(open_app, camera):
    app = with_folder(open_app("train", section="data"), camera)
    assert "Leave out near-duplicates off" in app.error[0].value.replace("\\", "")
    app = scanned(app.toggle(key=NEAR).set_value(False).run())
    assert not app.error
    assert not app.exception
    assert "20 files looked into: every one is a sound picture" in said(app)
    app.segmented_control(key="section").set_value("settings").run()
    assert "16 training photos" in said(app)


def test_the_pair_of_a_leak_names_the_splits_that_were_drawn(open_app, tmp_path):
    folder = write_class_folders(tmp_path / "set", 10)
    for path in sorted((folder / "cats").iterdir()):
        shutil.copy(path, folder / "cats" / f"again.{path.name}")
    app = with_folder(open_app("train", section="data"), folder)
    assert not app.exception
    shown = captions(app)
    assert any(caption.startswith("validation: ") for caption in shown)
    assert not any(caption.startswith("set: ") for caption in shown)


def test_only_the_parts_that_are_drawn_are_said_to_be(open_app, photos, tmp_path):
    app = with_folder(open_app("train", section="data"), write_class_folders(tmp_path / "set", 10))
    assert "No folder says otherwise, so the validation pictures are drawn by chance" in said(app)
    app = scanned(app.number_input(key=TEST).set_value(0.2).run())
    assert "so the validation and test pictures are drawn by chance" in said(app)
    app = with_folder(app, photos)
    assert (
        "Training and validation pictures lie in folders of their own; the test pictures are drawn"
    ) in said(app)
    assert not any(field.key == VALIDATION for field in app.number_input)
    app = scanned(app.number_input(key=TEST).set_value(0.0).run())
    assert "Training and validation pictures lie in folders of their own. " in said(app)


def test_every_file_that_is_left_out_is_listed(open_app, photos):
    for number in range(40):
        (photos / "train" / "cats" / f"broken.{number}.jpg").write_bytes(b"no picture %d" % number)
    app = with_folder(open_app("train", section="data"), photos)
    table = next(piece for piece in htmls(app) if "broken.0.jpg" in piece)
    assert all(f"cats/broken.{number}.jpg" in table for number in range(40))
    assert any(button.proto.id.endswith("findings-csv") for button in app.get("download_button"))


def test_the_list_to_take_away_has_all_files_and_says_which_stay():
    def found(name: str, near: bool) -> Problem:
        return Problem(
            path=Path("/photos/train/cats") / name,
            split="training",
            kind="duplicate",
            detail='Nearly the same picture as dogs/"b".jpg, they say.',
            duplicate_of=Path('/photos/train/dogs/"b".jpg'),
            duplicate_split="validation",
            near=near,
        )

    many = tuple(found(f"{number}.jpg", False) for number in range(3000))
    report = ScanReport(
        problems=many, sizes_px={}, scanned=5000, seconds=1.0, label_conflicts=(found("doubt.jpg", True),)
    )
    lines = list(csv.DictReader(io.StringIO(findings_csv(report))))
    assert len(lines) == 3001
    assert {line["left_out"] for line in lines[:3000]} == {"yes"}
    assert (lines[-1]["file"], lines[-1]["left_out"]) == ("doubt.jpg", "no")
    assert lines[-1]["same_as"] == 'validation: dogs/"b".jpg'


def test_near_ones_of_two_classes_are_shown_and_stay(open_app, photos):
    picture = Image.open(photos / "train" / "cats" / "cats.0.jpg")
    picture.save(photos / "train" / "dogs" / "other.jpg", quality=70)
    app = with_folder(open_app("train", section="data"), photos)
    assert "1 should be looked at" in app.success[0].value
    assert any("nearly the same in two classes" in box.label for box in app.expander)
    assert {"training: cats.0.jpg", "training: other.jpg"} <= set(captions(app))


def test_names_that_are_not_utf8_are_told_and_break_no_page(open_app, photos):
    first = photos / "train" / "cats" / "cats.0.jpg"
    shutil.copy(first, first.with_name("caf\udce9.jpg"))
    app = with_folder(open_app("train", section="data"), photos)
    assert not app.exception
    assert not app.error
    (first.parent / "m\udce9").mkdir()
    app = with_folder(app, photos)
    assert not app.error
    assert escape_markdown(r"names are not UTF-8: cats/caf\xe9.jpg", longest=None) in said(app)
    assert "18 files" in said(app)
    (photos / "train" / "cats").rename(photos / "train" / "caf\udce9")
    app = with_folder(open_app("train", section="data"), photos)
    assert escape_markdown("Expected names of files and folders in UTF-8", longest=None) in app.error[0].value
    assert not app.exception


def test_after_a_trouble_of_the_moment_the_files_can_be_looked_at_again(open_app, photos, monkeypatch):
    opened = Path.open

    def troubled(path, *rest, **options):
        if path.suffix == ".jpg":
            raise OSError(24, "Too many open files")
        return opened(path, *rest, **options)

    with monkeypatch.context() as now:
        now.setattr(Path, "open", troubled)
        app = with_folder(open_app("train", section="data"), photos)
        assert "for a reason that may pass" in said(app)
    app = scanned(app.button(key="scan-anew").click().run())
    assert "every one is a sound picture" in said(app)
    assert not app.error


def test_folders_whose_names_are_not_utf8_are_no_group_of_the_data_set(photos):
    (photos / "train" / "dogs").rename(photos / "train" / "caf\udce9")
    assert sorted(data_groups(photos)) == ["train/cats", "validation/cats", "validation/dogs"]
