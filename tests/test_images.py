"""Any file becomes either the right pixels or one clear sentence."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import textwrap
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bad_images import (
    GOOD,
    REFUSED,
    PictureFile,
    corners,
    encoded,
    photo,
    png_with,
    truncated,
)
from PIL import Image, ImageFile

from cnn_core.errors import ImageError
from cnn_core.images import (
    MAX_FILE_BYTES,
    Preprocessing,
    array_fingerprint,
    decode_image,
    model_pixels,
    resize_pixels,
    rgb_image,
)
from cnn_core.pixel_modes import KEPT_PIXELS
from cnn_core.training.pipeline import _square


def title(file: PictureFile) -> str:
    return file.title


class TestRefusing:
    @pytest.mark.parametrize("file", REFUSED, ids=title)
    def test_a_bad_file_gets_one_clear_sentence(self, file: PictureFile) -> None:
        with pytest.raises(ImageError) as raised:
            decode_image(file.make())
        message = str(raised.value)
        assert file.says in message
        assert message.startswith("Expected ")
        assert "Received" in message
        assert message.endswith((".", "!"))
        assert "\n" not in message
        assert raised.value.__cause__ is None

    @pytest.mark.parametrize("file", REFUSED, ids=title)
    def test_it_is_refused_at_once(self, file: PictureFile) -> None:
        content = file.make()
        started = time.process_time()
        with pytest.raises(ImageError):
            decode_image(content)
        assert time.process_time() - started < 0.5

    def test_huge_pictures_take_no_memory(self) -> None:
        code = """
            files = [file.make() for file in bad_images.REFUSED if file.says == bad_images.PIXELS]
            before = peak_bytes()
            for content in files:
                with contextlib.suppress(ImageError):
                    decode_image(content)
            print(peak_bytes() - before)
        """
        assert peak_growth(code) < 20 * 2**20

    def test_a_whole_frame_that_is_cut_anywhere_is_refused(self) -> None:
        content = photo("JPEG")
        for fraction in np.linspace(0.02, 0.97, 20):
            with pytest.raises(ImageError):
                decode_image(truncated(content, fraction))

    def test_truncated_files_are_never_allowed_globally(self) -> None:
        assert ImageFile.LOAD_TRUNCATED_IMAGES is False

    def test_the_size_limit_is_checked_before_the_content(self) -> None:
        with pytest.raises(ImageError, match=r"Received 20.0 MB"):
            decode_image(bytes(MAX_FILE_BYTES + 1))

    def test_only_scans_of_the_picture_itself_count(self) -> None:
        markers = b"\xff\xda" * 500
        comment = b"\xff\xfe" + (len(markers) + 2).to_bytes(2, "big") + markers
        content = encoded(corners(), "JPEG", progressive=True)
        assert 5 < content.count(b"\xff\xda") < 20
        decode_image(content[:2] + comment + content[2:] + markers)  # before and after the pixels

    def test_random_damage_never_escapes_as_another_error(self) -> None:
        rng = np.random.default_rng(0)
        for file_format in ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"):
            content = np.frombuffer(encoded(corners(), file_format), np.uint8)
            for _ in range(60):
                damaged = content.copy()
                places = rng.integers(0, len(content), 4)
                damaged[places] = rng.integers(0, 256, 4)
                open_or_refuse(damaged.tobytes())


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


class TestFingerprint:
    def test_the_same_pixels_have_the_same_fingerprint_in_any_file(self) -> None:
        bitmap = encoded(corners(), "BMP")
        assert decode_image(bitmap).fingerprint == decode_image(png_with()).fingerprint

    def test_shape_and_dtype_belong_to_the_fingerprint(self) -> None:
        flat = np.zeros(4, np.uint8)
        others = [flat, flat.reshape(2, 2), flat.reshape(4, 1), flat.view(np.int8), flat.view(np.uint16)]
        assert len({array_fingerprint(array) for array in others}) == len(others)

    def test_it_is_sha256_of_what_it_says(self) -> None:
        assert (
            array_fingerprint(np.arange(3, dtype=np.uint8)) == hashlib.sha256(b"|u1 (3,) \0\1\2").hexdigest()
        )

    def test_memory_order_makes_no_difference(self) -> None:
        square = np.arange(9, dtype=np.uint8).reshape(3, 3)
        assert array_fingerprint(np.asfortranarray(square)) == array_fingerprint(square)

    def test_wrapping_copies_the_pixels(self) -> None:
        mine = corners()
        image = rgb_image(mine)
        mine[:] = 0
        assert image.pixels.max() == 255


class TestPreprocessing:
    ALL = (
        Preprocessing(),
        Preprocessing(scale=(1 / 127.5,), offset=(-1.0,)),
        Preprocessing(scale=(1 / 58.4, 1 / 57.1, 1 / 57.4), offset=(-2.12, -2.04, -1.8)),
        Preprocessing(scale=(1.0,), offset=(-103.939, -116.779, -123.68), channel_order="bgr"),
    )

    @pytest.mark.parametrize("preprocessing", ALL)
    def test_inverting_gives_back_every_pixel_value(self, preprocessing: Preprocessing) -> None:
        pixels = np.stack(np.broadcast_arrays(np.arange(256), 255 - np.arange(256), 7), -1).astype(np.uint8)[
            None
        ]
        inputs = preprocessing.apply(pixels)
        assert inputs.dtype == np.float32
        assert inputs.shape == pixels.shape
        np.testing.assert_array_equal(preprocessing.invert(inputs), pixels)

    @pytest.mark.parametrize("preprocessing", ALL)
    def test_bounds_are_black_and_white(self, preprocessing: Preprocessing) -> None:
        black, white = preprocessing.bounds()
        ends = preprocessing.apply(np.uint8([[[0] * 3], [[255] * 3]]))
        np.testing.assert_array_equal(ends[0, 0], np.broadcast_to(black, 3))
        np.testing.assert_allclose(ends[1, 0], np.broadcast_to(white, 3), rtol=1e-6)

    def test_values_are_scaled_then_shifted(self) -> None:
        prepared = Preprocessing(scale=(2.0,), offset=(1.0,)).apply(np.uint8([[[1, 2, 3]]]))
        assert prepared.tolist() == [[[3, 5, 7]]]

    def test_caffes_order_puts_blue_first_and_subtracts_blues_mean_from_it(self) -> None:
        prepared = Preprocessing(scale=(1.0,), offset=(-1.0, -2.0, -3.0), channel_order="bgr")
        assert prepared.apply(np.uint8([[[10, 20, 30]]])).tolist() == [[[29, 18, 7]]]

    def test_inverting_clips_what_no_pixel_can_show(self) -> None:
        assert Preprocessing().invert(np.float32([-1, 0.6, 9])).tolist() == [0, 153, 255]


class TestResizing:
    @pytest.mark.parametrize("factor", [2, 4, 3])
    def test_pixel_centres_lie_at_halves(self, factor: int) -> None:
        """A point stays where it is: its centre of mass scales about the corner, not about a pixel."""
        small = np.zeros((12, 12), np.uint8)
        small[5, 3] = 255
        large = resize_pixels(small, (12 * factor, 12 * factor)).astype(float)
        centre = centroid(large)
        np.testing.assert_allclose(centre, [(5 + 0.5) * factor, (3 + 0.5) * factor], atol=1e-6)

    def test_shrinking_keeps_a_point_where_it_is(self) -> None:
        large = np.zeros((64, 64), np.uint8)
        large[20:24, 40:44] = 255  # one pixel of the small picture
        small = resize_pixels(large, (16, 16)).astype(float)
        np.testing.assert_allclose(centroid(small), [5.5, 10.5], atol=0.02)

    def test_shrinking_averages_fine_patterns_instead_of_picking_pixels(self) -> None:
        stripes = np.zeros((120, 120, 3), np.uint8)
        stripes[:, ::2] = 255
        small = resize_pixels(stripes, (30, 30))
        assert (small[:, 1:-1] == 128).all()

    def test_the_right_size_is_returned_unchanged(self) -> None:
        pixels = corners()
        assert resize_pixels(pixels, pixels.shape[:2]) is pixels

    def test_sides_are_height_then_width(self) -> None:
        assert resize_pixels(corners(), (10, 20)).shape == (10, 20, 3)

    def test_grey_uses_the_weights_of_the_eye(self) -> None:
        grey = model_pixels(np.uint8([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]]), (1, 3), 1)
        assert grey[..., 0].tolist() == [[76, 150, 29]]

    def test_a_fourth_channel_is_full_alpha(self) -> None:
        pixels = model_pixels(corners(), (8, 8), 4)
        assert pixels.shape == (8, 8, 4)
        assert (pixels[..., 3] == 255).all()

    def test_three_channels_are_the_resized_picture(self) -> None:
        np.testing.assert_array_equal(model_pixels(corners(), (32, 48), 3), corners())

    def test_another_number_of_channels_is_refused(self) -> None:
        with pytest.raises(ImageError, match=r"1, 3 or 4 input channels. Received: 2"):
            model_pixels(corners(), (8, 8), 2)

    def test_a_training_picture_is_what_the_dashboard_shows_the_network(self, tmp_path: Path) -> None:
        path = tmp_path / "photo.jpg"
        path.write_bytes(photo("JPEG"))
        seen = model_pixels(decode_image(path.read_bytes()).pixels, (72, 72), 3)
        np.testing.assert_array_equal(_square(path, 72), seen)


def centroid(mass: np.ndarray[Any, Any]) -> list[float]:
    """Centre of mass (row, column) with pixel centres at halves."""
    rows, columns = (np.arange(size) + 0.5 for size in mass.shape)
    return [float(mass.sum(1) @ rows / mass.sum()), float(mass.sum(0) @ columns / mass.sum())]


def open_or_refuse(content: bytes) -> None:
    try:
        decode_image(content)
    except ImageError:
        return


PREAMBLE = """
import contextlib, resource, sys
sys.path[:0] = sys.argv[1:]
import bad_images
from cnn_core.errors import ImageError
from cnn_core.images import decode_image

def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
"""


def peak_growth(code: str) -> int:
    """The bytes that ``code`` prints in a fresh process, whose peak no other test has raised."""
    root = Path(__file__).parents[1]
    command = [sys.executable, "-c", PREAMBLE + textwrap.dedent(code), str(root), str(root / "tests")]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
