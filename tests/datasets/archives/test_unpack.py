"""A zip from anybody becomes class folders, completely and safely, or one clear sentence."""

from __future__ import annotations

import io
import os
import stat
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from photo_folders import photo, save
from zip_files import PLAIN, listed, refused, zipped

from cnn_core.datasets.archives import unpack as archives_module
from cnn_core.datasets.archives.unpack import contents_of, unpack_class_folders
from cnn_core.datasets.source import DataSource
from cnn_core.datasets.splits import read_splits
from cnn_core.errors import Cancelled, DataError
from cnn_core.progress import Progress


@pytest.mark.parametrize("around", ["", "photos/", "photos/2024/", "./", "set/train/", "set\\"])
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_class_folders_are_unpacked_without_the_folders_around_them_also_from_windows(
    tmp_path: Path, around: str, compression: int
) -> None:
    slash = "\\" if "\\" in around else "/"
    archive = zipped({around + name.replace("/", slash): file for name, file in PLAIN.items()}, compression)
    assert unpack_class_folders(archive, tmp_path / "data") == tmp_path / "data"
    assert listed(tmp_path / "data") == PLAIN


def test_split_folders_are_kept(tmp_path: Path) -> None:
    files = {
        f"cats_and_dogs_filtered/{split}/{name}/{name}.{index}.jpg": f"{split} {name} {index}".encode()
        for split in ("train", "validation")
        for name in ("cats", "dogs")
        for index in range(3)
    }
    path = tmp_path / "set.zip"
    path.write_bytes(zipped(files).getvalue())
    unpack_class_folders(path, tmp_path / "data")
    splits = read_splits(DataSource(folders=(str(tmp_path / "data"),)))
    assert splits.drawn == ()
    assert splits.training.counts() == splits.validation.counts() == {"cats": 3, "dogs": 3}
    assert {f"cats_and_dogs_filtered/{name}" for name in listed(tmp_path / "data")} == set(files)


def test_other_files_are_counted_and_left_in_the_archive(tmp_path: Path) -> None:
    other = {
        "readme.txt": b"x",
        "vignette.JPG": b"beside the class folders",
        "cats/Thumbs.db": b"x",
        "cats/.hidden.jpg": b"x",
        "cats/run.sh": b"#!/bin/sh",
        "cats/kittens/3.jpg": b"deeper",
        "__MACOSX/cats/._1.jpg": b"x",
        "notes/a/b/c/d/e/f/g/deep.txt": b"x",
    }
    archive = zipped(PLAIN | other)
    contents = contents_of(archive)
    assert contents.ignored == len(other)
    assert contents.classes == ("cats", "dogs")
    assert len(contents.pictures) == 3
    assert contents.unpacked_bytes == sum(map(len, PLAIN.values()))
    unpack_class_folders(archive, tmp_path / "data")
    assert listed(tmp_path / "data") == PLAIN


def test_class_folders_beside_a_split_folder_are_counted_as_left_out() -> None:
    files = {f"train/{name}": content for name, content in PLAIN.items()}
    contents = contents_of(zipped({**files, "cats/8.jpg": b"8", "birds/9.jpg": b"9"}))
    assert len(contents.pictures) == len(PLAIN)
    assert contents.ignored == 2


@pytest.mark.parametrize("name", ["cats/" + "ö" * 130 + ".jpg", "ö" * 130 + "/1.jpg"])
def test_a_name_that_no_file_system_takes_is_refused_by_name(tmp_path: Path, name: str) -> None:
    refused(zipped({**PLAIN, name: b"x"}), tmp_path, "öööö.* bytes. Give that file or folder a shorter name")


def test_a_name_of_just_as_many_bytes_as_file_systems_take_is_unpacked(tmp_path: Path) -> None:
    files = {**PLAIN, "cats/" + "ö" * 125 + "x.jpg": b"x"}
    unpack_class_folders(zipped(files), tmp_path / "data")
    assert listed(tmp_path / "data") == files


def test_real_pictures_arrive_byte_for_byte(tmp_path: Path) -> None:
    files = {}
    for name in ("cats/1.JPG", "dogs/Größe 1.png"):
        files[name] = save(tmp_path / "in" / name, photo(len(name))).read_bytes()
    unpack_class_folders(zipped(files, zipfile.ZIP_DEFLATED), tmp_path / "data")
    assert listed(tmp_path / "data") == files


def spoil_content(content: bytearray) -> None:
    content[content.find(b"another")] ^= 0xFF


def spoil_local_name(content: bytearray) -> None:
    content[content.find(b"cats/2.jpg")] ^= 0x01


def spoil_announced_size(content: bytearray) -> None:
    """The directory announces one byte for a file that has seven."""
    content[content.rfind(b"PK\x01\x02", 0, content.rfind(b"cats/2.jpg")) + 24] = 1


@pytest.mark.parametrize("spoil", [spoil_content, spoil_local_name, spoil_announced_size])
def test_damage_found_while_unpacking_leaves_nothing_behind(
    tmp_path: Path, spoil: Callable[[bytearray], None]
) -> None:
    content = bytearray(zipped(PLAIN).getvalue())
    spoil(content)
    with pytest.raises(DataError, match=r"damaged at cats/2\.jpg"):
        unpack_class_folders(io.BytesIO(content), tmp_path / "data")
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_comes_twice_is_written_once(tmp_path: Path) -> None:
    file = zipped(PLAIN)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(file, "a") as archive:
        archive.writestr("cats/1.jpg", b"later")
    assert contents_of(file).ignored == 1
    unpack_class_folders(file, tmp_path / "data")
    assert set(listed(tmp_path / "data")) == set(PLAIN)


def test_two_folders_of_one_split_are_unpacked_and_then_refused(tmp_path: Path) -> None:
    """Their names differ in case only."""
    files = {"train/cats/1.jpg": b"x", "train/dogs/1.jpg": b"x", "TRAIN/cats/1.jpg": b"x"}
    unpack_class_folders(zipped(files), tmp_path / "data")
    with pytest.raises(DataError, match="one train folder"):
        read_splits(DataSource(folders=(str(tmp_path / "data"),)))


def test_an_existing_folder_is_never_touched(tmp_path: Path) -> None:
    target = tmp_path / "data"
    target.mkdir()
    (target / "mine.txt").write_text("keep")
    with pytest.raises(DataError, match="Expected a new folder"):
        unpack_class_folders(zipped(PLAIN), target)
    assert listed(target) == {"mine.txt": b"keep"}


def test_the_same_archive_is_unpacked_once(tmp_path: Path) -> None:
    target = unpack_class_folders(zipped(PLAIN), tmp_path / "data")
    before = (target / "cats" / "1.jpg").stat().st_mtime_ns
    assert unpack_class_folders(zipped(PLAIN), target) == target
    assert (target / "cats" / "1.jpg").stat().st_mtime_ns == before
    (target / "dogs" / "1.jpg").unlink()
    with pytest.raises(DataError, match="holds something else"):
        unpack_class_folders(zipped(PLAIN), target)


def test_a_target_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="a folder that can be written"):
        unpack_class_folders(zipped(PLAIN), tmp_path / "file" / "data")


def test_a_full_disk_is_told_before_it_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 50 * 2**20})
    monkeypatch.setattr(archives_module.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(DataError, match="GB of free space"):
        unpack_class_folders(zipped(PLAIN), tmp_path / "data")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_meanwhile_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(DataError, match=r"No space left on device.*space that is left"):
        unpack_class_folders(zipped(PLAIN), tmp_path / "data")
    assert list(tmp_path.iterdir()) == []


def test_stopping_leaves_nothing_behind(tmp_path: Path) -> None:
    shares: list[float] = []
    with pytest.raises(Cancelled):
        unpack_class_folders(
            zipped(PLAIN),
            tmp_path / "data",
            progress=Progress(tell=lambda share, _: shares.append(share), cancelled=lambda: len(shares) == 2),
        )
    assert len(shares) == 2
    assert list(tmp_path.iterdir()) == []


def test_progress_ends_at_one(tmp_path: Path) -> None:
    shares: list[float] = []
    unpack_class_folders(
        zipped(PLAIN), tmp_path / "data", progress=Progress(tell=lambda share, _: shares.append(share))
    )
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_what_a_killed_process_left_is_swept_away_and_what_another_writes_is_not(tmp_path: Path) -> None:
    old, fresh = tmp_path / ".data.unpacking-old", tmp_path / ".data.unpacking-fresh"
    for folder in (old, fresh):
        folder.mkdir()
    os.utime(old, (time.time() - 7200,) * 2)
    unpack_class_folders(zipped(PLAIN), tmp_path / "data")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".data.unpacking-fresh", "data"]


def test_unpacked_folders_can_be_read_by_others(tmp_path: Path) -> None:
    unpack_class_folders(zipped(PLAIN), tmp_path / "data")
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o755


@pytest.mark.parametrize(
    ("files", "first"),
    [
        ([f"train/{name}.{i}.jpg" for name in ("cat", "dog") for i in range(3)], "cat/cat.0.jpg"),
        (
            [f"{s}/{s}/{name}/0.jpg" for s in ("training_set", "test_set") for name in ("cats", "dogs")],
            "training_set/cats/0.jpg",
        ),
    ],
)
def test_usual_layouts_are_taken_as_they_were_meant(files: list[str], first: str) -> None:
    contents = contents_of(zipped(dict.fromkeys(files, b"a picture")))
    assert len(contents.classes) == 2
    assert str(contents.pictures[0].path) == first
    assert len(contents.pictures) == len(files)
