"""Every kind of picture opens with the right colours in the right places."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
import pytest
from bad_images import (
    GOOD,
    PictureFile,
    corners,
    encoded,
    png_with,
)
from peak_memory import peak_growth
from PIL import Image

from cnn_core.images.decode import decode_image
from cnn_core.images.pixel_modes import KEPT_PIXELS


def title(file: PictureFile) -> str:
    return file.title


class TestOpening:
    @pytest.mark.parametrize("file", GOOD, ids=title)
    @pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # Pillow reports damaged EXIF
    def test_an_odd_file_opens_with_the_right_colours_in_the_right_places(self, file: PictureFile) -> None:
        pixels = decode_image(file.make()).pixels
        expected = corners(file.corners)
        assert pixels.shape == expected.shape
        assert pixels.dtype == np.uint8
        height, width, _ = expected.shape
        for row in (height // 4, 3 * height // 4):
            for column in (width // 4, 3 * width // 4):
                difference = np.abs(pixels[row, column].astype(int) - expected[row, column])
                assert difference.max() <= file.tolerance, (row, column, pixels[row, column])

    @pytest.mark.parametrize(
        "file", [file for file in GOOD if file.tolerance == 0 and "NaN" not in file.title], ids=title
    )
    def test_a_lossless_file_opens_to_the_bit(self, file: PictureFile) -> None:
        np.testing.assert_array_equal(decode_image(file.make()).pixels, corners(file.corners))

    def test_not_a_number_is_black_and_infinity_white(self) -> None:
        (file,) = (file for file in GOOD if "NaN" in file.title)
        pixels = decode_image(file.make()).pixels
        assert pixels[5, 5].tolist() == [0, 0, 0]
        assert pixels[5, 6].tolist() == [255, 255, 255]

    def test_adobes_inverted_cmyk_is_really_what_is_tested(self) -> None:
        (file,) = (file for file in GOOD if "Adobe" in file.title)
        assert b"Adobe" in file.make()
        with Image.open(io.BytesIO(file.make())) as picture:
            assert picture.mode == "CMYK"

    def test_half_transparent_pixels_are_laid_on_white(self) -> None:
        pixels = np.zeros((8, 8, 4), np.uint8)
        pixels[..., 0], pixels[..., 3] = 200, 51  # a fifth of the way from white to dark red
        opened = decode_image(encoded(pixels, "PNG")).pixels
        np.testing.assert_array_equal(opened, np.broadcast_to([244, 204, 204], (8, 8, 3)))

    def test_a_smooth_16_bit_ramp_keeps_its_upper_byte(self) -> None:
        ramp = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
        opened = decode_image(encoded(ramp, "PNG")).pixels
        np.testing.assert_array_equal(opened[..., 0], ramp >> 8)
        np.testing.assert_array_equal(opened[..., 0], opened[..., 2])

    @pytest.mark.parametrize(
        ("largest", "white", "note"),
        [
            (255, 255, "0 to 255"),
            (1000, 1023, "1,023"),
            (4095, 4095, "4,095"),
            (16384, 65535, ""),
            (0, 255, "255"),
        ],
    )
    @pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
    def test_fewer_bits_in_16_are_stretched_to_their_range_and_that_is_said(
        self, file_format: str, largest: int, white: int, note: str
    ) -> None:
        values = np.full((16, 16), largest, np.uint16)
        values[:8] //= 2
        image = decode_image(encoded(values, file_format))
        expected = np.rint(values / white * 255) if note else values >> 8
        np.testing.assert_array_equal(image.pixels[..., 0], expected)
        assert note in image.note
        assert bool(image.note) is bool(note)

    def test_heights_of_a_landscape_are_stretched_and_a_plain_picture_needs_no_word(self) -> None:
        heights = np.linspace(430, 1170, 256, dtype=np.float32).reshape(16, 16)
        image = decode_image(encoded(heights, "TIFF"))
        assert (image.pixels.min(), image.pixels.max()) == (0, 255)
        assert "430 to 1,170" in image.note
        assert decode_image(png_with()).note == ""

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ([0.0, 1.0], [0, 255]),
            ([0.0, 0.2], [0, 51]),
            ([0.0, 255.0], [0, 255]),
            ([10.0, 20.0], [10, 20]),
            ([-1.0, 1.0], [0, 255]),
            ([-3e38, 3e38], [0, 255]),
            ([7e9, 7e9], [0, 0]),
            ([np.nan, np.nan], [0, 0]),
            ([-np.inf, 1.0], [0, 255]),
        ],
    )
    def test_floats_keep_a_natural_range_or_are_stretched(
        self, values: list[float], expected: list[int]
    ) -> None:
        columns = np.repeat(np.float32([values]), 8, 0).repeat(4, 1)
        opened = decode_image(encoded(columns, "TIFF")).pixels
        assert opened[0, [0, -1], 0].tolist() == expected

    def test_the_picture_is_read_only(self) -> None:
        with pytest.raises(ValueError, match="read-only"):
            decode_image(png_with()).pixels[0, 0, 0] = 1

    def test_opening_warns_of_nothing_and_changes_no_filter(self) -> None:
        before = list(warnings.filters)
        decode_image(png_with())
        assert list(warnings.filters) == before


class TestLargePhotos:
    def large(self) -> np.ndarray[Any, Any]:
        """18 megapixels: grey with a dark first row, whose last column has no partner."""
        pixels = np.full((3600, 5001), 100, np.uint8)
        pixels[0] = 0
        return pixels

    def test_more_pixels_than_a_screen_shows_are_averaged(self) -> None:
        pixels = decode_image(encoded(self.large(), "PNG", compress_level=1)).pixels
        assert pixels.shape == (1800, 2501, 3)
        assert pixels.shape[0] * pixels.shape[1] <= KEPT_PIXELS
        assert pixels[0, 0].tolist() == [50, 50, 50]
        assert (pixels[1:] == 100).all()

    def test_a_jpeg_is_averaged_while_decoding(self) -> None:
        pixels = decode_image(encoded(self.large(), "JPEG", quality=95)).pixels
        assert pixels.shape == (1800, 2501, 3)
        assert abs(int(pixels[0, 0, 0]) - 50) <= 8
        assert (np.abs(pixels[8:].astype(int) - 100) <= 1).all()

    def test_the_largest_allowed_picture_stays_below_500_mb(self) -> None:
        code = """
            content = bad_images.transparent_png(8000)
            before = peak_bytes()
            pixels = decode_image(content).pixels
            after = peak_bytes()
            assert pixels.shape == (2667, 2667, 3) and (pixels == 255).all()
            print(after - before)
        """
        assert peak_growth(code) < 500 * 2**20
