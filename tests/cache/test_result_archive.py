"""A result comes back from its file to the bit, and a file from elsewhere at worst not at all."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stored_results import MEGABYTE, activations, disk_only, key, map_of, stored_files

from cnn_core.cache.archive import DamagedResultError, read_result, result_bytes
from cnn_core.cache.store import ResultStore
from cnn_core.results import AttributionMap, FilterPatterns, HeadAnswer, Prediction


class TestRoundTrip:
    def back(self, folder: Path, value: Any, result_type: Any) -> Any:
        disk_only(folder).put(key(), value)
        return disk_only(folder).get(key(), result_type)

    def test_an_attribution_map_comes_back_to_the_bit(self, tmp_path: Path) -> None:
        before = map_of(np.random.default_rng(0).normal(size=(5, 7)), constant=1e-7)
        after = self.back(tmp_path, before, AttributionMap)
        np.testing.assert_array_equal(after.values, before.values)
        assert after.values.dtype == np.float32
        assert (after.method, after.layer_name) == ("grad_cam", "block1_conv1")
        assert (after.head, after.class_index) == (0, 0)
        assert (after.signed, after.score, after.extent, after.constant) == (True, -1.25, before.extent, 1e-7)

    def test_none_stays_none(self, tmp_path: Path) -> None:
        assert self.back(tmp_path, map_of([[1]]), AttributionMap).constant is None

    def test_a_tuple_of_answers_comes_back(self, tmp_path: Path) -> None:
        answer = HeadAnswer(
            head="dogs",
            kind="binary",
            class_names=("Kätzchen", "dogs"),
            scores=np.float32([1, -1]),
            probabilities=np.float32([0.7, 0.3]),
        )
        after = self.back(tmp_path, Prediction(heads=(answer, answer)), Prediction)
        assert isinstance(after.heads, tuple)
        assert [head.class_names for head in after.heads] == [("Kätzchen", "dogs")] * 2
        np.testing.assert_array_equal(after.heads[1].probabilities, np.float32([0.7, 0.3]))

    def test_patterns_keep_their_dtypes_and_empty_arrays(self, tmp_path: Path) -> None:
        before = FilterPatterns(
            layer_name="conv",
            channels=np.array([3]),
            patterns=np.full((1, 2, 2, 3), 200, np.uint8),
            scores=np.float32([1]),
            history=np.zeros((65, 1), np.float32),
            z_scores=np.float32([9]),
            has_z_scores=False,
            exceeds_dataset_maximum=np.array([True]),
            active=np.array([False]),
            growth=np.zeros((0, 1, 2, 2, 3), np.uint8),
            growth_steps=np.zeros(0, np.int64),
        )
        after = self.back(tmp_path, before, FilterPatterns)
        assert after.patterns.dtype == np.uint8
        assert after.growth.shape == (0, 1, 2, 2, 3)
        assert after.exceeds_dataset_maximum.tolist() == [True]
        assert after.channels.tolist() == [3]

    @pytest.mark.parametrize(
        "array",
        [
            np.float32(3).reshape(()),
            np.arange(6, dtype=">u2"),
            np.asfortranarray(np.eye(3)[:, :2]),
            np.eye(4)[::2, 1:],
        ],
        ids=["no axes", "big-endian", "fortran order", "strided"],
    )
    def test_a_bare_array_comes_back_whatever_its_memory_order(self, tmp_path: Path, array: Any) -> None:
        after = self.back(tmp_path, np.asarray(array), np.ndarray)
        np.testing.assert_array_equal(after, array)
        assert after.shape == array.shape
        assert after.dtype == array.dtype

    def test_numpy_can_read_the_file_without_pickle(self, tmp_path: Path) -> None:
        self.back(tmp_path, map_of([[1, 2]]), AttributionMap)
        (path,) = stored_files(tmp_path)
        with np.load(path, allow_pickle=False) as file:
            np.testing.assert_array_equal(file["0"], [[1, 2]])
            assert json.loads(file["tree"].tobytes())["method"] == "grad_cam"

    def test_arrays_come_back_read_only(self, tmp_path: Path) -> None:
        after = self.back(tmp_path, map_of([[1]]), AttributionMap)
        with pytest.raises(ValueError, match="read-only"):
            after.values[0, 0] = 2

    def test_what_is_no_result_is_refused_by_name(self, tmp_path: Path) -> None:
        with pytest.raises(TypeError, match="Expected a result made of"):
            disk_only(tmp_path).put(key(), (object(),))
        with pytest.raises(TypeError, match="Expected an array of numbers"):
            disk_only(tmp_path).put(key(), np.array([object()]))
        assert stored_files(tmp_path) == []

    def test_the_size_of_a_result_is_that_of_its_arrays(self) -> None:
        assert result_bytes((activations("a"), activations("b"))) == 2 * (24 + 16) * 4


def flipped_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[content.index(np.float32(7).tobytes())] ^= 1
    path.write_bytes(content)


def zip_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tree.npy", bytes(50 * MEGABYTE))
    assert path.stat().st_size < MEGABYTE


def array_that_declares_more_than_it_holds(path: Path) -> None:
    buffer = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": (10**9, 10**9)}
    np.lib.format.write_array_header_1_0(buffer, header)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tree.npy", buffer.getvalue())


def pickled_objects(path: Path) -> None:
    np.savez(path, tree=np.array([{"method": "grad_cam"}], object))


def file_over_the_limit(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(10 * 2**30)  # sparse


DAMAGES: tuple[Callable[[Path], object], ...] = (
    flipped_bit,
    zip_bomb,
    array_that_declares_more_than_it_holds,
    pickled_objects,
    file_over_the_limit,
    lambda path: path.write_bytes(b""),
    lambda path: path.write_bytes(b"PK"),
    lambda path: path.write_bytes(b"not a zip at all" * 100),
    lambda path: path.write_bytes(bytes(5000)),
)


class TestDamagedEntries:
    @pytest.fixture
    def entry(self, tmp_path: Path) -> Path:
        disk_only(tmp_path).put(key(), map_of(np.arange(12.0).reshape(3, 4)))
        (path,) = stored_files(tmp_path)
        return path

    def test_every_possible_truncation_is_noticed(self, tmp_path: Path, entry: Path) -> None:
        whole = entry.read_bytes()
        for length in range(0, len(whole), 7):
            entry.write_bytes(whole[:length])
            with pytest.raises(DamagedResultError):
                read_result(entry, AttributionMap, MEGABYTE)

    @pytest.mark.parametrize("damage", DAMAGES)
    def test_a_damaged_entry_is_removed_and_computed_again(
        self, tmp_path: Path, entry: Path, damage: Callable[[Path], None]
    ) -> None:
        damage(entry)
        store = ResultStore(tmp_path)
        assert store.get(key(), AttributionMap) is None
        assert not entry.exists()
        assert store.warning is None
        store.get_or_compute(key(), AttributionMap, lambda: map_of([[1]]))
        assert entry.exists()

    def test_entries_that_share_their_bytes_are_refused(self, tmp_path: Path, entry: Path) -> None:
        with zipfile.ZipFile(entry, "w") as archive:
            archive.writestr("0.npy", bytes(1000))
            archive.filelist.extend([archive.filelist[0]] * 500)
        with pytest.raises(DamagedResultError, match="declare more than the file holds"):
            read_result(entry, AttributionMap, MEGABYTE)

    @pytest.mark.parametrize(
        "tree",
        [
            None,
            5,
            [],
            {},
            {"heads": 3},
            {"heads": [{}]},
            {"heads": [], "extra": 1},
            {"heads": [{"head": 1, "kind": "k", "class_names": [], "scores": 0, "probabilities": 0}]},
            {"heads": [{"head": "h", "kind": "k", "class_names": [], "scores": 9, "probabilities": 0}]},
            {"heads": [{"head": "h", "kind": "k", "class_names": "ab", "scores": 0, "probabilities": 0}]},
            {"heads": [{"head": "h", "kind": "k", "class_names": [], "scores": "tree", "probabilities": 0}]},
        ],
    )
    def test_a_tree_of_another_shape_is_refused(self, tmp_path: Path, tree: Any) -> None:
        path = tmp_path / "entry.npz"
        save_tree(path, tree, np.zeros(2, np.float32))
        with pytest.raises(DamagedResultError):
            read_result(path, Prediction, MEGABYTE)

    def test_a_result_of_another_type_is_refused(self, tmp_path: Path, entry: Path) -> None:
        with pytest.raises(DamagedResultError, match="Prediction"):
            read_result(entry, Prediction, MEGABYTE)

    def test_not_a_number_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "entry.npz"
        head = {"head": "h", "kind": "k", "class_names": [], "scores": 0, "probabilities": 0}
        save_tree(path, {"heads": [head]}, np.float32([np.nan]))
        with pytest.raises(DamagedResultError, match="finite"):
            read_result(path, Prediction, MEGABYTE)

    def test_a_pipe_in_place_of_an_entry_does_not_hang(self, tmp_path: Path, entry: Path) -> None:
        entry.unlink()
        os.mkfifo(entry)
        assert ResultStore(tmp_path).get(key(), AttributionMap) is None

    def test_a_folder_in_place_of_an_entry_is_worked_around(self, tmp_path: Path, entry: Path) -> None:
        entry.unlink()
        entry.mkdir()
        store = disk_only(tmp_path)
        assert store.get_or_compute(key(), AttributionMap, lambda: map_of([[1]])).values.tolist() == [[1]]
        assert store.warning is not None


def save_tree(path: Path, tree: Any, array: Any) -> None:
    np.savez(path, **{"tree": np.frombuffer(json.dumps(tree).encode(), np.uint8), "0": array})
