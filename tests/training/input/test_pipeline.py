"""The input pipeline: the same bytes every time, every picture once, nothing decoded twice."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numbered_batches import LABELS, NUMBERED, batches, batching

from cnn_core.images.preprocessing import Preprocessing
from cnn_core.training.input import pipeline
from cnn_core.training.input.pipeline import BATCHES_AHEAD, kept_size_px, training_batches
from cnn_core.training.settings.config import Augmentation
from cnn_core.training.settings.presets import PHOTO_AUGMENTATION


def counted_warps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one for every picture that is augmented, at once when the workers are asked for it."""
    made: list[int] = []

    def counted(*_: object) -> np.ndarray[Any, Any]:
        made.append(1)
        return np.zeros((8, 8, 3), np.uint8)

    monkeypatch.setattr(pipeline, "augmented", counted)
    monkeypatch.setattr(pipeline, "ThreadPoolExecutor", PromptWorkers)
    return made


class PromptWorkers(ThreadPoolExecutor):
    """Threads that are done with what they are asked for before anything else happens."""

    def submit(self, *asked: Any, **options: Any) -> Future[Any]:
        future = super().submit(*asked, **options)
        wait([future])
        return future


class TestBatches:
    def test_each_picture_comes_at_most_once_per_epoch_with_its_own_label(self) -> None:
        seen = [int(label) for _, labels in batches() for label in labels]
        assert len(seen) == len(set(seen)) == 48  # the last two of 50 fill no batch
        for inputs, labels in batches():
            np.testing.assert_array_equal(inputs[:, 0, 0, 0], labels)
        assert labels_of(batches(batch_size=10)) == set(range(50))  # all, where batches fit
        assert batches(batch_size=64) == []

    def test_pictures_left_out_differ_between_epochs(self) -> None:
        left_out = [set(range(50)) - labels_of(batches(seed=(0, epoch))) for epoch in range(5)]
        assert len(set(map(frozenset, left_out))) > 1

    def test_the_same_seed_gives_the_same_bytes(self) -> None:
        first, second = (batches(augmentation=PHOTO_AUGMENTATION) for _ in range(2))
        for (a, labels_a), (b, labels_b) in zip(first, second, strict=True):
            np.testing.assert_array_equal(a, b)
            np.testing.assert_array_equal(labels_a, labels_b)

    @pytest.mark.parametrize("seed", [(0, 1), (1, 0)])
    def test_another_epoch_or_run_is_shuffled_anew(self, seed: tuple[int, int]) -> None:
        assert [labels.tolist() for _, labels in batches()] != [
            labels.tolist() for _, labels in batches(seed=seed)
        ]

    def test_batches_are_float32_and_preprocessed(self) -> None:
        (inputs, labels), *_ = batches(preprocessing=Preprocessing(scale=(2.0,), offset=(1.0,)))
        assert inputs.dtype == labels.dtype == np.float32
        assert batches(size_px=12)[0][0].shape == (8, 12, 12, 3)  # that of the stage
        np.testing.assert_array_equal(inputs[:, 0, 0, 0], labels * 2 + 1)

    def test_the_number_of_threads_changes_no_byte(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pipeline, "THREADS", 1)
        alone = batches(augmentation=PHOTO_AUGMENTATION)
        monkeypatch.setattr(pipeline, "THREADS", 7)
        for (a, _), (b, _) in zip(alone, batches(augmentation=PHOTO_AUGMENTATION), strict=True):
            np.testing.assert_array_equal(a, b)

    def test_pictures_of_a_batch_are_changed_each_in_its_own_way(self) -> None:
        same = np.full_like(NUMBERED, 100)
        ((inputs, _), *_) = training_batches(
            same, LABELS, batching(augmentation=Augmentation(brightness=0.3))
        )
        assert len(set(inputs[:, 0, 0, 0].tolist())) > 4

    def test_an_error_in_a_worker_reaches_the_trainer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pipeline, "augmented", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            batches(augmentation=Augmentation(flip=True))

    def test_without_augmentation_nothing_is_warped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pipeline, "augmented", lambda *_: 1 / 0)
        for inputs, labels in batches():
            np.testing.assert_array_equal(inputs, NUMBERED[labels.astype(int)])

    def test_batches_are_prepared_ahead_and_never_more_than_a_few(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = counted_warps(monkeypatch)
        epoch = training_batches(
            NUMBERED, LABELS, batching(batch_size=2, augmentation=Augmentation(flip=True))
        )
        for taken in (1, 2, 3):
            next(epoch)
            assert len(made) == 2 * (taken + BATCHES_AHEAD)
        epoch.close()  # type: ignore[attr-defined]

    @pytest.mark.parametrize(
        ("batch_size", "size_px", "ahead"), [(64, 144, 6), (512, 224, 1), (1024, 512, 1)]
    )
    def test_large_batches_wait_in_smaller_numbers(self, batch_size: int, size_px: int, ahead: int) -> None:
        """By hand: 15 MiB; 294 MiB, of which one fits into 512; and 3 GiB, of which none would."""
        assert batching(batch_size=batch_size, size_px=size_px).ahead == ahead

    def test_stopping_early_leaves_no_thread_behind(self) -> None:
        before = threading.active_count()
        epoch = training_batches(NUMBERED, LABELS, batching(batch_size=2))
        next(epoch)
        epoch.close()  # type: ignore[attr-defined]
        assert threading.active_count() == before


@pytest.mark.parametrize(
    ("augmentation", "kept_px"),
    [
        (Augmentation(zoom=0.2), 160),
        (Augmentation(stretch=0.2), 160),
        (Augmentation(flip=True, rotation_degrees=40, shift_fraction=0.2, erase_probability=1), 128),
        (Augmentation(), 128),
    ],
)
def test_pictures_are_kept_larger_where_augmentation_zooms_in(
    augmentation: Augmentation, kept_px: int
) -> None:
    assert kept_size_px(128, augmentation) == kept_px


def labels_of(epoch: list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]) -> set[int]:
    return {int(label) for _, labels in epoch for label in labels}


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="needs Linux to count pages")
def test_reading_a_memory_map_leaves_its_pages_to_the_system(tmp_path: Path) -> None:
    """Resident pages of the map stay few, however many pictures are read."""
    path, size_px = tmp_path / "many.npy", 64
    shape = (4000, size_px, size_px, 3)  # 49 MB
    np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)[:] = 7
    pixels = np.load(path, mmap_mode="r")
    resident = []
    settings = batching(size_px=size_px, batch_size=32, augmentation=Augmentation(flip=True))
    for number, _ in enumerate(training_batches(pixels, np.zeros(4000, np.float32), settings)):
        if number % 12 == 0:
            resident.append(resident_bytes(path))
    assert max(resident) < 0.75 * pixels.nbytes


def resident_bytes(path: Path) -> int:
    """Bytes of a mapped file that count as memory of this process."""
    inside, total = False, 0
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.split()[0] and ":" not in line.split()[0]:
            inside = line.endswith(str(path))
        elif inside and line.startswith("Rss:"):
            total += int(line.split()[1]) * 1024
    return total
