"""Any file becomes either the right pixels or one clear sentence."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bad_images import (
    DAMAGED,
    REFUSED,
    PictureFile,
    corners,
    encoded,
    photo,
    png_with,
    truncated,
)
from peak_memory import peak_growth
from PIL import ImageFile

from cnn_core.errors import ImageError
from cnn_core.images import decode as images
from cnn_core.images.decode import (
    MAX_FILE_BYTES,
    array_fingerprint,
    decode_image,
    model_pixels,
    resize_pixels,
    rgb_image,
)
from cnn_core.images.preprocessing import Preprocessing
from cnn_core.training.input.pixel_cache import _square


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

    @pytest.mark.parametrize(
        "file", [file for file in REFUSED if file.says != DAMAGED or "bomb" in file.title], ids=title
    )
    def test_what_is_not_a_fitting_picture_is_refused_before_a_pixel_is_decoded(
        self, file: PictureFile, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(images, "upright_rgb", lambda _: pytest.fail("decoded"))
        with pytest.raises(ImageError):
            decode_image(file.make())

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


@pytest.mark.parametrize(("shape", "kept"), [((4, 8), slice(2, 6)), ((4, 5), slice(0, 4))])
def test_the_middle_of_a_wide_picture_is_cut_out(shape: tuple[int, int], kept: slice) -> None:
    pixels = np.broadcast_to(np.arange(shape[1], dtype=np.uint8)[None, :, None], (*shape, 3))
    cut = model_pixels(pixels, (4, 4), 3, "crop")
    np.testing.assert_array_equal(cut[0, :, 0], np.arange(shape[1])[kept])
    assert model_pixels(pixels, (4, 4), 3).shape == (4, 4, 3)
