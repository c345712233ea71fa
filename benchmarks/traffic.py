"""What travels between the dashboard and the browser, told by the browser itself."""

from __future__ import annotations

import base64
import time
from typing import Any

QUIET_SECONDS = 0.4


class Traffic:
    """Counts the bytes that a page receives, and times the server's answer on the WebSocket."""

    def __init__(self, page: Any) -> None:
        """Start listening to a Playwright page."""
        self._page = page
        self.clear()
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.webSocketFrameSent", self._sent)
        session.on("Network.webSocketFrameReceived", self._received)
        session.on("Network.loadingFinished", self._loaded)

    def clear(self) -> None:
        """Forget what was counted."""
        self.received_bytes = 0
        self._asked: float | None = None
        self._answered: float | None = None
        self._last_seen = time.monotonic()

    def settle(self) -> None:
        """Wait until nothing has arrived for a while."""
        while time.monotonic() - self._last_seen < QUIET_SECONDS:
            self._page.wait_for_timeout(50)

    @property
    def server_ms(self) -> float | None:
        """From the first message sent to the last one received, by the browser's clock."""
        if self._asked is None or self._answered is None:
            return None
        return 1000 * (self._answered - self._asked)

    def _sent(self, event: dict[str, Any]) -> None:
        self._asked = event["timestamp"] if self._asked is None else self._asked

    def _received(self, event: dict[str, Any]) -> None:
        response = event["response"]
        data = response["payloadData"]
        self.received_bytes += len(base64.b64decode(data)) if response["opcode"] == 2 else len(data.encode())
        self._answered = event["timestamp"]
        self._last_seen = time.monotonic()

    def _loaded(self, event: dict[str, Any]) -> None:
        self.received_bytes += int(event["encodedDataLength"])
        self._last_seen = time.monotonic()
