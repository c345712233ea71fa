"""A file of the web arrives as it was published, or one sentence says why not and nothing is left."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from web_server import Served, serving

from cnn_core import web_files
from cnn_core.errors import Cancelled, DataError
from cnn_core.progress import Progress
from cnn_core.web_files import downloaded

CONTENT = bytes(range(256)) * 400


@pytest.fixture
def served() -> Iterator[Served]:
    with serving(CONTENT) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "downloads"


def fetched(served: Served, folder: Path, progress: Progress | None = None) -> Path:
    return downloaded(
        served.url, f"sha256:{hashlib.sha256(CONTENT).hexdigest()}", folder, progress or Progress()
    )


def refused(served: Served, folder: Path, says: str) -> None:
    with pytest.raises(DataError, match=f"Expected to download http.* Received: {says}"):
        fetched(served, folder)
    assert list(folder.iterdir()) == []


def test_a_file_arrives_with_progress_and_is_not_asked_for_again(
    served: Served, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_files, "CHUNK_BYTES", 4096)
    shares: list[float] = []
    path = fetched(served, folder, Progress(tell=lambda share, _: shares.append(share)))
    assert path == folder / "set.zip"
    assert path.read_bytes() == CONTENT
    assert shares == sorted(shares)
    assert len(shares) > 20
    assert shares[-1] == 1.0
    assert fetched(served, folder) == path
    assert served.asked == 1


def test_another_file_is_refused(served: Served, folder: Path) -> None:
    served.content = CONTENT[:-1] + b"x"
    refused(served, folder, "another file than the published one")


def test_a_damaged_file_that_is_there_is_replaced(served: Served, folder: Path) -> None:
    folder.mkdir()
    (folder / "set.zip").write_bytes(CONTENT[:9000])
    assert fetched(served, folder).read_bytes() == CONTENT


def test_a_connection_that_breaks_off_is_told(served: Served, folder: Path) -> None:
    served.breaks_after = 9000
    refused(served, folder, "a connection that was refused or broken off")


@pytest.mark.parametrize("status", [403, 404, 503])
def test_an_answer_of_refusal_is_told(served: Served, folder: Path, status: int) -> None:
    served.status = status
    refused(served, folder, f"the answer {status} ")


def test_a_port_that_nobody_listens_to_is_told(served: Served, folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        served.url = f"http://127.0.0.1:{free.getsockname()[1]}/set.zip"
    refused(served, folder, r"a connection that was refused or broken off \(Connection refused\)")


def test_without_a_network_that_is_told(
    served: Served, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    refused(served, folder, "no connection to the internet")


def test_a_server_that_falls_silent_is_given_up(
    served: Served, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_files, "TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        served.url = f"http://127.0.0.1:{silent.getsockname()[1]}/set.zip"
        refused(served, folder, "no answer for 0.2 s")


def test_cancelling_leaves_nothing_behind(
    served: Served, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_files, "CHUNK_BYTES", 4096)
    shares: list[float] = []
    stopping = Progress(tell=lambda share, _: shares.append(share), cancelled=lambda: len(shares) > 3)
    with pytest.raises(Cancelled):
        fetched(served, folder, stopping)
    assert len(shares) == 4
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(served: Served, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="a folder that can be written"):
        fetched(served, tmp_path / "file" / "downloads")
