"""The same question is computed once, by whoever asks first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stored_results import MEGABYTE, heavy, key, map_of, refuse_to_compute, stored_files

from cnn_core.cache.store import ResultStore, result_key
from cnn_core.results import AttributionMap

PATIENCE_SECONDS = 120.0  # only a defect waits so long


@dataclass(frozen=True)
class Settings:
    steps: int = 64
    rate: float = 0.05
    sizes: tuple[int, ...] = (1, 2)


class TestKey:
    def test_the_same_question_has_the_same_key_in_every_process(self) -> None:
        assert (
            result_key(analysis="a", version=1, model_sha256="m", params=Settings(), layer="c", class_index=0)
            == "c9c1af12b91e05fe2a3d80a39405fc09106f36db6e800c10953158c491db9fc6"
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
            base | {"channels": (0,)},
            base | {"channels": (1,)},
            base | {"precision": "bfloat16"},
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
        asking: set[int] = set()
        all_ask = threading.Event()

        class Watched(ResultStore):
            def get(self, *asked: Any) -> Any:
                result = super().get(*asked)
                asking.add(threading.get_ident())
                if len(asking) == 8:
                    all_ask.set()
                return result

        store, calls, results = Watched(tmp_path), [], []

        def slow() -> AttributionMap:
            calls.append(all_ask.wait(PATIENCE_SECONDS))  # by then all have found nothing
            return map_of([[1]])

        def ask() -> None:
            results.append(store.get_or_compute(key(), AttributionMap, slow))

        run_together([ask] * 8)
        assert calls == [True]
        assert len({id(result) for result in results}) == 1

    def test_different_questions_do_not_wait_for_each_other(self) -> None:
        store, both_are_in = ResultStore(None), threading.Barrier(2, timeout=PATIENCE_SECONDS)

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


class TestMemory:
    def test_memory_forgets_what_was_used_longest_ago(self) -> None:
        store = ResultStore(None, memory_bytes=int(3.5 * MEGABYTE))
        for number in range(3):
            store.put(key(number), heavy())
        store.get(key(0), AttributionMap)
        store.put(key(3), heavy())
        assert [store.get(key(n), AttributionMap) is not None for n in range(4)] == [True, False, True, True]

    def test_putting_a_result_twice_counts_once(self) -> None:
        store = ResultStore(None, memory_bytes=int(2.5 * MEGABYTE))
        for _ in range(5):
            store.put(key(0), heavy())
        store.put(key(1), heavy())
        assert store.get(key(0), AttributionMap) is not None

    def test_a_result_larger_than_the_memory_is_not_kept_there(self) -> None:
        store = ResultStore(None, memory_bytes=MEGABYTE)
        store.put(key(0), map_of([[1]]))
        store.put(key(1), heavy(2))
        assert store.get(key(0), AttributionMap) is not None
        assert store.get(key(1), AttributionMap) is None

    def test_results_without_large_arrays_do_not_pile_up_for_ever(self) -> None:
        store = ResultStore(None, memory_bytes=MEGABYTE)
        for number in range(1000):
            store.put(key(number), map_of([[number]]))
        assert sum(store.get(key(n), AttributionMap) is not None for n in range(1000)) < 300

    def test_without_a_folder_there_is_nothing_to_warn_of(self) -> None:
        assert ResultStore(None).warning is None


def run_together(tasks: list[Callable[[], object]]) -> None:
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=2 * PATIENCE_SECONDS)
    assert not any(thread.is_alive() for thread in threads)
