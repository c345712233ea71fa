"""Keras and the backend, imported when they are first used.

Importing them takes seconds, and whoever only looks at stored results needs neither. Modules on the way to
these results take ``keras`` and ``backend`` from here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras as keras

    from cnn_core import backend as backend
else:

    class _Later:
        def __init__(self, name: str) -> None:
            self._name = name

        def __getattr__(self, attribute: str) -> Any:
            return getattr(import_module(self._name), attribute)

    keras, backend = _Later("keras"), _Later("cnn_core.backend")
