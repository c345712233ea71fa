"""A web server on this computer that serves one file, and breaks off where a test wants it to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(slots=True)
class Served:
    """What is served, and how often it was asked for.

    Attributes:
        content: the file.
        breaks_after: bytes after which the connection is cut, None for all.
        status: of every answer.
        asked: number of requests.
        url: of the file.
    """

    content: bytes
    breaks_after: int | None = None
    status: int = 200
    asked: int = 0
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
            served.asked += 1
            if served.status != 200:
                self.send_error(served.status)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(served.content)))
            self.end_headers()
            self.wfile.write(served.content[: served.breaks_after])

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    return Handler
