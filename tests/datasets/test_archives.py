"""A zip from anybody becomes class folders, completely and safely, or one clear sentence."""

from __future__ import annotations

import io
import os
import stat
import struct
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from photo_folders import photo, save

from cnn_core.datasets import archives as archives_module
from cnn_core.datasets.archive_contents import _directory_bytes
from cnn_core.datasets.archives import ArchiveLimits, look_into, unpack_class_folders
from cnn_core.datasets.source import DataSource
from cnn_core.datasets.splits import read_splits
from cnn_core.errors import Cancelled, DataError

PLAIN = {"cats/1.jpg": b"a cat", "cats/2.jpg": b"another", "dogs/1.jpg": b"a dog"}


def zipped(files: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo("x")
            info.filename = info.orig_filename = name
            info.compress_type = compression
            archive.writestr(info, content)
    return file


def listed(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def refused(archive: Any, tmp_path: Path, says: str, limits: ArchiveLimits | None = None) -> None:
    """The archive is refused in one sentence, looked into or unpacked, and nothing is left behind."""
    folder = tmp_path / "place"
    folder.mkdir()
    with pytest.raises(DataError, match=says):
        look_into(archive, limits)
    with pytest.raises(DataError, match=says):
        unpack_class_folders(archive, folder / "data", limits)
    assert list(folder.iterdir()) == []
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix != ".zip") == ["place"]


@pytest.mark.parametrize("around", ["", "photos/", "photos/2024/", "./"])
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_class_folders_are_unpacked_without_the_folders_around_them(
    tmp_path: Path, around: str, compression: int
) -> None:
    archive = zipped({around + name: content for name, content in PLAIN.items()}, compression)
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
    assert splits.origin == "folders"
    assert splits.training.counts() == splits.validation.counts() == {"cats": 3, "dogs": 3}
    assert {f"cats_and_dogs_filtered/{name}" for name in listed(tmp_path / "data")} == set(files)


def test_a_lone_training_folder_becomes_class_folders(tmp_path: Path) -> None:
    unpack_class_folders(zipped({f"set/train/{n}": c for n, c in PLAIN.items()}), tmp_path / "data")
    assert listed(tmp_path / "data") == PLAIN


def test_a_zip_made_on_windows_is_read(tmp_path: Path) -> None:
    unpack_class_folders(
        zipped({f"set\\{n}".replace("/", "\\"): c for n, c in PLAIN.items()}), tmp_path / "d"
    )
    assert listed(tmp_path / "d") == PLAIN


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
    contents = look_into(archive)
    assert contents.ignored == len(other)
    assert contents.classes == ("cats", "dogs")
    assert len(contents.pictures) == 3
    assert contents.unpacked_bytes == sum(map(len, PLAIN.values()))
    unpack_class_folders(archive, tmp_path / "data")
    assert listed(tmp_path / "data") == PLAIN


def test_class_folders_beside_a_split_folder_are_counted_as_left_out() -> None:
    files = {f"train/{name}": content for name, content in PLAIN.items()}
    contents = look_into(zipped({**files, "cats/8.jpg": b"8", "birds/9.jpg": b"9"}))
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


@pytest.mark.parametrize(
    "name",
    [
        "../evil.jpg",
        "cats/../../evil.jpg",
        "cats\\..\\..\\evil.jpg",
        "/etc/evil.jpg",
        "//host/evil.jpg",
        "C:/evil.jpg",
        "c:evil.jpg",
        "cats/evil\x00.jpg",
        "cats/evil\n.jpg",
        "../../evil.txt",
    ],
)
def test_a_path_that_leads_elsewhere_spoils_the_whole_archive(tmp_path: Path, name: str) -> None:
    refused(zipped({**PLAIN, name: b"evil"}), tmp_path, "leads elsewhere or a link")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFBLK, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_are_refused(tmp_path: Path, kind: int) -> None:
    file = zipped(PLAIN)
    info = zipfile.ZipInfo("cats/link.jpg")
    info.create_system = 3
    info.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(info, "/etc/passwd")
    refused(file, tmp_path, "leads elsewhere or a link")


def test_a_password_is_refused(tmp_path: Path) -> None:
    content = bytearray(zipped(PLAIN).getvalue())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.find(signature) + offset] |= 1
    refused(io.BytesIO(content), tmp_path, "without a password")


def test_a_bomb_of_zeros_is_refused_by_its_ratio(tmp_path: Path) -> None:
    bomb = zipped({**PLAIN, "cats/bomb.bmp": bytes(30 * 2**20)}, zipfile.ZIP_DEFLATED)
    assert len(bomb.getvalue()) < 40_000
    refused(bomb, tmp_path, "made to fill the disk")


def test_many_small_bombs_are_refused_together(tmp_path: Path) -> None:
    files = {f"cats/{number}.bmp": bytes(900_000) for number in range(10)}
    refused(zipped({**PLAIN, **files}, zipfile.ZIP_DEFLATED), tmp_path, "made to fill the disk")


def test_a_flat_little_picture_is_no_bomb(tmp_path: Path) -> None:
    files = {**PLAIN, "cats/flat.bmp": bytes(200_000)}
    unpack_class_folders(zipped(files, zipfile.ZIP_DEFLATED), tmp_path / "data")
    assert listed(tmp_path / "data") == files


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (ArchiveLimits(archive_bytes=100), "an archive of at most"),
        (ArchiveLimits(unpacked_bytes=10), "GB of pictures"),
        (ArchiveLimits(files=2), "at most 2 files. Received: 3"),
        (ArchiveLimits(file_bytes=6), "cats/2.jpg with"),
        (ArchiveLimits(depth=1), "nested at most 0 deep"),
        (ArchiveLimits(path_letters=9), "at most 9 letters"),
    ],
)
def test_every_limit_holds(tmp_path: Path, limits: ArchiveLimits, says: str) -> None:
    refused(zipped(PLAIN), tmp_path, says, limits)


def test_the_limits_are_those_announced() -> None:
    limits = ArchiveLimits()
    assert (limits.archive_bytes, limits.unpacked_bytes) == (10**9, 4 * 10**9)
    assert (limits.files, limits.file_bytes, limits.ratio, limits.depth) == (100_000, 64 * 2**20, 200.0, 6)


def test_a_directory_of_millions_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bytearray(zipped(PLAIN).getvalue())
    content[-10:-6] = struct.pack("<I", 10**9)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    refused(io.BytesIO(content), tmp_path, "Received: far more")


@pytest.mark.parametrize("comment", [b"", b"a comment", b"x" * 65_535])
def test_the_length_of_the_directory_is_read_as_python_reads_it(comment: bytes) -> None:
    file = zipped(PLAIN)
    with zipfile.ZipFile(file, "a") as archive:
        archive.comment = comment
    start = zipfile.ZipFile(file).start_dir
    end = len(file.getvalue()) - len(comment) - 22
    assert _directory_bytes(file, len(file.getvalue())) == end - start


def test_the_directory_of_a_zip64_is_read_too() -> None:
    size = 5 * 10**9
    record = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1, 1, size, 0)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, 0, 1)
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    content = bytes(500) + record + locator + end
    assert _directory_bytes(io.BytesIO(content), len(content)) == size


def test_a_hidden_end_record_does_not_hide_the_length() -> None:
    """The disk numbers of an end record may be made to look like another one."""
    end = b"PK\x05\x06" + b"PK\x05\x06" + struct.pack("<HHIIH", 1, 1, 10**9, 0, 0)
    content = bytes(100) + end
    assert _directory_bytes(io.BytesIO(content), len(content)) == 10**9


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_compression_is_refused(tmp_path: Path, compression: int) -> None:
    refused(zipped(PLAIN, compression), tmp_path, "packed in the usual way")


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "Expected pictures .* Received: 0 other files"),
        ({"a.txt": b"x", "b.csv": b"x"}, "Received: 2 other files"),
        ({"inner.zip": b"PK"}, r"another archive in it, inner\.zip"),
        ({"1.jpg": b"x", "2.jpg": b"x"}, r"two class folders .* Received: \[\]"),
        ({"cats/1.jpg": b"x"}, r"Received: \[\]"),
        ({"set/cats/1.jpg": b"x", "set/notes/readme.txt": b"x"}, "two class folders"),
        ({"a/b/1.jpg": b"x", "c/d/1.jpg": b"x"}, "two class folders"),
    ],
)
def test_an_archive_without_class_folders_is_refused(
    tmp_path: Path, files: dict[str, bytes], says: str
) -> None:
    refused(zipped(files), tmp_path, says)


@pytest.mark.parametrize(
    "content", [b"", b"no zip at all", b"PK\x03\x04" + bytes(100), b"\x1f\x8b" + bytes(500)]
)
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    refused(io.BytesIO(content), tmp_path, "no zip or is damaged")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere.zip", tmp_path, "nowhere.zip")


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9, 0.999])
def test_a_cut_off_archive_is_refused(tmp_path: Path, part: float) -> None:
    content = zipped({**PLAIN, "cats/3.jpg": bytes(range(256)) * 50}).getvalue()
    refused(io.BytesIO(content[: int(len(content) * part)]), tmp_path, "no zip or is damaged")


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
    assert look_into(file).ignored == 1
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
    with pytest.raises(DataError, match=r"No space left on device.*Free some space"):
        unpack_class_folders(zipped(PLAIN), tmp_path / "data")
    assert list(tmp_path.iterdir()) == []


def test_stopping_leaves_nothing_behind(tmp_path: Path) -> None:
    shares: list[float] = []
    with pytest.raises(Cancelled):
        unpack_class_folders(
            zipped(PLAIN), tmp_path / "data", progress=shares.append, cancelled=lambda: len(shares) == 2
        )
    assert len(shares) == 2
    assert list(tmp_path.iterdir()) == []


def test_progress_ends_at_one(tmp_path: Path) -> None:
    shares: list[float] = []
    unpack_class_folders(zipped(PLAIN), tmp_path / "data", progress=shares.append)
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
