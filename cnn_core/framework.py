"""Keras and the backend, imported when they are first used.

Importing them takes seconds, and whoever only looks at stored results needs neither. Modules on the way to
these results take ``keras`` and ``backend`` from here.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

_lock = threading.RLock()  # TensorFlow fails where two threads import parts of it at once
_afterwards: list[Callable[[], None]] = []


def after_import(act: Callable[[], None]) -> None:
    """Have something done once the framework is imported and before anybody uses it; at once if it is."""
    with _lock:
        _afterwards.append(act)
        if "keras" in sys.modules:
            _act()


def _act() -> None:
    while _afterwards:
        _afterwards.pop(0)()


if TYPE_CHECKING:
    import keras as keras

    from cnn_core import backend as backend
else:

    class _Later:
        """A module that is imported when something of it is asked for."""

        def __init__(self, name: str) -> None:
            self._name, self._module = name, None

        def __getattr__(self, attribute: str) -> Any:
            if self._module is None:
                with _lock:
                    module = import_module(self._name)
                    _act()
                    self._module = module
            return getattr(self._module, attribute)

    keras, backend = _Later("keras"), _Later("cnn_core.backend")
