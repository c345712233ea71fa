"""What is compiled for a network, kept as long as it is used."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

MAX_GRAPHS = 24


class CompiledGraphs:
    """Graphs by key, run one at a time under ``lock``; the one unused longest makes room for a new one."""

    def __init__(self, lock: threading.RLock | None = None) -> None:
        """None yet; ``lock``: that of other graphs of the same variables."""
        self.lock = threading.RLock() if lock is None else lock
        self._graphs: OrderedDict[tuple[Any, ...], Any] = OrderedDict()

    def kept(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """The graph of that key, made by ``make`` at its first use."""
        with self.lock:
            if key not in self._graphs:
                self._graphs[key] = make()
                if len(self._graphs) > MAX_GRAPHS:
                    self._graphs.popitem(last=False)
            self._graphs.move_to_end(key)
            return self._graphs[key]
