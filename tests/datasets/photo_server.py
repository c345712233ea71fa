"""A web server on this computer that serves one file, and breaks off where a test wants it to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(slots=True)
class Served:
    """What is served, and what has been asked for.

    Attributes:
        content: the file.
        breaks_after: bytes sent in the answer to each request before the connection is cut, one per request;
            None or nothing left sends all.
        status: of every answer, or None for what fits.
        media_type: as the server names it.
        ranges: whether a rest may be asked for.
        asked: the ``Range`` header of every request.
        url: of the file.
    """

    content: bytes
    breaks_after: list[int | None] = field(default_factory=list)
    status: int | None = None
    media_type: str = "application/zip"
    ranges: bool = True
    asked: list[str | None] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(content: bytes) -> Iterator[Served]:
    """Serve ``content`` until the block ends."""
    served = Served(content)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(served))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_address[1]}/set.zip"
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(served: Served) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            served.asked.append(wanted)
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and served.ranges else 0
            if served.status is not None:
                self.send_error(served.status)
                return
            if wanted and served.ranges and start >= len(served.content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(served.content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if wanted and served.ranges else 200)
            self.send_header("Content-Type", served.media_type)
            self.send_header("Content-Length", str(len(served.content) - start))
            self.end_headers()
            most = served.breaks_after.pop(0) if served.breaks_after else None
            end = len(served.content) if most is None else start + most
            self.wfile.write(served.content[start:end])

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    return Handler
