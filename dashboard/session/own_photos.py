"""The photos that a browser has uploaded: still there when its page is loaded anew."""

from __future__ import annotations

import re
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field

import streamlit as st

from dashboard.session.photo import Photo

COOKIE = "convscope_photos"
TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
TOKEN_BYTES = 16
MOST_BROWSERS = 64
MOST_BYTES = 256 * 2**20  # of all browsers together
# A cookie of the session: gone with the browser. Nobody else's page may send it, and no link holds it.
SCRIPT = '<span></span><script>document.cookie = "{}={}; path=/; SameSite=Strict";</script>'


@dataclass(slots=True, eq=False, kw_only=True)
class OwnPhotos:
    """The photos of one browser.

    Attributes:
        uploads: by key, oldest first.
        chosen: key of the one that was looked at last; None where that was no upload.
    """

    uploads: dict[str, Photo] = field(default_factory=dict)
    chosen: str | None = None

    def size_bytes(self) -> int:
        """Of all uploads together."""
        return sum(photo.size_bytes for photo in list(self.uploads.values()))


class Browsers:
    """The photos of every browser by its token; those unused longest make room."""

    def __init__(self, *, most: int = MOST_BROWSERS, most_bytes: int = MOST_BYTES) -> None:
        """Keep the photos of ``most`` browsers, ``most_bytes`` together; the one asked for last always."""
        self._most, self._most_bytes = most, most_bytes
        self._by_token: OrderedDict[str, OwnPhotos] = OrderedDict()
        self._lock = threading.Lock()

    def photos(self, token: str) -> OwnPhotos:
        """The photos of a browser, none at first."""
        with self._lock:
            found = self._by_token.setdefault(token, OwnPhotos())
            self._by_token.move_to_end(token)
            while len(self._by_token) > 1 and self._is_full():
                self._by_token.popitem(last=False)
            return found

    def _is_full(self) -> bool:
        held_bytes = sum(each.size_bytes() for each in self._by_token.values())
        return len(self._by_token) > self._most or held_bytes > self._most_bytes


@st.cache_resource(show_spinner=False, max_entries=1)
def browsers() -> Browsers:
    """Those of this server."""
    return Browsers()


def token_of_browser() -> str | None:
    """What this browser was named by an earlier session, or None."""
    token = str(st.context.cookies.get(COOKIE, ""))
    return token if TOKEN.fullmatch(token) else None


def new_token() -> str:
    """A name for a browser that nobody guesses."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def remember_browser(token: str) -> None:
    """Have the browser tell its name when it loads the page anew."""
    if token_of_browser() != token:
        st.html(SCRIPT.format(COOKIE, token), unsafe_allow_javascript=True)
