"""A JPEG that a failing disk has written zeros into is found; what an encoder wrote never is."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cnn_core.datasets.scan.inspection import inspect
from cnn_core.datasets.scan.zeroed_jpeg import ZEROS, has_zeroed_stretch
from cnn_core.images.decode import decode_image


def encoded(pixels: NDArray[np.uint8], **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", **options)
    return file.getvalue()


def noisy(side_px: int = 320) -> NDArray[np.uint8]:
    rng = np.random.default_rng(0)
    return rng.normal(128, 20, (side_px, side_px, 3)).clip(0, 255).astype(np.uint8)


def overwritten(content: bytes, start: int, count: int) -> bytes:
    return content[:start] + bytes(count) + content[start + count :]


@pytest.mark.parametrize("count", [512, 4096])
@pytest.mark.parametrize("options", [{}, {"restart_marker_rows": 1}, {"subsampling": 0}])
def test_a_block_of_zeros_within_a_photo_is_found(
    tmp_path: Path, count: int, options: dict[str, int]
) -> None:
    content = encoded(noisy(), quality=90, **options)
    assert not has_zeroed_stretch(content)
    damaged = overwritten(content, 8192, count)
    decode_image(damaged)  # no decoder complains
    path = tmp_path / "a.jpg"
    path.write_bytes(damaged)
    look = inspect(path)
    assert (look.kind, look.size_px) == ("damaged", (320, 320))
    assert "overwritten with zeros" in look.detail


def test_a_grey_photo_is_looked_at_too(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(overwritten(encoded(noisy()[..., 0], quality=90), 8192, 4096))
    assert inspect(path, keep_non_rgb=True).kind == "damaged"


@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("quality", [10, 75, 95])
def test_even_pictures_are_full_of_zeros_and_sound(quality: int, progressive: bool, optimize: bool) -> None:
    """An optimized table makes zeros of a white ground; here are bars, a ramp and a spot on white too."""
    white = np.full((1200, 1600, 3), 255, np.uint8)
    spot, ramp, bars = white.copy(), white.copy(), white.copy()
    spot[500:560, 700:760] = (200, 30, 30)
    ramp[:] = np.linspace(0, 255, 1600).astype(np.uint8)[:, None]
    bars[::16] = 0
    for pixels in (white, spot, ramp, bars):
        options = {"quality": quality, "optimize": optimize, "progressive": progressive}
        assert not has_zeroed_stretch(encoded(pixels, **options))


def test_an_optimized_white_picture_does_hold_such_zeros() -> None:
    """Or the test above would show nothing."""
    assert ZEROS in encoded(np.full((1200, 1600, 3), 255, np.uint8), optimize=True)


def test_zeros_outside_the_picture_data_do_no_harm() -> None:
    content = encoded(noisy(), quality=90)
    note = b"\xff\xe1" + (4002).to_bytes(2) + bytes(4000)
    assert not has_zeroed_stretch(content[:2] + note + content[2:])
    assert not has_zeroed_stretch(content + bytes(4096))
    assert not has_zeroed_stretch(content[:-2] + bytes(4096) + content[-2:])


@pytest.mark.parametrize("start", [0, 2, 20, 160, 400])
def test_damaged_headers_are_no_error(start: int) -> None:
    content = overwritten(encoded(noisy(), quality=90), 8192, 4096)
    for byte in (0x00, 0xFF):
        for length in (1, 8, 200):
            has_zeroed_stretch(content[:start] + bytes([byte]) * length + content[start + length :])
            has_zeroed_stretch(content[: start + length] + bytes(600))


@pytest.mark.needs_data
def test_no_real_photo_is_suspected_and_every_one_with_a_zeroed_block_is(data_folder: Path) -> None:
    paths = sorted((data_folder / "cats_and_dogs_filtered").rglob("*.jpg"))
    damaged = 0
    for number, path in enumerate(paths):
        content = path.read_bytes()
        assert not has_zeroed_stretch(content), path
        if number % 10 == 0 and len(content) > 3 * 4096:
            assert has_zeroed_stretch(overwritten(content, 4096, 4096)), path
            damaged += 1
    assert len(paths) == 3000
    assert damaged > 100
