"""Archives that would do harm, or are none: refused before anything is written."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from zip_files import PLAIN, listed, overlapping_bomb, refused, zipped

from cnn_core.datasets.archives.contents import _directory_bytes
from cnn_core.datasets.archives.unpack import ArchiveLimits, unpack_class_folders


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


def test_files_that_share_their_packed_bytes_are_refused(tmp_path: Path) -> None:
    """By the sizes that it tells, no file of this bomb shrinks more than usual, nor do all together."""
    bomb = overlapping_bomb()
    with zipfile.ZipFile(bomb) as archive:
        entries = archive.infolist()
        assert max(entry.file_size / entry.compress_size for entry in entries) < ArchiveLimits().ratio
        assert sum(entry.file_size for entry in entries) > 1_000 * len(bomb.getvalue())
    refused(bomb, tmp_path, "files that overlap")


def test_bytes_before_the_first_file_are_no_overlap(tmp_path: Path) -> None:
    """As in a self-extracting archive."""
    archive = io.BytesIO(b"a program" * 100 + zipped(PLAIN).getvalue())
    unpack_class_folders(archive, tmp_path / "data")
    assert listed(tmp_path / "data") == PLAIN


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
        ({"1.jpg": b"x", "2.jpg": b"x"}, "two class folders .* Received: pictures in no folder"),
        ({"cats/1.jpg": b"x", "README.txt": b"x"}, r"Received: one, cats\. Pack a folder"),
        ({"set/cats/1.jpg": b"x", "set/cats/2.jpg": b"x"}, r"Received: one, cats\."),
        ({"train/cats/1.jpg": b"x", "validation/cats/2.jpg": b"x"}, r"Received: one, cats\."),
        ({"a/b/1.jpg": b"x", "c/d/1.jpg": b"x"}, "pictures in a/b, c/d, which do not lie side by side"),
        (
            {"a/1.jpg": b"x", "b/x/1.jpg": b"x", "b/y/1.jpg": b"x", "b/z/1.jpg": b"x"},
            "pictures in a, b/x, b/y and 1 more, which do not lie side by side",
        ),
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
