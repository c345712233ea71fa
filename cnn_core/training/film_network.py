"""One network that takes the weights of one epoch after the other, so that it is compiled once.

The epochs of a run differ in their weights alone. Opening each on its own builds and compiles the same
network every time, which takes longer than all that is asked of it.
"""

from __future__ import annotations

import json
import re
import tempfile
import zipfile
from collections.abc import Set
from pathlib import Path
from typing import Any

import keras

from cnn_core.models.card import ModelCard
from cnn_core.models.loading import opened_probe
from cnn_core.probe.flat_graph import flat_graph
from cnn_core.probe.probe import Probe

_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"  # in a .keras file
_SHARED = re.compile(r'"shared_object_id": (\d+)')
_COUNTED = re.compile(r"_\d+$")


class SharedNetwork:
    """Opens models one after the other; the last one asked for is the only one that may be used.

    A file of the same architecture as the last one gives its weights to the network that is there;
    nothing else of it is loaded. Any other file is opened as always.
    """

    def __init__(self) -> None:
        self._probe: Probe | None = None
        self._kept: frozenset[str] = frozenset()
        self._alike: tuple[Any, ...] = ()

    def __call__(self, path: Path, card: ModelCard) -> Probe:
        """The model of that file.

        Raises:
            ModelError: it is missing or damaged.
        """
        probe, self._probe = self._probe, None  # of no use any more if anything goes wrong
        config = _config(path)
        if probe is not None and config is not None:
            alike = self._alike == (_architecture(config, self._kept), card.preprocessing, card.classes)
            if alike and _takes_weights(probe.model, path):
                self._probe = probe
                return probe
        probe = opened_probe(path, card)
        if config is not None and not _has_other_state(probe.model):
            self._probe, self._kept = probe, _names_that_matter(probe)
            self._alike = (_architecture(config, self._kept), card.preprocessing, card.classes)
        return probe


def _config(path: Path) -> str | None:
    """What a file says of its network besides the weights, JSON; None if it cannot be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            config = archive.read(_CONFIG).decode()
        json.loads(config)
    except Exception:  # zip readers raise anything on damaged bytes; opening the model says what is wrong
        return None
    return config


def _architecture(config: str, kept: Set[str]) -> str:
    """``config`` without what differs between two epochs of a run, though their networks are the same.

    Parts that are used twice are known by where they were in memory, and what nobody gave a name is
    named by how many of its kind the process had made. Here all these are counted within the file.

    Args:
        config: from ``_config``.
        kept: names that stay as they are.
    """
    numbers: dict[str, int] = {}
    names: dict[str, None] = {}

    def note(part: dict[str, Any]) -> dict[str, Any]:
        inner = part.get("config")
        name = inner.get("name") if isinstance(inner, dict) else part.get("name")
        kind = str(part.get("class_name")).lower()
        if isinstance(name, str) and name not in kept and _COUNTED.sub("", name).replace("_", "") == kind:
            names[name] = None
        return part

    json.loads(config, object_hook=note)
    config = _SHARED.sub(lambda found: f'"shared": {numbers.setdefault(found[1], len(numbers))}', config)
    for number, name in enumerate(names):
        config = config.replace(f'"{name}"', f'"nameless {number}"')
    return config


def _names_that_matter(probe: Probe) -> frozenset[str]:
    """Names of layers by which weights are found or answers are stored."""
    weighed = {node.operation.name for node in flat_graph(probe.model).nodes if _variables(node.operation)}
    asked = {probe.default_cam_layer(head) or "" for head in range(len(probe.heads))}
    return frozenset(weighed | {name.rpartition("/")[2].partition("@")[0] for name in asked})


def _takes_weights(model: keras.Model, path: Path) -> bool:
    """Give a network the weights of a file; False, and the network of no use, where that cannot be."""
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
            if archive.getinfo(_WEIGHTS).compress_type != zipfile.ZIP_STORED:
                return False  # could be any size once it is unpacked
            # Keras would seek in the archive, which reads it anew from its start each time.
            model.load_weights(archive.extract(_WEIGHTS, folder))
    except Exception:  # Keras raises anything on damaged files; opening the model says what is wrong
        return False
    return True


def _has_other_state(model: keras.Model) -> bool:
    """Whether layers keep figures made of their weights, as an adapted normalisation does."""
    layers = (node.operation for node in flat_graph(model).nodes)
    return any(hasattr(layer, "finalize_state") and _variables(layer) for layer in layers)


def _variables(operation: Any) -> list[Any]:
    return list(getattr(operation, "variables", ()))
