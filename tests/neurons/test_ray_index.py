"""An index computed by a Ray cluster is that of this machine, also where a worker dies."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from tiny_model import write_tiny_model
from tiny_photos import write_class_folders

from cnn_core import open_explorer
from cnn_core.__main__ import main
from cnn_core.cluster.ray_parts import RayParts
from cnn_core.indexed_model import indexed_model
from cnn_core.neurons.indexing import index_photos
from cnn_core.neurons.photo_index import ChannelFigures
from cnn_core.neurons.photo_set import photo_set
from cnn_core.progress import Progress


def worker_processes() -> list[int]:
    """Processes of actors that compute parts."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if command.startswith(b"ray::_PartWorker"):
                found.append(int(entry.name))
    return found


@pytest.mark.filterwarnings("ignore")
def test_two_workers_of_which_one_is_killed_find_what_this_machine_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = pytest.importorskip("ray")
    (tmp_path / "models").mkdir()
    monkeypatch.setenv("CONVSCOPE_MODELS", str(write_tiny_model(tmp_path / "models")))
    photos = photo_set(write_class_folders(tmp_path / "photos", 900))
    model = indexed_model(open_explorer(cache_folder=tmp_path / "results"), "tiny")
    killed: list[int] = []

    def kill_one(share: float, preview: object) -> None:
        if share > 0 and not killed:
            killed.append(worker_processes()[0])
            os.kill(killed[0], signal.SIGKILL)

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        shared = index_photos(
            model, photos, tmp_path / "ray", Progress(tell=kill_one), RayParts(address="local", workers=2)
        )
    finally:
        ray.shutdown()
    assert killed
    alone = index_photos(model, photos, tmp_path / "alone")
    assert shared.images().paths == alone.images().paths
    np.testing.assert_array_equal(shared.images().scores, alone.images().scores)
    for layer in alone.layers:
        for field in ChannelFigures.__dataclass_fields__:
            one, other = (getattr(index.channels(layer.name), field) for index in (shared, alone))
            np.testing.assert_array_equal(one, other)
        for channel in range(layer.channels):
            assert shared.top(layer.name, channel) == alone.top(layer.name, channel)


def test_without_ray_the_command_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "models").mkdir()
    monkeypatch.setenv("CONVSCOPE_MODELS", str(write_tiny_model(tmp_path / "models")))
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    photos = write_class_folders(tmp_path / "photos", 1)
    assert main(["index", "tiny", str(photos), "--ray", "auto"]) == 1
    assert "convscope[cluster]" in capsys.readouterr().err
