"""Every file that training could stumble over is found, whatever its name says."""

from __future__ import annotations

import io
from pathlib import Path

import bad_images
import numpy as np
import pytest
from photo_folders import photo, save
from PIL import Image

from cnn_core.datasets.scan.inspection import inspect
from cnn_core.errors import ImageError
from cnn_core.images.decode import MAX_FILE_BYTES, decode_image


def test_a_good_photo_has_nothing_against_it(tmp_path: Path) -> None:
    look = inspect(save(tmp_path / "a.jpg", photo(1, 300, 200)))
    assert look.kind is None
    assert look.detail == ""
    assert look.size_px == (300, 200)
    assert look.thumbnail is not None
    assert look.thumbnail.shape == (32, 32)
    assert look.thumbnail.dtype == np.uint8


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp", ".gif", ".tif"])
@pytest.mark.parametrize("part", [0.3, 0.95])
def test_a_cut_off_file_is_found_in_every_format(tmp_path: Path, suffix: str, part: float) -> None:
    path = save(tmp_path / f"a{suffix}", photo(1, 120, 80))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    look = inspect(path, keep_non_rgb=True)
    assert look.kind == ("unreadable" if suffix == ".tif" else "truncated")
    assert look.thumbnail is None


@pytest.mark.parametrize("lost_bytes", [64, 200, 2000])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_lacks_its_last_rows_is_found(tmp_path: Path, lost_bytes: int, progressive: bool) -> None:
    path = save(tmp_path / "a.jpg", photo(2, 800, 600), quality=95, progressive=progressive)
    path.write_bytes(path.read_bytes()[:-lost_bytes])
    assert inspect(path).kind == "truncated"


def test_a_file_that_has_gone_is_unreadable(tmp_path: Path) -> None:
    look = inspect(tmp_path / "gone.jpg")
    assert look.kind == "unreadable"
    assert "No such file" in look.detail


@pytest.mark.parametrize(
    "trouble", [OSError(24, "Too many open files"), PermissionError(13, "No"), MemoryError()]
)
def test_what_the_computer_could_not_do_may_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    path = save(tmp_path / "a.jpg", photo(1))

    def troubled(*_: object, **__: object) -> None:
        raise trouble

    monkeypatch.setattr(Path, "open", troubled)
    look = inspect(path)
    assert (look.kind, look.transient) == ("unreadable", True)
    assert look.detail.startswith("The file cannot be read: ")


@pytest.mark.parametrize("trouble", [MemoryError(), OSError("out of memory error when reading image file")])
def test_a_sound_photo_that_memory_does_not_suffice_for_may_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    path = save(tmp_path / "a.png", photo(1))

    def troubled(*_: object, **__: object) -> None:
        raise trouble

    monkeypatch.setattr("cnn_core.images.decode.upright_rgb", troubled)
    look = inspect(path)
    assert (look.kind, look.transient) == ("unreadable", True)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "truncated"),
        (b"<html>404</html>", "unreadable"),
        (bytes(5000), "unreadable"),
        (b"GIF89a", "truncated"),
        (b"\xff\xd8\xff\xd9", "unreadable"),
    ],
)
def test_what_is_no_picture_stays_one_that_cannot_be_read(tmp_path: Path, content: bytes, kind: str) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    look = inspect(tmp_path / "a.jpg")
    assert look.kind == kind
    assert look.detail.endswith(".")
    assert not look.transient


def test_a_file_too_large_for_training_is_found(tmp_path: Path) -> None:
    path = save(tmp_path / "a.jpg", photo(1))
    with path.open("ab") as file:
        file.truncate(MAX_FILE_BYTES + 10)
    assert inspect(path).kind == "unreadable"


@pytest.mark.parametrize(("width", "height"), [(15, 100), (100, 15), (5, 5), (1, 1), (8, 300)])
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_side_below_16_px_is_tiny(tmp_path: Path, width: int, height: int, suffix: str) -> None:
    look = inspect(save(tmp_path / f"a{suffix}", photo(1, width, height)))
    assert look.kind == "tiny"
    assert look.size_px == (width, height)
    assert f"{width} x {height} pixels" in look.detail


def test_16_px_are_enough(tmp_path: Path) -> None:
    assert inspect(save(tmp_path / "a.jpg", photo(1, 16, 16))).kind is None


@pytest.mark.parametrize(
    ("mode", "suffix", "words"),
    [
        ("1", ".png", "black and white"),
        ("L", ".jpg", "grey"),
        ("P", ".png", "palette"),
        ("CMYK", ".jpg", "CMYK"),
        ("CMYK", ".tif", "CMYK"),
        ("I;16", ".png", "grey with 16 bits"),
        ("I;16", ".tif", "grey with 16 bits"),
        ("I", ".tif", "grey with 32 bits"),
        ("LA", ".png", "grey with transparency"),
        ("RGBA", ".png", "RGB with transparency"),
    ],
)
def test_what_is_no_plain_rgb_is_named_unless_it_is_wanted(
    tmp_path: Path, mode: str, suffix: str, words: str
) -> None:
    picture = Image.fromarray(photo(1))
    picture = picture.convert("L").convert(mode) if mode.startswith("I") else picture.convert(mode)
    path = save(tmp_path / f"a{suffix}", picture)
    look = inspect(path)
    assert (look.kind, look.detail) == ("non_rgb", f"The picture is no plain RGB: {words}.")
    kept = inspect(path, keep_non_rgb=True)
    assert kept.kind is None
    assert kept.thumbnail is not None


def test_a_transparent_colour_makes_a_png_non_rgb(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", photo(1), transparency=(1, 2, 3))
    assert inspect(path).kind == "non_rgb"


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_sizes_are_those_seen_upright(tmp_path: Path, suffix: str) -> None:
    picture = Image.fromarray(photo(1, 90, 50))
    exif = Image.Exif()
    exif[0x0112] = 6
    look = inspect(save(tmp_path / f"a{suffix}", picture, exif=exif))
    assert look.size_px == (50, 90)
    assert look.kind is None


def test_a_jpeg_and_the_same_pixels_as_png_look_alike(tmp_path: Path) -> None:
    """The quick way for a JPEG and the whole way give the same thumbnail."""
    jpeg = save(tmp_path / "a.jpg", photo(3, 907, 611), quality=92)
    png = save(tmp_path / "a.png", decode_image(jpeg.read_bytes()).pixels)
    quick, whole = inspect(jpeg).thumbnail, inspect(png).thumbnail
    assert quick is not None
    assert whole is not None
    difference = quick.astype(float) - whole.astype(float)
    assert np.sqrt((difference**2).mean()) < 1
    assert whole.std() > 20


@pytest.mark.parametrize("shown", ["quick", "whole"])
def test_thumbnails_stand_upright_as_training_sees_them(tmp_path: Path, shown: str) -> None:
    pixels = np.zeros((100, 160, 3), np.uint8)
    pixels[:, 80:] = 200
    exif = Image.Exif()
    exif[0x0112] = 1 if shown == "quick" else 3
    path = save(tmp_path / "a.jpg", pixels if shown == "quick" else pixels[::-1, ::-1], exif=exif)
    thumbnail = inspect(path).thumbnail
    assert thumbnail is not None
    assert thumbnail[:, :14].max() < 20
    assert thumbnail[:, 18:].min() > 180


def test_a_jpeg_made_to_keep_the_computer_busy_is_found(tmp_path: Path) -> None:
    path = save(tmp_path / "a.jpg", photo(1, 64, 64), progressive=True)
    content = path.read_bytes()
    start = content.rindex(b"\xff\xda")
    scan = content[start:-2]
    path.write_bytes(content[:-2] + scan * 60 + content[-2:])
    with pytest.raises(ImageError, match="busy"):
        decode_image(path.read_bytes())
    assert inspect(path).kind == "unreadable"


def test_flat_pictures_are_told_apart_by_all_their_pixels(tmp_path: Path) -> None:
    def key(name: str, colour: tuple[int, int, int], size: int = 50) -> bytes:
        look = inspect(save(tmp_path / name, np.full((size, size, 3), colour, np.uint8)))
        assert look.kind is None
        return look.content_key

    black = key("a.png", (0, 0, 0))
    assert key("b.bmp", (0, 0, 0)) == black
    assert key("c.png", (1, 0, 0)) != black
    assert key("d.png", (0, 0, 0), 60) != black


def sample_files() -> list[bad_images.PictureFile]:
    return [
        value
        for group in vars(bad_images).values()
        if isinstance(group, (tuple, list))
        for value in group
        if isinstance(value, bad_images.PictureFile)
    ]


@pytest.mark.parametrize("file", sample_files(), ids=lambda file: file.title)
def test_the_scan_refuses_exactly_what_training_would_refuse(
    tmp_path: Path, file: bad_images.PictureFile
) -> None:
    content = file.make()
    path = tmp_path / Path(file.name).name
    path.write_bytes(content)
    try:
        decode_image(content)
        usable = True
    except ImageError:
        usable = False
    found = inspect(path, keep_non_rgb=True)
    assert usable or found.kind in ("unreadable", "truncated", "tiny")
    assert not usable or found.kind in (None, "tiny")


def test_no_length_of_a_cut_jpeg_slips_through_that_training_refuses(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.fromarray(photo(4, 120, 90)).save(file, "JPEG", quality=80)
    content, path = file.getvalue(), tmp_path / "a.jpg"
    for length in range(0, len(content), 97):
        path.write_bytes(content[:length])
        try:
            decode_image(content[:length])
            usable = True
        except ImageError:
            usable = False
        assert (inspect(path).kind is None) == usable
