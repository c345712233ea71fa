"""Fetch one large file over HTTP so that a broken connection costs only what was on its way.

``keras.utils.get_file`` starts anew after every interruption and throws away what has arrived; this module
asks for the rest of the file instead (RFC 9110, section 14).
"""

from __future__ import annotations

import errno
import http.client
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO

from cnn_core.errors import DataError

CHUNK_BYTES = 2**18
TIMEOUT_SECONDS = 30.0  # without a single byte
ATTEMPTS = 5  # in a row that bring nothing new
PAUSE_SECONDS = 1.0
MOST_BYTES = 10**9
RANGE_NOT_SATISFIABLE = 416
PARTIAL_CONTENT = 206
UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN)
LOCAL_WAY = "name their folder in the field Folder of the page, or with --data on the command line."
BUSY = (408, 425, 429)
SERVER_ERRORS = 500


class _BrokenError(Exception):
    """The connection ended before the file did; a later attempt may bring the rest."""


def fetch(url: str, path: Path, *, progress: Callable[[float], None]) -> None:
    """Bring the file at ``url`` to ``path``, going on where an earlier attempt stopped.

    What has arrived lies in ``path`` with ``.part`` added, which also survives an error raised by
    ``progress`` and a killed process; ``path`` itself appears only with as many bytes as the server told.
    Whether these are the right ones is for a checksum to say, and that nobody else fetches the same file for
    the caller.

    Args:
        url: of a file on a server that tells its size.
        path: where the whole file goes; nothing is done where it exists.
        progress: gets the share that has arrived, 0..1.

    Raises:
        DataError: no network, no such file, or a folder that cannot be written.
    """
    if path.exists():
        return
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("ab") as file:
            _fetch_rest(url, file, progress)
            part.rename(path)
    except _BrokenError as error:
        raise DataError(_not_downloaded(url, str(error))) from None
    except OSError as error:
        raise DataError(
            f"Expected a folder that can be written. Received: {path.parent} ({error.strerror}). "
            "Free some space, or choose another folder."
        ) from None


def _fetch_rest(url: str, file: IO[bytes], progress: Callable[[float], None]) -> None:
    """Ask for what is missing until all is there; give up when nothing comes any more."""
    fruitless = 0
    while True:
        before = file.tell()
        try:
            if _fetch_once(url, file, progress):
                return
        except _BrokenError:
            fruitless = fruitless + 1 if file.tell() == before else 0
            if fruitless >= ATTEMPTS or file.tell() == 0:
                raise
            time.sleep(PAUSE_SECONDS)


def _fetch_once(url: str, file: IO[bytes], progress: Callable[[float], None]) -> bool:
    """Append what one connection brings; whether the file is whole now.

    Raises:
        _BrokenError: the connection ended early, or brought something else.
        DataError: the server will not have that file in a minute either.
    """
    done = file.tell()
    request = urllib.request.Request(url, headers={"Range": f"bytes={done}-"} if done else {})
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        with error:
            whole = _nothing_left(error, url, done)
        if not whole:
            _empty(file)
        return whole
    except (OSError, http.client.HTTPException) as error:
        raise _BrokenError(plain_reason(error)) from None
    with answer:
        _append(answer, file, progress)
    return True


def _nothing_left(error: urllib.error.HTTPError, url: str, done: int) -> bool:
    """Whether a refusal means that all bytes have arrived; otherwise they are of another file."""
    if error.code == RANGE_NOT_SATISFIABLE and done > 0:
        return error.headers.get("Content-Range") == f"bytes */{done}"
    received = f"the answer {error.code} {error.reason}"
    if error.code in BUSY or error.code >= SERVER_ERRORS:
        raise _BrokenError(received)
    raise DataError(_not_downloaded(url, received))


def _append(answer: http.client.HTTPResponse, file: IO[bytes], progress: Callable[[float], None]) -> None:
    if answer.headers.get_content_maintype() == "text":  # of a hotel's network, for example
        raise _BrokenError("a web page instead of the file")
    if answer.status != PARTIAL_CONTENT:
        _empty(file)
    done = file.tell()
    left = int(answer.headers.get("Content-Length", 0))
    if not 0 < left <= MOST_BYTES - done:
        raise _BrokenError(f"a file of {left} bytes")
    total = done + left
    while chunk := _chunk(answer):
        file.write(chunk)
        done += len(chunk)
        progress(min(1.0, done / total))
    if done != total:
        raise _BrokenError(f"only {done} of {total} bytes")


def _chunk(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read(CHUNK_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise _BrokenError(plain_reason(error)) from None


def plain_reason(error: BaseException) -> str:
    """Why nothing comes, in words: no connection, no answer, or what the error itself says."""
    reason = getattr(error, "reason", error)
    said = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    if isinstance(reason, socket.gaierror) or getattr(reason, "errno", None) in UNREACHABLE:
        return f"no connection to the internet ({said})"
    if isinstance(reason, TimeoutError):
        return f"no answer for {TIMEOUT_SECONDS:g} s (timed out)"
    if isinstance(reason, ConnectionError):
        return f"a connection that was refused or broken off ({said})"
    return said


def _empty(file: IO[bytes]) -> None:
    file.seek(0)
    file.truncate()


def _not_downloaded(url: str, received: str) -> str:
    return (
        f"Expected to download {url}. Received: {received}. Try again when the network is there, what has "
        f"arrived is kept; or use photos of this computer: {LOCAL_WAY}"
    )
