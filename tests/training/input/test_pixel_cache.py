"""Decoded pictures kept on disk: written once, read by many, never half, within the room there is."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numbered_batches import batching
from PIL import Image

from cnn_core.datasets.folders import LabelledFiles, labelled_files
from cnn_core.errors import ImageError
from cnn_core.images.decode import decode_image, resize_pixels
from cnn_core.images.preprocessing import Preprocessing
from cnn_core.progress import Progress
from cnn_core.training.input import pixel_cache as pixel_cache_module
from cnn_core.training.input.pipeline import training_batches
from cnn_core.training.input.pixel_cache import pixel_cache


@pytest.fixture
def photos(tmp_path: Path) -> LabelledFiles:
    """Three cats and three dogs of noise, in different sizes."""
    rng = np.random.default_rng(0)
    for name in ("cats", "dogs"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(3):
            pixels = rng.integers(0, 256, (20 + number, 30, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{number}.png")
    return labelled_files([tmp_path / "photos"])


class TestPixelCache:
    @pytest.mark.parametrize("claims", [True, False], ids=["room claimed first", "where the system cannot"])
    def test_pictures_are_those_of_decoding_and_resizing_in_order_read_only_and_progress_goes_up_to_all(
        self, photos: LabelledFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, claims: bool
    ) -> None:
        if not claims:
            monkeypatch.delattr(os, "posix_fallocate")
        monkeypatch.setattr(pixel_cache_module, "DECODED_AT_ONCE", 4)
        told: list[float] = []
        pixels = pixel_cache(
            photos, 16, tmp_path / "cache", Progress(tell=lambda share, _: told.append(share))
        )
        assert told == pytest.approx([4 / 6, 1])
        assert pixels.shape == (6, 16, 16, 3)
        for row, path in zip(pixels, photos.paths, strict=True):
            expected = resize_pixels(decode_image(path.read_bytes()).pixels, (16, 16))
            np.testing.assert_array_equal(row, expected)
        with pytest.raises(ValueError, match="read-only"):
            pixels[0] = 0

    def test_a_second_run_decodes_nothing(
        self, photos: LabelledFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = pixel_cache(photos, 16, tmp_path / "cache")
        monkeypatch.setattr(pixel_cache_module, "decode_image", lambda _: 1 / 0)
        np.testing.assert_array_equal(pixel_cache(photos, 16, tmp_path / "cache"), first)

    def test_another_size_or_set_has_its_own_file(self, photos: LabelledFiles, tmp_path: Path) -> None:
        pixel_cache(photos, 16, tmp_path / "cache")
        pixel_cache(photos, 24, tmp_path / "cache")
        fewer = LabelledFiles(photos.classes, photos.paths[:4], photos.labels[:4])
        assert pixel_cache(fewer, 16, tmp_path / "cache").shape[0] == 4
        assert len(list((tmp_path / "cache").iterdir())) == 3

    def test_another_set_of_the_same_names_and_sizes_has_its_own_pixels(self, tmp_path: Path) -> None:
        """Bitmaps are all of the same size, whatever they show."""
        sets = []
        for place, grey in (("first", 10), ("second", 200)):
            for name in ("cats", "dogs"):
                (tmp_path / place / name).mkdir(parents=True)
                Image.new("RGB", (20, 20), (grey,) * 3).save(tmp_path / place / name / "0.bmp")
            sets.append(labelled_files([tmp_path / place]))
        assert sets[0].fingerprint() == sets[1].fingerprint()
        seen = [int(pixel_cache(files, 16, tmp_path / "cache")[0, 0, 0, 0]) for files in sets]
        assert seen == [10, 200]

    def test_a_picture_that_was_edited_is_decoded_anew(self, photos: LabelledFiles, tmp_path: Path) -> None:
        path = photos.paths[0]
        pixels = np.full((20, 30, 3), 10, np.uint8)
        Image.fromarray(pixels).save(path, format="bmp")
        assert pixel_cache(photos, 16, tmp_path / "cache")[0].max() == 10
        Image.fromarray(20 * pixels).save(path, format="bmp")
        os.utime(path, ns=(1, path.stat().st_mtime_ns + 1))
        assert pixel_cache(photos, 16, tmp_path / "cache")[0].min() == 200

    @pytest.mark.parametrize("damage", ["empty", "cut off", "no array", "of another size"])
    def test_a_damaged_file_is_decoded_once_more(
        self, photos: LabelledFiles, tmp_path: Path, damage: str
    ) -> None:
        expected = np.array(pixel_cache(photos, 16, tmp_path / "cache"))
        (path,) = (tmp_path / "cache").iterdir()
        whole = path.read_bytes()
        path.unlink()  # the map above stays whole
        if damage == "of another size":
            np.save(path, expected[:, :8])
        else:
            path.write_bytes({"empty": b"", "cut off": whole[:500], "no array": b"0" * len(whole)}[damage])
        np.testing.assert_array_equal(pixel_cache(photos, 16, tmp_path / "cache"), expected)
        assert path.read_bytes() == whole

    def test_a_cache_that_cannot_be_written_can_still_be_read(
        self, photos: LabelledFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        expected = np.array(pixel_cache(photos, 16, tmp_path / "cache"))

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(errno.EROFS, os.strerror(errno.EROFS))

        monkeypatch.setattr(os, "utime", refuse)
        monkeypatch.setattr(Path, "touch", refuse)
        np.testing.assert_array_equal(pixel_cache(photos, 16, tmp_path / "cache"), expected)

    def test_a_file_that_another_run_drops_just_now_comes_not_back_empty(
        self, photos: LabelledFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pixel_cache(photos, 16, tmp_path / "cache")
        open_map = np.lib.format.open_memmap

        def dropped(path: Path, mode: str) -> object:
            found = open_map(path, mode=mode)
            path.unlink()
            return found

        monkeypatch.setattr(np.lib.format, "open_memmap", dropped)
        assert pixel_cache(photos, 16, tmp_path / "cache").shape == (6, 16, 16, 3)
        assert list((tmp_path / "cache").iterdir()) == []

    def test_a_bad_picture_one_that_has_gone_or_a_stop_leaves_no_file(
        self, photos: LabelledFiles, tmp_path: Path
    ) -> None:
        def stop(*_: object) -> None:
            raise KeyboardInterrupt

        cache = tmp_path / "cache"
        with pytest.raises(KeyboardInterrupt):
            pixel_cache(photos, 16, cache, Progress(tell=stop))
        assert list(cache.iterdir()) == []
        photos.paths[3].write_bytes(b"not a picture")
        with pytest.raises(ImageError, match=r"dogs/0\.png: Expected a JPEG"):
            pixel_cache(photos, 16, cache)
        photos.paths[2].unlink()
        with pytest.raises(FileNotFoundError, match=r"2\.png"):
            pixel_cache(photos, 16, cache)
        assert list(cache.iterdir()) == []

    @pytest.mark.parametrize("error", [errno.ENOSPC, errno.EFBIG])
    def test_a_full_disk_is_found_before_decoding_and_nothing_is_left(
        self, photos: LabelledFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int
    ) -> None:
        def full(*_: int) -> None:
            raise OSError(error, os.strerror(error))

        monkeypatch.setattr(os, "posix_fallocate", full)
        monkeypatch.setattr(pixel_cache_module, "decode_image", lambda _: 1 / 0)
        with pytest.raises(OSError, match=os.strerror(error)):
            pixel_cache(photos, 16, tmp_path / "cache")
        assert list((tmp_path / "cache").iterdir()) == []

    def test_all_bytes_are_claimed_before_the_first_picture_is_written(
        self, photos: LabelledFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A memory map that outgrows the disk while it is written ends the process with a bus error."""
        claimed: list[int] = []

        def spy(data: bytes) -> Any:
            (file,) = (tmp_path / "cache").iterdir()
            claimed.append(file.stat().st_blocks * 512)
            return decode_image(data)

        monkeypatch.setattr(pixel_cache_module, "decode_image", spy)
        pixel_cache(photos, 128, tmp_path / "cache")
        assert min(claimed) >= 6 * 128 * 128 * 3

    def test_a_training_tensor_is_what_the_dashboard_gives_the_network(
        self, photos: LabelledFiles, tmp_path: Path
    ) -> None:
        """To the bit: no augmentation, same size, same preprocessing."""
        preprocessing = Preprocessing(scale=(1 / 127.5,), offset=(-1.0,))
        pixels = pixel_cache(photos, 16, tmp_path / "cache")
        ((inputs, labels),) = training_batches(
            pixels,
            np.arange(6, dtype=np.float32),
            batching(size_px=16, batch_size=6, preprocessing=preprocessing),
        )
        for tensor, index in zip(inputs, labels.astype(int), strict=True):
            seen = resize_pixels(decode_image(photos.paths[index].read_bytes()).pixels, (16, 16))
            np.testing.assert_array_equal(tensor, preprocessing.apply(seen))


class TestRoom:
    """Maps of 6 * 16 * 16 * 3 bytes and a header each; there is room for two."""

    @pytest.fixture
    def cache(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr(pixel_cache_module, "CACHE_BYTES", 2 * (6 * 16 * 16 * 3 + 128) + 1000)
        return tmp_path / "cache"

    def made(self, photos: LabelledFiles, cache: Path, *chosen: int, used: float) -> Path:
        """A map of the photos in this order, used at that time."""
        before = set(cache.glob("*"))
        pixel_cache(photos.chosen(chosen), 16, cache)
        (path,) = set(cache.iterdir()) - before
        os.utime(path, (used, used))
        return path

    @pytest.mark.parametrize("again", [False, True], ids=["made last", "used again"])
    def test_the_one_used_longest_ago_makes_room(
        self, photos: LabelledFiles, cache: Path, again: bool
    ) -> None:
        first = self.made(photos, cache, 0, 1, 2, 3, 4, 5, used=1000)
        second = self.made(photos, cache, 5, 4, 3, 2, 1, 0, used=2000)
        if again:
            pixel_cache(photos, 16, cache)  # the first one
        third = self.made(photos, cache, 1, 0, 3, 2, 5, 4, used=3000)
        assert [path.exists() for path in (first, second, third)] == [again, not again, True]

    def test_a_map_that_is_being_read_stays_readable(self, photos: LabelledFiles, cache: Path) -> None:
        pixels = pixel_cache(photos, 16, cache)
        expected = np.array(pixels)
        for path in cache.iterdir():
            os.utime(path, (1000, 1000))
        self.made(photos, cache, 5, 4, 3, 2, 1, 0, used=2000)
        self.made(photos, cache, 1, 0, 3, 2, 5, 4, used=3000)
        assert len(list(cache.iterdir())) == 2
        np.testing.assert_array_equal(pixels, expected)

    def test_what_another_run_is_writing_just_now_stays(self, photos: LabelledFiles, cache: Path) -> None:
        cache.mkdir()
        written = cache / ".other-16.123-4.npy"
        written.write_bytes(bytes(9000))
        os.utime(written, (1, 1))
        pixel_cache(photos, 16, cache)
        assert written.exists()
