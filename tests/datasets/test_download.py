"""A download arrives whole and checked, goes on where it broke off, or says how to do without."""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import io
import itertools
import socket
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from photo_folders import photo, save
from photo_server import Served, serving

from cnn_core.datasets import download as download_module
from cnn_core.datasets import fetch as fetch_module
from cnn_core.datasets.download import (
    CATS_AND_DOGS,
    PublishedSet,
    contents_sha256,
    download,
    download_cats_and_dogs,
)
from cnn_core.datasets.fetch import fetch
from cnn_core.datasets.source import DataSource
from cnn_core.datasets.splits import read_splits
from cnn_core.errors import Cancelled, DataError

LOCAL_WAY = r"with --data or in the field of the page"


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch_module, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(fetch_module, "CHUNK_BYTES", 512)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "downloads"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A little set in the form of the real one."""
    root = tmp_path_factory.mktemp("original") / "set"
    names = itertools.product(("train", "validation"), ("cats", "dogs"), range(3))
    for seed, (split, name, index) in enumerate(names):
        save(root / split / name / f"{name[:-1]}.{index}.jpg", photo(seed, 200, 150), quality=95)
    return root


def packed(root: Path) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(root.rglob("*.jpg")):
            archive.write(path, path.relative_to(root.parent))
    return file.getvalue()


@pytest.fixture
def served(original: Path) -> Iterator[Served]:
    with serving(packed(original)) as server:
        yield server


def published(served: Served, original: Path) -> PublishedSet:
    return PublishedSet(
        name="set",
        url=served.url,
        archive_sha256=hashlib.sha256(served.content).hexdigest(),
        contents_sha256=contents_sha256(original),
    )


def files_in(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_download_becomes_a_data_folder(served: Served, original: Path, folder: Path) -> None:
    shares: list[float] = []
    target = download(published(served, original), folder, progress=shares.append)
    assert target == folder / "set"
    assert files_in(target) == files_in(original)
    assert [path.name for path in folder.iterdir()] == ["set"]
    assert served.asked == [None]
    assert shares == sorted(shares)
    assert len(shares) > 20
    assert shares[-1] == 1.0
    assert read_splits(DataSource(folders=(str(target),))).training.counts() == {"cats": 3, "dogs": 3}


def test_what_is_there_already_is_not_fetched_again(served: Served, original: Path, folder: Path) -> None:
    download(published(served, original), folder)
    shares: list[float] = []
    assert download(published(served, original), folder, progress=shares.append) == folder / "set"
    assert len(served.asked) == 1
    assert shares == [1.0]


def test_a_connection_that_breaks_midway_goes_on_from_there(
    served: Served, original: Path, folder: Path
) -> None:
    served.breaks_after = [5000, 0, 3000]
    target = download(published(served, original), folder)
    assert files_in(target) == files_in(original)
    assert served.asked == [None, "bytes=5000-", "bytes=5000-", "bytes=8000-"]


def test_a_server_that_always_breaks_off_is_given_up_and_the_next_attempt_goes_on(
    served: Served, original: Path, folder: Path
) -> None:
    served.breaks_after = [6000, *[0] * 20]
    with pytest.raises(DataError, match=f"only 6000 of .* what has arrived is kept.*{LOCAL_WAY}"):
        download(published(served, original), folder)
    assert [path.name for path in folder.iterdir()] == ["set.zip.part"]
    assert len(served.asked) == 1 + fetch_module.ATTEMPTS
    served.breaks_after = []
    served.asked.clear()
    assert files_in(download(published(served, original), folder)) == files_in(original)
    assert served.asked == ["bytes=6000-"]


def test_stopping_keeps_what_has_arrived(served: Served, original: Path, folder: Path) -> None:
    def stop(share: float) -> None:
        if share > 0.4:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        download(published(served, original), folder, progress=stop)
    kept = (folder / "set.zip.part").read_bytes()
    assert 0 < len(kept) < len(served.content)
    assert served.content.startswith(kept)
    assert not (folder / "set").exists()
    assert files_in(download(published(served, original), folder)) == files_in(original)
    assert served.asked == [None, f"bytes={len(kept)}-"]


def test_a_server_that_sends_no_rests_starts_anew(served: Served, original: Path, folder: Path) -> None:
    served.ranges = False
    served.breaks_after = [6000]
    assert files_in(download(published(served, original), folder)) == files_in(original)
    assert served.asked == [None, "bytes=6000-"]


def test_a_part_that_is_whole_already_is_taken(served: Served, original: Path, folder: Path) -> None:
    """The process was killed between the last byte and the new name."""
    folder.mkdir()
    (folder / "set.zip.part").write_bytes(served.content)
    assert files_in(download(published(served, original), folder)) == files_in(original)
    assert served.asked == [f"bytes={len(served.content)}-"]


def test_a_part_longer_than_the_file_is_thrown_away(served: Served, original: Path, folder: Path) -> None:
    folder.mkdir()
    (folder / "set.zip.part").write_bytes(served.content + b"more")
    assert files_in(download(published(served, original), folder)) == files_in(original)


def test_a_part_of_another_file_is_noticed_and_the_whole_fetched_anew(
    served: Served, original: Path, folder: Path
) -> None:
    folder.mkdir()
    (folder / "set.zip.part").write_bytes(bytes(7000))
    assert files_in(download(published(served, original), folder)) == files_in(original)
    assert served.asked == ["bytes=7000-", None]


def test_a_half_archive_under_the_final_name_is_noticed(served: Served, original: Path, folder: Path) -> None:
    folder.mkdir()
    (folder / "set.zip").write_bytes(served.content[:9000])
    assert files_in(download(published(served, original), folder)) == files_in(original)


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_corrupted_archive_is_refused_and_leaves_nothing(
    served: Served, original: Path, folder: Path, place: float
) -> None:
    wanted = published(served, original)
    content = bytearray(served.content)
    content[int(len(content) * place)] ^= 0x55
    served.content = bytes(content)
    with pytest.raises(DataError):
        download(wanted, folder)
    assert list(folder.iterdir()) == []
    assert len(served.asked) == 2


def test_a_web_page_instead_of_the_file_is_refused(served: Served, original: Path, folder: Path) -> None:
    wanted = published(served, original)
    served.content = b"<html>Please log in to the network of this hotel</html>"
    with pytest.raises(DataError, match=f"other files than the published ones.*{LOCAL_WAY}"):
        download(wanted, folder)
    served.media_type = "text/html; charset=utf-8"
    with pytest.raises(DataError, match=f"a web page instead of the file.*{LOCAL_WAY}"):
        download(wanted, folder)
    assert [path.name for path in folder.iterdir()] == ["set.zip.part"]


def test_a_web_page_does_not_spoil_what_has_arrived(served: Served, original: Path, folder: Path) -> None:
    folder.mkdir()
    (folder / "set.zip.part").write_bytes(served.content[:7000])
    served.media_type, served.ranges = "text/html", False
    with pytest.raises(DataError, match="a web page"):
        download(published(served, original), folder)
    assert (folder / "set.zip.part").read_bytes() == served.content[:7000]


def test_other_pictures_in_a_good_archive_are_refused(
    served: Served, original: Path, folder: Path, tmp_path: Path
) -> None:
    wanted = published(served, original)
    for name in ("cats", "dogs"):
        save(tmp_path / "set" / "train" / name / "1.jpg", photo(1))
    served.content = packed(tmp_path / "set")
    with pytest.raises(DataError, match=f"other files than the published ones.*{LOCAL_WAY}"):
        download(wanted, folder)
    assert list(folder.iterdir()) == []


def test_the_same_pictures_packed_anew_are_accepted(served: Served, original: Path, folder: Path) -> None:
    wanted = dataclasses.replace(published(served, original), archive_sha256="0" * 64)
    assert files_in(download(wanted, folder)) == files_in(original)


@pytest.mark.parametrize(("status", "asked"), [(404, 1), (403, 1), (503, 1)])
def test_an_answer_of_refusal_is_told(
    served: Served, original: Path, folder: Path, status: int, asked: int
) -> None:
    served.status = status
    with pytest.raises(DataError, match=f"the answer {status} .*{LOCAL_WAY}"):
        download(published(served, original), folder)
    assert len(served.asked) == asked


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
def test_without_a_network_the_local_way_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    nowhere = dataclasses.replace(CATS_AND_DOGS, url=f"http://{host}:{closed_port()}/set.zip")
    monkeypatch.setattr(download_module, "CATS_AND_DOGS", nowhere)
    with pytest.raises(DataError, match=f"Expected to download http.* Received: .*{LOCAL_WAY}"):
        download_cats_and_dogs(folder)
    assert not (folder / "cats_and_dogs_filtered").exists()


def test_a_server_that_falls_silent_is_given_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch_module, "TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/set.zip"
        with pytest.raises(DataError, match="timed out"):
            fetch(url, folder / "set.zip", progress=lambda share: None)


def test_a_network_that_goes_away_before_the_second_download_is_told(
    served: Served, original: Path, folder: Path
) -> None:
    """The checksum is wrong, and the answer to the download of the whole breaks off."""
    wanted = published(served, original)
    folder.mkdir()
    (folder / "set.zip.part").write_bytes(bytes(7000))
    served.breaks_after = [None, 100]
    with pytest.raises(DataError, match=f"once more.*{LOCAL_WAY}"):
        download(wanted, folder)
    assert list(folder.iterdir()) == []


def test_a_second_download_into_one_folder_is_refused_from_the_first_byte_to_the_last(
    served: Served, original: Path, folder: Path
) -> None:
    wanted, refused = published(served, original), []

    def again(share: float) -> None:
        if not (folder / "set").exists():
            with pytest.raises(DataError, match="one download at a time"):
                download(wanted, folder)
            refused.append(share)

    assert files_in(download(wanted, folder, progress=again)) == files_in(original)
    assert min(refused) < 0.5
    assert max(refused) == pytest.approx(1.0)
    assert len(served.asked) == 1
    assert [path.name for path in folder.iterdir()] == ["set"]


def test_one_who_waited_for_another_download_takes_its_result(
    served: Served, original: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock = fcntl.flock

    def lock_after_the_other_is_done(file: object, kind: int) -> None:
        (folder / "set").mkdir()
        flock(file, kind)  # type: ignore[arg-type]

    monkeypatch.setattr(fcntl, "flock", lock_after_the_other_is_done)
    assert download(published(served, original), folder) == folder / "set"
    assert served.asked == []


def test_a_target_that_cannot_be_put_in_place_is_told(served: Served, original: Path, folder: Path) -> None:
    folder.mkdir()
    (folder / "set").touch()
    with pytest.raises(DataError, match="a folder that can be written"):
        download(published(served, original), folder)


def test_a_folder_that_cannot_be_written_is_told(served: Served, original: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="a folder that can be written"):
        download(published(served, original), tmp_path / "file" / "downloads")


def test_a_full_disk_is_told(
    served: Served, original: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fetch_module, "_append", full)
    with pytest.raises(DataError, match=r"No space left on device.*Free some space"):
        download(published(served, original), folder)


def test_leftovers_of_a_killed_process_are_no_result(served: Served, original: Path, folder: Path) -> None:
    save(folder / ".set.new" / "train" / "cats" / "half.jpg", photo(1))
    assert files_in(download(published(served, original), folder)) == files_in(original)
    assert [path.name for path in folder.iterdir()] == ["set"]


def test_contents_follow_names_and_bytes(original: Path, tmp_path: Path) -> None:
    whole = contents_sha256(original)
    assert contents_sha256(original, ("train/cats/cat.0.jpg",)) != whole
    for name, content in files_in(original).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    assert contents_sha256(tmp_path) == whole
    (tmp_path / "train" / "cats" / "cat.0.jpg").write_bytes(b"x")
    assert contents_sha256(tmp_path) != whole
    assert contents_sha256(tmp_path, ("train/cats/cat.0.jpg",)) == contents_sha256(
        original, ("train/cats/cat.0.jpg",)
    )


@pytest.mark.needs_data
def test_the_real_photos_arrive_over_a_breaking_connection(
    data_folder: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All 3,000, packed as on the web but for the checksum of the archive: judged by their contents."""
    photos = data_folder / "cats_and_dogs_filtered"
    monkeypatch.setattr(fetch_module, "CHUNK_BYTES", 2**18)
    with serving(packed(photos)) as served:
        served.breaks_after = [20_000_000, 30_000_000]
        wanted = dataclasses.replace(CATS_AND_DOGS, url=served.url)
        target = download(wanted, folder)
    assert served.asked[:3] == [None, "bytes=20000000-", "bytes=50000000-"]
    splits = read_splits(DataSource(folders=(str(target),)))
    assert splits.training.counts() == {"cats": 1000, "dogs": 1000}
    assert splits.validation.counts() == {"cats": 500, "dogs": 500}
