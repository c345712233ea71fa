"""The result store computes once, survives a restart, and never stands in the way."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnn_core import result_folder
from cnn_core.result_archive import DamagedResultError, read_result, result_bytes, write_result
from cnn_core.result_store import ResultStore, result_key
from cnn_core.results import AttributionMap, FilterPatterns, HeadAnswer, LayerActivations, Prediction

MEGABYTE = 2**20


@dataclass(frozen=True)
class Settings:
    steps: int = 64
    rate: float = 0.05
    sizes: tuple[int, ...] = (1, 2)


def key(number: int = 0) -> str:
    return result_key(analysis="test", version=1, model_sha256="m", params={"number": number})


def map_of(values: Any, residual: float | None = None) -> AttributionMap:
    return AttributionMap(
        method="grad_cam",
        layer_name="block1_conv1",
        head=0,
        class_index=0,
        values=np.float32(values),
        signed=True,
        score=-1.25,
        extent=(0.0, 0.5, 144.0, 143.5),
        residual=residual,
    )


def heavy(megabytes: float = 1) -> AttributionMap:
    return map_of(np.zeros((int(megabytes * MEGABYTE) // 4, 1)))


def activations(name: str) -> LayerActivations:
    maps = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    names = ("minimum", "maximum", "mean", "zero_fraction")
    figures = {figure: np.full(4, index, np.float32) for index, figure in enumerate(names)}
    return LayerActivations(layer_name=name, maps=maps, **figures)


def disk_only(folder: Path, max_bytes: int = 100 * MEGABYTE) -> ResultStore:
    return ResultStore(folder, max_bytes, memory_bytes=0)


def stored_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def refuse_to_compute() -> Any:
    raise AssertionError("computed again")


class TestKey:
    def test_the_same_question_has_the_same_key_in_every_process(self) -> None:
        assert (
            result_key(analysis="a", version=1, model_sha256="m", params=Settings(), layer="c", class_index=0)
            == "7f5c976eae7cc5216c5f7ae8a269ecb6b58fbee68e8b6ec3af8fe128e7a9d2d4"
        )

    def test_every_part_of_the_question_changes_the_key(self) -> None:
        base: dict[str, Any] = {"analysis": "a", "version": 1, "model_sha256": "m"}
        others = [
            base,
            base | {"analysis": "b"},
            base | {"version": 2},
            base | {"model_sha256": "n"},
            base | {"image": "i"},
            base | {"params": Settings()},
            base | {"params": Settings(steps=65)},
            base | {"layer": "l"},
            base | {"head": 0},
            base | {"class_index": 0},
            base | {"class_index": 1},
            base | {"seed": 0},
        ]
        assert len({result_key(**other) for other in others}) == len(others)

    def test_the_order_of_settings_and_numpy_numbers_make_no_difference(self) -> None:
        def of(params: object) -> str:
            return result_key(analysis="a", version=1, model_sha256="m", params=params)

        assert of({"a": 1, "b": (1, 2)}) == of({"b": [1, 2], "a": np.int64(1)})

    def test_settings_that_json_cannot_express_are_refused(self) -> None:
        with pytest.raises(TypeError, match="Expected settings"):
            result_key(analysis="a", version=1, model_sha256="m", params={"model": object()})

    def test_a_key_that_is_a_path_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="Expected a key made by result_key"):
            ResultStore(tmp_path).put("../../etc/passwd", heavy())


class TestRoundTrip:
    def back(self, folder: Path, value: Any, result_type: Any) -> Any:
        disk_only(folder).put(key(), value)
        return disk_only(folder).get(key(), result_type)

    def test_an_attribution_map_comes_back_to_the_bit(self, tmp_path: Path) -> None:
        before = map_of(np.random.default_rng(0).normal(size=(5, 7)), residual=1e-7)
        after = self.back(tmp_path, before, AttributionMap)
        np.testing.assert_array_equal(after.values, before.values)
        assert after.values.dtype == np.float32
        assert (after.method, after.layer_name) == ("grad_cam", "block1_conv1")
        assert (after.head, after.class_index) == (0, 0)
        assert (after.signed, after.score, after.extent, after.residual) == (True, -1.25, before.extent, 1e-7)

    def test_none_stays_none(self, tmp_path: Path) -> None:
        assert self.back(tmp_path, map_of([[1]]), AttributionMap).residual is None

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

    def test_a_dict_of_layers_comes_back_in_order(self, tmp_path: Path) -> None:
        before = {name: activations(name) for name in ("conv2", "conv1", "relu/1")}
        after = self.back(tmp_path, before, dict[str, LayerActivations])
        assert list(after) == ["conv2", "conv1", "relu/1"]
        np.testing.assert_array_equal(after["relu/1"].maps, before["relu/1"].maps)
        np.testing.assert_array_equal(after["conv1"].zero_fraction, np.full(4, 3))

    def test_patterns_keep_their_dtypes_and_empty_arrays(self, tmp_path: Path) -> None:
        before = FilterPatterns(
            layer_name="conv",
            channels=np.array([3]),
            patterns=np.full((1, 2, 2, 3), 200, np.uint8),
            scores=np.float32([1]),
            history=np.zeros((65, 1), np.float32),
            strengths=np.float32([9]),
            has_strengths=False,
            beats_photos=np.array([True]),
            alive=np.array([False]),
            growth=np.zeros((0, 1, 2, 2, 3), np.uint8),
            growth_steps=np.zeros(0, np.int64),
        )
        after = self.back(tmp_path, before, FilterPatterns)
        assert after.patterns.dtype == np.uint8
        assert after.growth.shape == (0, 1, 2, 2, 3)
        assert after.beats_photos.tolist() == [True]
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
            disk_only(tmp_path).put(key(), {"model": object()})
        with pytest.raises(TypeError, match="Expected an array of numbers"):
            disk_only(tmp_path).put(key(), np.array([object()]))
        assert stored_files(tmp_path) == []

    def test_the_size_of_a_result_is_that_of_its_arrays(self) -> None:
        assert result_bytes({"a": activations("a"), "b": activations("b")}) == 2 * (24 + 16) * 4


class TestComputingOnce:
    def test_a_second_request_does_not_compute(self) -> None:
        store = ResultStore(None)
        first = store.get_or_compute(key(), AttributionMap, lambda: map_of([[1]]))
        assert store.get_or_compute(key(), AttributionMap, refuse_to_compute) is first

    def test_not_even_after_a_restart(self, tmp_path: Path) -> None:
        ResultStore(tmp_path).get_or_compute(key(), AttributionMap, lambda: map_of([[1]]))
        again = ResultStore(tmp_path).get_or_compute(key(), AttributionMap, refuse_to_compute)
        assert again.values.tolist() == [[1]]

    def test_a_result_in_memory_is_not_read_from_disk(self, tmp_path: Path) -> None:
        store = ResultStore(tmp_path)
        store.put(key(), map_of([[1]]))
        for path in stored_files(tmp_path):
            path.unlink()
        assert store.get(key(), AttributionMap) is not None

    def test_two_threads_that_ask_at_once_compute_once(self, tmp_path: Path) -> None:
        store, calls, results = ResultStore(tmp_path), [], []

        def slow() -> AttributionMap:
            calls.append(1)
            time.sleep(0.05)
            return map_of([[1]])

        def ask() -> None:
            results.append(store.get_or_compute(key(), AttributionMap, slow))

        run_together([ask] * 8)
        assert len(calls) == 1
        assert len({id(result) for result in results}) == 1

    def test_different_questions_do_not_wait_for_each_other(self) -> None:
        store, both_are_in = ResultStore(None), threading.Barrier(2, timeout=5)

        def compute() -> AttributionMap:
            both_are_in.wait()
            return map_of([[1]])

        run_together([lambda n=n: store.get_or_compute(key(n), AttributionMap, compute) for n in range(2)])

    def test_one_analysis_may_ask_for_another(self) -> None:
        store = ResultStore(None)

        def outer() -> AttributionMap:
            return map_of(store.get_or_compute(key(1), AttributionMap, lambda: map_of([[3]])).values + 1)

        assert store.get_or_compute(key(0), AttributionMap, outer).values.tolist() == [[4]]

    def test_a_failure_is_not_stored_and_the_next_one_computes(self, tmp_path: Path) -> None:
        store = ResultStore(tmp_path)
        with pytest.raises(ZeroDivisionError):
            store.get_or_compute(key(), AttributionMap, lambda: map_of([[1 / 0]]))
        assert store.get_or_compute(key(), AttributionMap, lambda: map_of([[1]])).values.tolist() == [[1]]

    def test_changing_a_received_dict_changes_nobody_elses(self) -> None:
        store = ResultStore(None)
        computed = store.get_or_compute(key(), dict[str, LayerActivations], lambda: {"a": activations("a")})
        computed.clear()
        received = store.get(key(), dict[str, LayerActivations])
        assert received is not None
        received.clear()
        assert list(store.get(key(), dict[str, LayerActivations]) or ()) == ["a"]


class TestLimits:
    def test_memory_forgets_what_was_used_longest_ago(self) -> None:
        store = ResultStore(None, memory_bytes=3 * MEGABYTE)
        for number in range(3):
            store.put(key(number), heavy())
        store.get(key(0), AttributionMap)
        store.put(key(3), heavy())
        assert [store.get(key(n), AttributionMap) is not None for n in range(4)] == [True, False, True, True]

    def test_putting_a_result_twice_counts_once(self) -> None:
        store = ResultStore(None, memory_bytes=2 * MEGABYTE)
        for _ in range(5):
            store.put(key(0), heavy())
        store.put(key(1), heavy())
        assert store.get(key(0), AttributionMap) is not None

    def test_the_folder_stays_below_its_limit(self, tmp_path: Path) -> None:
        store = disk_only(tmp_path, 4 * MEGABYTE)
        for number in range(20):
            store.put(key(number), heavy(0.5))
        total = sum(path.stat().st_size for path in stored_files(tmp_path))
        assert 2 * MEGABYTE < total <= 4 * MEGABYTE

    def test_the_least_recently_used_results_leave_the_folder_first(self, tmp_path: Path) -> None:
        store = disk_only(tmp_path, 4 * MEGABYTE)
        for number in range(3):
            store.put(key(number), heavy(1.1))
            if number == 1:
                assert store.get(key(0), AttributionMap) is not None
        store.put(key(3), heavy(1.1))
        found = [store.get(key(n), AttributionMap) is not None for n in range(4)]
        assert found == [True, False, True, True]

    def test_a_restart_sees_what_is_already_there(self, tmp_path: Path) -> None:
        for number in range(8):
            disk_only(tmp_path, 4 * MEGABYTE).put(key(number), heavy())
        assert sum(path.stat().st_size for path in stored_files(tmp_path)) <= 4 * MEGABYTE

    def test_a_result_larger_than_the_limit_is_not_written(self, tmp_path: Path) -> None:
        store = disk_only(tmp_path, MEGABYTE)
        store.put(key(0), heavy(0.5))
        store.put(key(1), heavy(2))
        assert store.get(key(0), AttributionMap) is not None
        assert store.get(key(1), AttributionMap) is None
        assert store.warning is None

    def test_not_every_write_looks_through_the_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sweeps: list[int] = []
        sweep = result_folder.ResultFolder.sweep
        monkeypatch.setattr(result_folder.ResultFolder, "sweep", lambda self: (sweeps.append(1), sweep(self)))
        store = disk_only(tmp_path)
        for number in range(50):
            store.put(key(number), map_of([[number]]))
        assert len(sweeps) == 1

    def test_leftovers_of_killed_writers_are_removed_when_old(self, tmp_path: Path) -> None:
        shelf = tmp_path / "ab"
        shelf.mkdir()
        old, fresh, foreign = (
            shelf / f".{'ab' * 32}.12-34.npz",
            shelf / f".{'ab' * 32}.12-35.npz",
            shelf / ".gitkeep",
        )
        for path in (old, fresh, foreign):
            path.touch()
        for path in (old, foreign):
            os.utime(path, (0, 0))
        disk_only(tmp_path).put(key(), map_of([[1]]))
        assert not old.exists()
        assert fresh.exists()
        assert foreign.exists()

    def test_files_that_are_not_the_stores_own_are_never_removed(self, tmp_path: Path) -> None:
        (tmp_path / "ab").mkdir()
        mine = [tmp_path / "photo.npz", tmp_path / "ab" / "thesis.npz"]
        for path in mine:
            path.write_bytes(bytes(MEGABYTE))
        store = disk_only(tmp_path, MEGABYTE // 2)
        for number in range(4):
            store.put(key(number), heavy(0.3))
        assert all(path.exists() for path in mine)


WRITER = """
import sys
import numpy as np
from pathlib import Path
from cnn_core.result_store import ResultStore, result_key
store = ResultStore(Path(sys.argv[1]), 2_000_000, memory_bytes=0)
for number in range(60):
    key = result_key(analysis="test", version=1, model_sha256="m", params=number % 12)
    value = store.get_or_compute(key, np.ndarray, lambda: np.full(60_000, number % 12, np.float32))
    if value.shape != (60_000,) or (value != number % 12).any():
        sys.exit("wrong value")
if store.warning is not None:
    sys.exit(store.warning)
"""


def test_several_processes_share_a_folder_while_it_overflows(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    root = Path(__file__).parents[1]
    writers = [subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE) for _ in range(3)]
    for writer in writers:
        _, errors = writer.communicate(timeout=60)
        assert writer.returncode == 0, errors.decode()
    assert all(path.name[0] != "." for path in stored_files(tmp_path))


class TestFolderThatCannotBeUsed:
    def works_without_it(self, store: ResultStore) -> None:
        assert store.get_or_compute(key(), AttributionMap, lambda: map_of([[1]])).values.tolist() == [[1]]
        assert store.get_or_compute(key(), AttributionMap, refuse_to_compute).values.tolist() == [[1]]

    def test_a_folder_below_a_file_is_named_in_the_warning_at_once(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        store = ResultStore(tmp_path / "file" / "cache")
        assert store.warning is not None
        assert str(tmp_path / "file" / "cache") in store.warning
        assert "Not a directory" in store.warning
        assert "CONVSCOPE_CACHE" in store.warning
        self.works_without_it(store)

    @pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs Linux's /proc")
    def test_a_folder_where_nothing_can_be_made_is_worked_around(self) -> None:
        store = ResultStore(Path("/proc/convscope"))
        assert store.warning is not None
        self.works_without_it(store)

    def test_a_read_only_folder_still_answers(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        ResultStore(tmp_path).put(key(1), map_of([[7]]))
        fail_to_write(monkeypatch, errno.EROFS)
        monkeypatch.setattr(os, "access", lambda *_: False)
        monkeypatch.setattr(os, "utime", raising(errno.EROFS))
        store = ResultStore(tmp_path)
        assert store.warning is not None
        stored = store.get(key(1), AttributionMap)
        assert stored is not None
        assert stored.values.tolist() == [[7]]
        self.works_without_it(store)

    def test_a_full_disk_is_said_and_leaves_no_half_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = ResultStore(tmp_path)
        assert store.warning is None
        fail_to_write(monkeypatch, errno.ENOSPC)
        self.works_without_it(store)
        assert store.warning is not None
        assert "No space left on device" in store.warning
        assert stored_files(tmp_path) == []

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
    def test_a_device_that_is_really_full_gives_an_oserror(self) -> None:
        with pytest.raises(OSError, match="No space left"):
            write_result(Path("/dev/full"), heavy())

    def test_the_warning_goes_when_the_disk_has_room_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = ResultStore(tmp_path)
        with monkeypatch.context() as full:
            fail_to_write(full, errno.ENOSPC)
            store.put(key(0), map_of([[1]]))
        store.put(key(1), map_of([[1]]))
        assert store.warning is not None  # writing pauses after a failure
        monkeypatch.setattr(result_folder, "RETRY_SECONDS", 0.0)
        store._disk._retry_at = 0.0  # type: ignore[union-attr]
        store.put(key(2), map_of([[1]]))
        assert store.warning is None
        assert len(stored_files(tmp_path)) == 1


class TestDamagedEntries:
    @pytest.fixture
    def entry(self, tmp_path: Path) -> Path:
        disk_only(tmp_path).put(key(), map_of(np.arange(12.0).reshape(3, 4)))
        (path,) = stored_files(tmp_path)
        return path

    def damaged(self, tmp_path: Path, entry: Path) -> None:
        store = ResultStore(tmp_path)
        assert store.get(key(), AttributionMap) is None
        assert not entry.exists()
        assert store.warning == "A stored result was damaged; it is computed again."
        store.get_or_compute(key(), AttributionMap, lambda: map_of([[1]]))
        assert entry.exists()

    def test_every_possible_truncation_is_noticed(self, tmp_path: Path, entry: Path) -> None:
        whole = entry.read_bytes()
        for length in range(0, len(whole), 7):
            entry.write_bytes(whole[:length])
            with pytest.raises(DamagedResultError):
                read_result(entry, AttributionMap, MEGABYTE)

    def test_a_flipped_bit_in_an_array_is_noticed(self, tmp_path: Path, entry: Path) -> None:
        content = bytearray(entry.read_bytes())
        position = content.index(np.float32(7).tobytes())
        content[position] ^= 1
        entry.write_bytes(content)
        self.damaged(tmp_path, entry)

    @pytest.mark.parametrize("content", [b"", b"PK", b"not a zip at all" * 100, bytes(5000)])
    def test_what_is_no_archive_is_removed(self, tmp_path: Path, entry: Path, content: bytes) -> None:
        entry.write_bytes(content)
        self.damaged(tmp_path, entry)

    def test_a_zip_bomb_is_refused_unread(self, tmp_path: Path, entry: Path) -> None:
        with zipfile.ZipFile(entry, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("tree.npy", bytes(50 * MEGABYTE))
        assert entry.stat().st_size < MEGABYTE
        self.damaged(tmp_path, entry)

    def test_entries_that_share_their_bytes_are_refused(self, tmp_path: Path, entry: Path) -> None:
        with zipfile.ZipFile(entry, "w") as archive:
            archive.writestr("0.npy", bytes(1000))
            archive.filelist.extend([archive.filelist[0]] * 500)
        with pytest.raises(DamagedResultError, match="declare more than the file holds"):
            read_result(entry, AttributionMap, MEGABYTE)

    def test_an_array_that_declares_more_than_it_holds_is_refused(self, tmp_path: Path, entry: Path) -> None:
        buffer = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            buffer, {"descr": "<f4", "fortran_order": False, "shape": (10**9, 10**9)}
        )
        with zipfile.ZipFile(entry, "w") as archive:
            archive.writestr("tree.npy", buffer.getvalue())
        self.damaged(tmp_path, entry)

    def test_pickled_objects_are_refused(self, tmp_path: Path, entry: Path) -> None:
        np.savez(entry, tree=np.array([{"method": "grad_cam"}], object))
        self.damaged(tmp_path, entry)

    def test_a_file_over_the_limit_is_refused_unread(self, tmp_path: Path, entry: Path) -> None:
        with entry.open("r+b") as file:
            file.truncate(10 * 2**30)  # sparse
        self.damaged(tmp_path, entry)

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

    def test_the_notice_goes_after_a_while(
        self, tmp_path: Path, entry: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        entry.write_bytes(b"")
        store = ResultStore(tmp_path)
        store.get(key(), AttributionMap)
        assert store.warning is not None
        monkeypatch.setattr(result_folder, "NOTICE_SECONDS", 0.0)
        assert store.warning is None


def run_together(tasks: list[Callable[[], object]]) -> None:
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert not any(thread.is_alive() for thread in threads)


def save_tree(path: Path, tree: Any, array: Any) -> None:
    np.savez(path, **{"tree": np.frombuffer(json.dumps(tree).encode(), np.uint8), "0": array})


def raising(number: int) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


def fail_to_write(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(result_folder, "write_result", raising(number))
