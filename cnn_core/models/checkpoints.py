"""The epochs that a run kept, in one network: each puts its weights in place while it is asked.

The epochs of a run differ in their weights alone. Opening each on its own builds and compiles the same
network every time, which takes longer than all that is asked of it.
"""

from __future__ import annotations

import json
import re
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.errors import ModelError
from cnn_core.files import FileStamp, file_stamp
from cnn_core.framework import keras
from cnn_core.models.card import ModelCard
from cnn_core.models.loading import opened_probe
from cnn_core.models.refusal import refused_model
from cnn_core.probe.flat_graph import flat_graph
from cnn_core.probe.probe import Probe

REMEMBERED_BYTES = 128 * 2**20  # of weights, per run; reading them takes longer than to put them in place
_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"  # in a .keras file
_SHARED = re.compile(r'"shared_object_id": (\d+)')


class SharedNetwork:
    """Opens the checkpoints of a run: those of one architecture as one network, compiled once.

    Every probe that it gives answers as its own file would, from any number of threads. A file of another
    architecture than the first is opened as a model of its own.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._probe: Probe | None = None
        self._similar: object = None
        self._in_place: tuple[Path, FileStamp] | None = None
        self._cached: dict[Path, tuple[FileStamp, list[NDArray[Any]]]] = {}

    def probe(self, path: Path, card: ModelCard) -> Probe:
        """The model of a file.

        Raises:
            ModelError: it is missing or damaged.
        """
        stamp, config = file_stamp(path), _shareable_config(path)
        if stamp is None or config is None:
            return opened_probe(path, card)
        alike = _without_counts(config), card.preprocessing, card.classes
        with self._lock:
            if self._probe is not None and alike != self._similar:
                return opened_probe(path, card)
            if self._probe is None:
                probe = opened_probe(path, card)
                if _has_other_state(probe.model):
                    return probe
                self._probe, self._similar, self._in_place = probe, alike, (path, stamp)
            return self._probe.with_weights(_Weights(self, path, stamp))

    def take(self, path: Path, stamp: FileStamp) -> None:
        """Wait for a turn, and put the weights of a file in place; ``leave`` ends it.

        Raises:
            ModelError: the file is gone, damaged, or another one than when it was opened.
        """
        self._lock.acquire()
        try:
            if self._in_place != (path, stamp) and self._probe is not None:
                self._put_in_place(self._probe.model, path, stamp)
        except BaseException:
            self._lock.release()
            raise

    def leave(self) -> None:
        """End a turn that ``take`` began."""
        self._lock.release()

    def _put_in_place(self, model: keras.Model, path: Path, stamp: FileStamp) -> None:
        self._in_place = None  # the network is of no use if anything goes wrong
        known, weights = self._cached.get(path, (None, []))
        if known == stamp:
            model.set_weights(weights)
        else:
            _load_weights(model, path)
            if file_stamp(path) != stamp:
                raise ModelError(
                    f"Expected {path.parent.name}/{path.name} as it was opened. Received another file in "
                    "its place. Ask again."
                )
            self._remember(model, path, stamp)
        self._in_place = path, stamp

    def _remember(self, model: keras.Model, path: Path, stamp: FileStamp) -> None:
        """Keep weights in memory as long as there is room: epochs are asked in turn, over and over."""
        self._cached.pop(path, None)
        weights = [np.array(values) for values in model.get_weights()]
        kept = [weights, *(others for _, others in self._cached.values())]
        if sum(values.nbytes for one in kept for values in one) <= REMEMBERED_BYTES:
            self._cached[path] = stamp, weights


class _Weights:
    """While it is held, the weights of one file are in place and stay there."""

    def __init__(self, network: SharedNetwork, path: Path, stamp: FileStamp) -> None:
        self._network, self._path, self._stamp = network, path, stamp

    def __enter__(self) -> None:
        self._network.take(self._path, self._stamp)

    def __exit__(self, *error: object) -> None:
        self._network.leave()


def _shareable_config(path: Path) -> str | None:
    """What a file says of its network besides the weights, JSON; None if it is to be opened as any model.

    Packed weights could be of any size once they are unpacked.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(_WEIGHTS).compress_type != zipfile.ZIP_STORED:
                return None
            config = archive.read(_CONFIG).decode()
        json.loads(config)
    except Exception:  # zip readers raise anything on damaged bytes; opening the model says what is wrong
        return None
    return config


def _without_counts(config: str) -> str:
    """``config`` without what differs between two epochs of a run, though their networks are the same.

    Parts that are used twice are known by where they were in memory, and what is no layer, as padding by an
    operation, the input or the network itself, is named by how many of its kind the process had made. Here
    all these are counted within the file.
    """
    numbers: dict[str, int] = {}
    names: dict[str, None] = {}

    def note(part: dict[str, Any]) -> dict[str, Any]:
        inner = part.get("config")
        name = inner.get("name") if isinstance(inner, dict) else part.get("name")
        layer = part.get("module") == "keras.layers" and part["class_name"] != "InputLayer"
        if isinstance(name, str) and "class_name" in part and not layer:
            names[name] = None
        return part

    json.loads(config, object_hook=note)
    config = _SHARED.sub(lambda found: f'"shared": {numbers.setdefault(found[1], len(numbers))}', config)
    for number, name in enumerate(names):
        config = config.replace(f'"{name}"', f'"nameless {number}"')
    return config


def _load_weights(model: keras.Model, path: Path) -> None:
    """Give a network the weights of a file.

    Raises:
        ModelError: it is gone or damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
            # Keras would seek in the archive, which reads it anew from its start each time.
            model.load_weights(archive.extract(_WEIGHTS, folder))
    except Exception as error:  # Keras raises anything on damaged files
        raise refused_model(path, error) from error


def _has_other_state(model: keras.Model) -> bool:
    """Whether layers keep figures made of their weights, as an adapted normalisation does."""
    layers = [node.operation for node in flat_graph(model).nodes]
    return any(hasattr(layer, "finalize_state") and getattr(layer, "variables", ()) for layer in layers)
