"""Downloads that fail: what was sent is refused, or nothing arrives; the person is told what else to do."""

from __future__ import annotations

import dataclasses
import socket
from pathlib import Path

import pytest
from photo_folders import photo, save
from photo_server import Served
from published_sets import LOCAL_WAY, files_in, published
from tiny_photos import packed

from cnn_core.datasets import download as download_module
from cnn_core.datasets import fetch as fetch_module
from cnn_core.datasets.download import (
    CATS_AND_DOGS,
    download,
    download_cats_and_dogs,
)
from cnn_core.datasets.fetch import fetch
from cnn_core.errors import DataError

pytestmark = pytest.mark.usefixtures("quick_retries")


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
