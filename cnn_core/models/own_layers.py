"""Layers of one's own, from Python files that whoever starts Convscope has named."""

from __future__ import annotations

import importlib.util
import sys
import threading
from pathlib import Path

from cnn_core import paths
from cnn_core.errors import ModelError

_lock = threading.Lock()


def import_own_layers() -> None:
    """Import the files of ``CONVSCOPE_CODE``, each once; their classes register themselves with Keras.

    Raises:
        ModelError: a file that is not there, or whose code fails; the message names it.
    """
    with _lock:
        for path in paths.own_code():
            name = f"convscope_code_{path.stem}_{abs(hash(str(path.absolute())))}"
            if name not in sys.modules:
                _import(name, path)


def _import(name: str, path: Path) -> None:
    specification = importlib.util.spec_from_file_location(name, path)
    try:
        if specification is None or specification.loader is None:
            raise FileNotFoundError("no Python file")
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
    except Exception as error:  # whatever the code raises
        raise ModelError(
            f"Expected Python code with layers in {path}, which CONVSCOPE_CODE names. Received: "
            f"{type(error).__name__}, {str(error)[:200]}. Correct the file, or leave it out."
        ) from error
    sys.modules[name] = module
