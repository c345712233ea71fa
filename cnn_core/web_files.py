"""One file of the web on this computer: downloaded, checked by its digest, whole or not at all."""

from __future__ import annotations

import socket
from pathlib import Path

from cnn_core.errors import DataError, causes
from cnn_core.files import writing_into
from cnn_core.progress import SILENT, Progress

CHUNK_BYTES = 2**18
TIMEOUT_SECONDS = 30.0  # without a single byte


def downloaded(url: str, digest: str, folder: Path, progress: Progress = SILENT) -> Path:
    """The file at ``url`` in ``folder``, under its own name; nothing is downloaded where it is there already.

    Args:
        url: of one file, over HTTP.
        digest: of its bytes, as ``sha256:0123``; only they are accepted.
        folder: made if missing.
        progress: told the share that has arrived, 0..1; an error that it raises ends the download, which
            leaves nothing behind.

    Raises:
        DataError: no network, no such file, other bytes, or a folder that cannot be written.
        Cancelled: nobody waits for it any longer.
    """
    import pooch  # here, since these two take most of a second
    from requests import RequestException

    pooch.get_logger().setLevel("WARNING")  # the page tells how far it is
    bar = _Bar(progress)
    loader = pooch.HTTPDownloader(progressbar=bar, chunk_size=CHUNK_BYTES, timeout=TIMEOUT_SECONDS)
    name = url.rpartition("/")[2]
    with writing_into(folder):
        try:
            return Path(pooch.retrieve(url, digest, fname=name, path=folder, downloader=loader))
        except RequestException as error:
            raise DataError(_not_downloaded(url, _reason(error))) from None
        except ValueError:  # what pooch raises for another digest
            raise DataError(_not_downloaded(url, "another file than the published one")) from None


class _Bar:
    """A progress bar in the form that pooch asks for, which tells a ``Progress``."""

    def __init__(self, progress: Progress) -> None:
        self.total = 0  # bytes; set by pooch, 0 where the server does not say it
        self._done = 0
        self._progress = progress

    def update(self, count: int) -> None:
        """So many bytes more have arrived."""
        self._done += count
        self._progress(min(1.0, self._done / self.total) if self.total else 0.0)

    def reset(self) -> None:
        """Count from the start."""
        self._done = 0

    def close(self) -> None:
        """Nothing is left open."""


def _reason(error: BaseException) -> str:
    """Why nothing comes, in words, by the error of the system that all others were raised from."""
    from requests.exceptions import HTTPError, Timeout

    if isinstance(error, HTTPError) and error.response is not None:
        return f"the answer {error.response.status_code} {error.response.reason}"
    found = causes(error)
    if any(isinstance(cause, Timeout | TimeoutError) for cause in found):
        return f"no answer for {TIMEOUT_SECONDS:g} s"
    if any(isinstance(cause, socket.gaierror) for cause in found):
        return "no connection to the internet"
    reason = next((cause.strerror for cause in found if isinstance(cause, OSError) and cause.strerror), None)
    return f"a connection that was refused or broken off ({reason or type(error).__name__})"


def _not_downloaded(url: str, received: str) -> str:
    return f"Expected to download {url}. Received: {received}. Try again when the network is there."
