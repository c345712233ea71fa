"""A download arrives whole and checked, goes on where it broke off, or says how to do without."""

from __future__ import annotations

import dataclasses
import fcntl
from pathlib import Path

import pytest
from photo_folders import photo, save
from photo_server import Served, serving
from published_sets import LOCAL_WAY, files_in, published
from tiny_photos import packed

from cnn_core.datasets import fetch as fetch_module
from cnn_core.datasets.download import (
    CATS_AND_DOGS,
    contents_sha256,
    download,
)
from cnn_core.datasets.source import DataSource
from cnn_core.datasets.splits import read_splits
from cnn_core.errors import Cancelled, DataError

pytestmark = pytest.mark.usefixtures("quick_retries")


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
