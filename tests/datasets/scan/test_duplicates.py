"""Pictures that are there twice are found among many; pictures that only resemble are left alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from cnn_core.datasets.scan import duplicates
from cnn_core.datasets.scan.duplicates import Duplicate, Duplicates, find_duplicates
from cnn_core.errors import Cancelled
from cnn_core.progress import Progress


def noise(count: int, seed: int = 0, spread: int = 60) -> NDArray[np.uint8]:
    """``(count, 32, 32)`` unrelated pictures."""
    rng = np.random.default_rng(seed)
    return rng.integers(128 - spread, 128 + spread, (count, 32, 32), dtype=np.uint8)


def repeated(
    thumbnails: NDArray[np.uint8],
    groups: list[list[int]] | None = None,
    keys: list[bytes] | None = None,
) -> list[Duplicate]:
    """What repeats another, where all are of one class."""
    return list(found_duplicates(thumbnails, groups, keys, [0] * len(thumbnails)).repeated)


def found_duplicates(
    thumbnails: NDArray[np.uint8],
    groups: list[list[int]] | None = None,
    keys: list[bytes] | None = None,
    labels: list[int] | None = None,
) -> Duplicates:
    return find_duplicates(
        keys if keys is not None else [str(index).encode() for index in range(len(thumbnails))],
        thumbnails,
        groups if groups is not None else [list(range(len(thumbnails)))],
        labels if labels is not None else [0] * len(thumbnails),
    )


def shifted(picture: NDArray[np.uint8], values: NDArray[np.int64]) -> NDArray[np.uint8]:
    return (picture.astype(np.int64) + values).astype(np.uint8)


def brute_force(thumbnails: NDArray[np.uint8]) -> set[int]:
    """Indices of all pictures that have a near one, pair by pair as the documentation says."""
    found = set()
    values = thumbnails.astype(np.float64)
    for first, second in itertools.combinations(range(len(values)), 2):
        limit = min(4.0, values[first].std() / 4, values[second].std() / 4)
        for other in (values[second], values[second][:, ::-1]):
            if np.sqrt(((values[first] - other) ** 2).mean()) < limit:
                found |= {first, second}
    return found


def test_unrelated_pictures_have_no_twin() -> None:
    assert repeated(noise(700)) == []


def test_equal_files_are_twins_and_the_first_one_stays() -> None:
    keys = [b"a", b"b", b"a", b"a"]
    assert repeated(noise(4), keys=keys) == [Duplicate(2, 0, None, False), Duplicate(3, 0, None, False)]


CHECKERED = np.where(np.arange(1024).reshape(32, 32) % 2 == 0, 1, -1)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        (lambda picture: shifted(picture, 3 + 0 * CHECKERED), [Duplicate(1, 0, 3.0, False)]),
        (lambda picture: shifted(picture, 3 * CHECKERED), [Duplicate(1, 0, 3.0, False)]),
        (lambda picture: shifted(picture, 4 * CHECKERED), []),
        (lambda picture: picture[:, ::-1], [Duplicate(1, 0, 0.0, True)]),
        (lambda picture: picture[::-1], []),
    ],
    ids=["a constant shift", "a root mean square below 4", "one of 4", "mirrored", "upside down"],
)
def test_a_picture_is_a_near_duplicate_by_root_mean_square_also_mirrored(
    changed: Callable[[NDArray[np.uint8]], NDArray[np.uint8]], found: list[Duplicate]
) -> None:
    picture = noise(1)[0]
    assert repeated(np.stack([picture, changed(picture)])) == found


def test_of_two_groups_the_earlier_one_keeps_its_picture() -> None:
    picture = noise(1)[0]
    stack = np.stack([picture, noise(1, 1)[0], picture])
    assert [(pair.index, pair.kept) for pair in repeated(stack, [[2], [0, 1]])] == [(0, 2)]


def test_flat_pictures_are_twins_only_when_their_files_are() -> None:
    flat = np.stack([np.full((32, 32), value, np.uint8) for value in (0, 0, 1, 2, 255, 128, 128)])
    assert repeated(flat) == []
    assert [pair.index for pair in repeated(flat, keys=[b"a", b"a", b"b", b"c", b"d", b"e", b"f"])] == [1]


def test_pictures_with_little_contrast_must_be_more_alike() -> None:
    """Two unrelated fogs differ by 2.8 of 255 only, which is as much as they show at all."""
    rng = np.random.default_rng(0)
    fog = np.clip(np.rint(rng.normal(128, 2.5, (40, 32, 32))), 0, 255).astype(np.uint8)
    difference = fog[0].astype(float) - fog[1].astype(float)
    assert np.sqrt((difference**2).mean()) < 4
    assert repeated(fog) == []
    assert len(repeated(np.concatenate([fog, fog[:1]]))) == 1


def test_many_copies_leave_one() -> None:
    base = noise(1)[0]
    rng = np.random.default_rng(1)
    copies = np.stack([shifted(base, rng.integers(-2, 3, (32, 32))) for _ in range(300)])
    found = repeated(copies)
    assert len(found) == 299
    assert len({pair.kept for pair in found}) == 1


def test_a_kept_picture_is_never_itself_left_out() -> None:
    """In a slow fade each frame is near the next one, and the ends are not."""
    picture = noise(1, spread=50)[0]
    fade = np.stack([shifted(picture, np.full((32, 32), step)) for step in range(40)])
    found = repeated(fade)
    assert not {pair.kept for pair in found} & {pair.index for pair in found}
    assert all(pair.rmse is not None and pair.rmse < 4 for pair in found)
    kept = sorted(set(range(40)) - {pair.index for pair in found})
    assert all(second - first >= 4 for first, second in itertools.pairwise(kept))


def test_blocks_find_what_a_comparison_of_all_pairs_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many more pictures than a block has, of every brightness and contrast, with copies strewn in."""
    monkeypatch.setattr(duplicates, "ROWS", 16)
    monkeypatch.setattr(duplicates, "COLUMNS", 8)
    rng = np.random.default_rng(2)
    contrast, brightness = rng.uniform(1, 60, (70, 1, 1)), rng.uniform(90, 160, (70, 1, 1))
    originals = np.clip(rng.normal(brightness, contrast, (70, 32, 32)), 0, 255).astype(np.uint8)
    changed = originals[rng.permutation(70)[:40]].astype(np.int64)
    changed[::2] = changed[::2, :, ::-1]
    changed += rng.integers(-3, 4, changed.shape)
    pictures = np.concatenate([originals, np.clip(changed, 0, 255).astype(np.uint8)])
    pictures = pictures[rng.permutation(len(pictures))]
    found = repeated(pictures)
    pairs = brute_force(pictures)
    assert len(pairs) > 40
    assert {pair.index for pair in found} | {pair.kept for pair in found} == pairs


def test_groups_find_what_one_group_finds() -> None:
    pictures = np.concatenate([noise(300), noise(40), noise(40)[:, :, ::-1]])
    order = np.random.default_rng(3).permutation(len(pictures)).tolist()
    apart = repeated(pictures, [order[:100], order[100:150], order[150:]])
    assert len(apart) == len(repeated(pictures)) == 80


@pytest.mark.parametrize("groups", [[], [[]], [[], [0], []]])
def test_few_or_no_pictures_are_no_error(groups: list[list[int]]) -> None:
    assert repeated(noise(1), groups) == []


def test_it_can_be_stopped() -> None:
    with pytest.raises(Cancelled):
        find_duplicates([b"a"], noise(1), [[0]], [0], Progress(cancelled=lambda: True))


@pytest.mark.parametrize(
    ("shifts", "labels", "repeats", "conflicts"),
    [
        ((2,), [0, 1], (), (Duplicate(1, 0, 2.0, False),)),
        ((1, 3), [0, 1, 0], (Duplicate(2, 0, 3.0, False),), (Duplicate(1, 0, 1.0, False),)),
    ],
    ids=["both stay", "one of its own class counts although the other is nearer"],
)
def test_near_ones_of_two_classes_are_told(
    shifts: tuple[int, ...],
    labels: list[int],
    repeats: tuple[Duplicate, ...],
    conflicts: tuple[Duplicate, ...],
) -> None:
    picture = noise(1)[0]
    stack = np.stack([picture, *(shifted(picture, np.full((32, 32), by)) for by in shifts)])
    assert found_duplicates(stack, labels=labels) == Duplicates(repeats, conflicts)


def test_equal_files_of_two_classes_are_still_repeated() -> None:
    found = found_duplicates(noise(2), keys=[b"a", b"a"], labels=[0, 1])
    assert found == Duplicates((Duplicate(1, 0, None, False),))


@pytest.mark.parametrize("groups", [None, [list(range(40)), list(range(40, 80))]])
def test_a_fixed_camera_keeps_one_picture_of_each_class(
    groups: list[list[int]] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplicates, "ROWS", 8)
    monkeypatch.setattr(duplicates, "COLUMNS", 8)
    rng = np.random.default_rng(4)
    pictures = np.stack([shifted(noise(1)[0], rng.integers(-2, 3, (32, 32))) for _ in range(80)])
    labels = [index % 2 for index in range(80)]
    found = found_duplicates(pictures, groups, labels=labels)
    left = set(range(80)) - {pair.index for pair in found.repeated}
    assert sorted(labels[index] for index in left) == [0, 1]
    assert all(labels[pair.index] == labels[pair.kept] for pair in found.repeated)
    (pair,) = found.conflicts
    assert {pair.index, pair.kept} == left


def test_without_thumbnails_only_equal_files_are_found() -> None:
    found = find_duplicates([b"a", b"b", b"a"], None, [[0, 1, 2]], [])
    assert found == Duplicates((Duplicate(2, 0, None, False),))
