"""The photos of a browser outlive a session, within bounds."""

from __future__ import annotations

from dashboard.session.own_photos import Browsers, OwnPhotos, new_token
from dashboard.session.photo import Photo


def photo(size_bytes: int) -> Photo:
    return Photo(
        key=f"upload-{size_bytes}",
        title="mine",
        path="mine",
        read=lambda: b"",
        stamp=lambda: size_bytes,
        size_bytes=size_bytes,
    )


def add(photos: OwnPhotos, size_bytes: int) -> None:
    one = photo(size_bytes)
    photos.uploads[one.key] = one


def test_a_browser_finds_its_photos_and_no_others():
    browsers = Browsers()
    add(browsers.photos("a"), 10)
    assert list(browsers.photos("a").uploads) == ["upload-10"]
    assert not browsers.photos("b").uploads
    assert new_token() != new_token()


def test_the_browser_unused_longest_makes_room():
    browsers = Browsers(most=2)
    for token in ("a", "b"):
        add(browsers.photos(token), 10)
    browsers.photos("a")
    browsers.photos("c")
    assert browsers.photos("a").uploads
    assert not browsers.photos("b").uploads


def test_too_many_bytes_make_room_but_never_of_the_browser_that_asks():
    browsers = Browsers(most_bytes=100)
    add(browsers.photos("a"), 60)
    add(browsers.photos("b"), 101)
    assert browsers.photos("b").uploads
    assert not browsers.photos("a").uploads
