"""Photos: bounded memory, files read and hashed once, the chosen one never dropped."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st

from dashboard.session import photos
from dashboard.session.photo import DecodedPhotos
from dashboard.session.photos import take_in, uploads
from dashboard.session.state import session as held


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """A session of a page, as a plain dictionary."""
    state: dict[str, object] = {}
    monkeypatch.setattr(st, "session_state", state)
    return state


def reader(content: bytes) -> tuple[Callable[[], bytes], list[int]]:
    """What gives ``content``, and a list that grows with every reading."""
    times: list[int] = []

    def read() -> bytes:
        times.append(1)
        return content

    return read, times


def padded(content: bytes, size: int) -> bytes:
    """A picture file with bytes after its end, so that it is as large as wanted."""
    return content + b"\0" * (size - len(content))


def test_a_photo_is_read_once_and_not_hashed_again(photo_bytes):
    decoded = DecodedPhotos()
    read, times = reader(photo_bytes)
    assert decoded.photo("stamp", read) is decoded.photo("stamp", read)
    assert len(times) == 1


def test_a_file_that_changed_is_read_anew(photo_bytes, tmp_path: Path, monkeypatch):
    path = tmp_path / "cats" / "a.png"
    path.parent.mkdir()
    path.write_bytes(photo_bytes)
    os.utime(path, ns=(1, 1))
    monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path))
    found = photos.data_photo("cats/a.png")
    before = found.stamp()
    assert found.stamp() == before
    os.utime(path, ns=(2, 2))
    assert found.stamp() != before


def test_large_uploads_drop_the_oldest_but_never_the_chosen_one(photo_bytes, monkeypatch, session):
    monkeypatch.setattr(photos, "UPLOADED_BYTES", 25_000)
    for number in range(4):
        take_in([(f"{number}.png", padded(photo_bytes, 10_000 + number))])
    assert [photo.title for photo in uploads().values()] == ["2.png", "3.png"]
    assert held().dropped == ["1.png"]
    session["photo"] = next(iter(uploads()))
    take_in([("bad.png", b"no picture")])
    monkeypatch.setattr(photos, "UPLOADED_BYTES", 11_000)
    take_in([("bad.png", b"no picture")])
    assert [photo.title for photo in uploads().values()] == ["2.png"]
    assert session["photo"] in uploads()


def test_a_photo_uploaded_once_more_is_the_newest_again(photo_bytes):
    first, second = photo_bytes, padded(photo_bytes, 9000)
    take_in([("one.png", first)])
    take_in([("two.png", second)])
    take_in([("one.png", first)])
    assert [photo.title for photo in uploads().values()] == ["two.png", "one.png"]
