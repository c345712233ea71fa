"""A scan lists everything that would spoil a run, skips it, and never raises because of one file."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from photo_folders import class_folders, photo, save
from PIL import Image
from scanned_folders import found, read

from cnn_core.datasets.folders import labelled_files
from cnn_core.datasets.scan.scan import PROBLEM_KINDS, Problem, ScanReport, scan, without_problems
from cnn_core.errors import DataError


def test_a_clean_set_has_no_problem(data: Path, tmp_path: Path) -> None:
    splits = read(data)
    report = scan(splits, tmp_path / "cache")
    assert report.problems == ()
    assert without_problems(splits, report) == splits
    assert report.scanned == 24
    assert report.counts() == dict.fromkeys(PROBLEM_KINDS, 0)
    assert report.seconds > 0
    assert {name: sizes.shape for name, sizes in report.sizes_px.items()} == {
        "training": (8, 2),
        "validation": (8, 2),
        "test": (8, 2),
    }
    assert (report.sizes_px["training"] == (64, 48)).all()


def test_every_kind_of_damage_is_listed_with_its_split(data: Path) -> None:
    cut = data / "train" / "cats" / "cat.1.jpg"
    cut.write_bytes(cut.read_bytes()[:-300])
    (data / "train" / "dogs" / "web.jpg").write_bytes(b"<html>not found</html>")
    save(data / "validation" / "cats" / "small.png", photo(300, 15, 15))
    save(data / "test" / "dogs" / "grey.jpg", Image.fromarray(photo(301)).convert("L"))
    assert found(data) == [
        ("training", "cats/cat.1.jpg", "truncated"),
        ("training", "dogs/web.jpg", "unreadable"),
        ("validation", "cats/small.png", "tiny"),
        ("test", "dogs/grey.jpg", "non_rgb"),
    ]
    assert ("test", "dogs/grey.jpg", "non_rgb") not in found(data, keep_non_rgb=True)


@pytest.mark.parametrize(
    ("original", "copy", "split", "kind"),
    [
        ("train/cats", "train/cats", "training", "duplicate"),
        ("train/cats", "train/dogs", "training", "duplicate"),
        ("validation/cats", "train/cats", "training", "leakage"),
        ("test/cats", "train/dogs", "training", "leakage"),
        ("test/cats", "validation/cats", "validation", "leakage"),
    ],
)
@pytest.mark.parametrize("linked", [False, True])
def test_a_copy_is_listed_where_it_would_do_harm(
    data: Path, tmp_path: Path, original: str, copy: str, split: str, kind: str, linked: bool
) -> None:
    first, second = data / original / "cat.0.jpg", data / copy / "z.jpg"
    second.symlink_to(first) if linked else second.write_bytes(first.read_bytes())
    report = scan(read(data), tmp_path / "cache")
    (problem,) = report.problems
    assert (problem.split, problem.path, problem.kind, problem.duplicate_of) == (split, second, kind, first)
    assert ("Its class is another one" in problem.detail) == (original[-4:] != copy[-4:])
    (value,) = json.loads(json.dumps(report.to_json()))["problems"]
    assert (value["kind"], value["path"], value["duplicate_of"]) == (kind, str(second), str(first))


@pytest.mark.parametrize("change", ["encoded anew", "resized", "mirrored", "as png"])
def test_leakage_is_found_however_the_picture_was_saved(data: Path, change: str) -> None:
    original = data / "test" / "dogs" / "dog.2.jpg"
    picture = Image.open(original).copy()
    target = data / "train" / "dogs" / "again.jpg"
    if change == "encoded anew":
        save(target, picture, quality=60)
    elif change == "resized":
        save(target, picture.resize((150, 150), Image.Resampling.BICUBIC), quality=85)
    elif change == "mirrored":
        save(target, picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), quality=85)
    else:
        save(target.with_suffix(".png"), picture)
    report = scan(read(data), data.parent / "cache")
    assert [(p.split, p.path.stem, p.kind, p.duplicate_of) for p in report.problems] == [
        ("training", "again", "leakage", original)
    ]
    assert "dogs/dog.2.jpg in test" in report.problems[0].detail
    assert ("mirrored" in report.problems[0].detail) == (change == "mirrored")


@pytest.fixture
def camera(tmp_path: Path) -> Path:
    """Pictures of one background, as a fixed camera takes them: a little noise, and a scratch or none."""
    rng = np.random.default_rng(0)
    for split in ("train", "validation"):
        for name in ("good", "scratch"):
            for number in range(5):
                pixels = photo(1, 96, 96) + rng.normal(0, 5, (96, 96, 3))
                if name == "scratch":
                    pixels[10 * number, 20:30] = 255
                picture = pixels.clip(0, 255).astype(np.uint8)
                save(tmp_path / "camera" / split / name / f"{number}.jpg", picture, quality=90)
    return tmp_path / "camera"


def test_near_duplicates_of_another_class_are_listed_and_kept(camera: Path, tmp_path: Path) -> None:
    for name in ("good", "scratch"):
        for path in sorted((camera / "validation" / name).iterdir()):
            save(path, photo(300 + 10 * len(name) + int(path.stem)))
        for path in sorted((camera / "train" / name).iterdir())[1:]:
            save(path, photo(400 + 10 * len(name) + int(path.stem)))
    splits = read(camera)
    report = scan(splits, tmp_path / "cache")
    assert report.problems == ()
    (doubt,) = report.label_conflicts
    assert (doubt.path.parent.name, doubt.duplicate_of) == ("scratch", camera / "train" / "good" / "0.jpg")
    assert "Its class is another one: check both." in doubt.detail
    assert without_problems(splits, report) == splits


def test_a_class_of_near_duplicates_only_names_the_switch(camera: Path, tmp_path: Path) -> None:
    splits = read(camera)
    report = scan(splits, tmp_path / "cache")
    with pytest.raises(DataError, match=r"Leave out near-duplicates off \(--keep-near-duplicates\)"):
        without_problems(splits, report)


def test_near_duplicates_are_kept_when_wanted_and_equal_files_are_not(camera: Path, tmp_path: Path) -> None:
    (camera / "train" / "good" / "z.jpg").write_bytes((camera / "train" / "good" / "0.jpg").read_bytes())
    (camera / "train" / "good" / "y.jpg").write_bytes((camera / "train" / "scratch" / "1.jpg").read_bytes())
    splits = read(camera)
    report = scan(splits, tmp_path / "cache", keep_near_duplicates=True)
    assert [(p.path.name, p.kind, p.near) for p in report.problems] == [
        ("z.jpg", "duplicate", False),
        ("1.jpg", "duplicate", False),
    ]
    assert report.label_conflicts == ()
    assert without_problems(splits, report).training.counts() == {"good": 6, "scratch": 4}


def test_reports_with_and_without_near_duplicates_are_stored_apart(camera: Path, tmp_path: Path) -> None:
    kept = scan(read(camera), tmp_path / "cache", keep_near_duplicates=True)
    assert kept.problems == ()
    assert scan(read(camera), tmp_path / "cache").counts()["leakage"] > 0
    assert scan(read(camera), tmp_path / "cache", keep_near_duplicates=True).problems == ()


def test_the_split_of_the_picture_that_stays_is_told_where_no_folder_says_it(tmp_path: Path) -> None:
    class_folders(tmp_path / "set", count=10)
    splits = read(tmp_path / "set")
    original = splits.validation.paths[0]
    save(original.with_name("copy.jpg"), Image.open(original), quality=50)
    (problem,) = scan(read(tmp_path / "set"), tmp_path / "cache").problems
    assert (problem.kind, problem.split, problem.duplicate_split) == ("leakage", "training", "validation")
    assert problem.near


def test_pictures_of_one_colour_neither_crash_nor_count_as_each_other(data: Path) -> None:
    for number, colour in enumerate([(0, 0, 0), (2, 0, 0), (255, 255, 255), (1, 1, 1)]):
        save(data / "train" / "cats" / f"flat.{number}.png", np.full((40, 40, 3), colour, np.uint8))
    save(data / "validation" / "cats" / "flat.png", np.zeros((40, 40, 3), np.uint8))
    assert found(data) == [("training", "cats/flat.0.png", "leakage")]


def test_a_file_that_disappears_during_the_scan_is_listed(data: Path, tmp_path: Path) -> None:
    splits = read(data)
    splits.training.paths[3].unlink()
    (problem,) = scan(splits, tmp_path / "cache").problems
    assert (problem.path, problem.kind) == (splits.training.paths[3], "unreadable")
    assert len(without_problems(splits, scan(splits, tmp_path / "cache")).training.paths) == 7


def test_without_problems_the_listed_files_are_gone_and_labels_still_fit(data: Path, tmp_path: Path) -> None:
    copy = data / "train" / "cats" / "again.jpg"
    copy.write_bytes((data / "validation" / "cats" / "cat.0.jpg").read_bytes())
    (data / "test" / "dogs" / "dog.0.jpg").write_bytes(b"")
    splits = read(data)
    clean = without_problems(splits, scan(splits, tmp_path / "cache"))
    assert clean.training.counts() == {"cats": 4, "dogs": 4}
    assert clean.validation == splits.validation
    assert clean.test is not None
    assert clean.test.counts() == {"cats": 4, "dogs": 3}
    assert copy not in clean.training.paths
    assert clean.drawn == splits.drawn
    for _, files in clean.items():
        assert [files.classes[label] for label in files.labels] == [p.parent.name for p in files.paths]


def test_a_picture_listed_in_one_split_stays_in_another(data: Path) -> None:
    splits = read(data)
    path = splits.training.paths[0]
    problem = Problem(path=path, split="validation", kind="tiny", detail="")
    report = ScanReport(problems=(problem,), sizes_px={}, scanned=1, seconds=0.0)
    assert path in without_problems(splits, report).training.paths


def test_a_class_with_nothing_left_is_named(data: Path, tmp_path: Path) -> None:
    for path in (data / "validation" / "dogs").iterdir():
        Image.open(path).convert("L").save(path)
    splits = read(data)
    with pytest.raises(DataError, match=r"of dogs in validation\. Received: none; the scan found 4 non_rgb"):
        without_problems(splits, scan(splits, tmp_path / "cache"))


def test_an_unknown_kind_of_problem_is_refused() -> None:
    with pytest.raises(ValueError, match="Expected a kind"):
        Problem(path=Path("a"), split="training", kind="ugly", detail="")


@pytest.mark.needs_data
def test_the_photos_of_the_lecture_are_clean_but_for_one_copy(data_folder: Path, tmp_path: Path) -> None:
    """The set's own notes: all decode, all are RGB, no validation picture repeats a training one."""
    splits = read(data_folder / "cats_and_dogs_filtered")
    report = scan(splits, tmp_path)
    assert [
        (p.kind, p.path.name, p.duplicate_of.name if p.duplicate_of else None) for p in report.problems
    ] == [("duplicate", "dog.74.jpg", "dog.180.jpg")]
    assert report.scanned == 3000
    sizes = np.concatenate(list(report.sizes_px.values()))
    assert (sizes.min(0) == (59, 41)).all()
    assert (sizes.max(0) == (1050, 768)).all()


def test_splits_of_one_set_of_files_are_compared_too(data: Path, tmp_path: Path) -> None:
    """Whoever names one folder twice is told: every training picture is leakage."""
    files = labelled_files([data / "train"])
    splits = dataclasses.replace(read(data), training=files, validation=files, test=None)
    report = scan(splits, tmp_path / "cache")
    assert report.counts()["leakage"] == len(files.paths)
    with pytest.raises(DataError, match="the scan found 8 leakage"):
        without_problems(splits, report)
