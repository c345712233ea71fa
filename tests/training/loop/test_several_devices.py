"""Devices that share each batch."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from tiny_training import draw_splits, new_run, small

from cnn_core.training.loop.run import TrainingRun

THREE_DEVICES = """
    import json, sys
    import tensorflow as tf
    from pathlib import Path
    sys.path += ["tests", "tests/training", "tests/training/loop"]
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 3)
    from test_several_devices import trained
    sys.stdout.write(json.dumps(trained(Path(sys.argv[1]))))
"""


def trained(folder: Path) -> tuple[list[str], list[float]]:
    """What runs of one, two and four pictures a batch compute on, and where the last one ends."""
    splits = draw_splits(folder)

    def made(batch_size: int, name: str) -> TrainingRun:
        config = small(epochs=2, batch_size=batch_size, optimizer="sgd", learning_rate=0.01)
        return new_run(config, splits, folder / name)

    names = [made(size, str(size)).devices.name for size in (1, 2, 4)]
    made(4, "trained").run()
    again = made(4, "trained")
    total = sum(float(np.abs(weights).sum()) for weights in again.network.kept_weights())
    return names, [again.history[-1]["loss"], again.history[-1]["val_loss"], total]


def trained_on_three(folder: Path, project_root: Path) -> tuple[list[str], list[float]]:
    """The same where there are three devices: in a process of its own, since they are set up once."""
    command = [sys.executable, "-c", textwrap.dedent(THREE_DEVICES), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=project_root, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    names, figures = json.loads(done.stdout)
    return names, figures


def test_devices_that_share_each_batch_learn_the_same_as_one_and_are_no_more_than_its_pictures(
    tmp_path: Path, project_root: Path
) -> None:
    one, figures = trained(tmp_path / "one")
    three, shared = trained_on_three(tmp_path / "three", project_root)
    assert (one, three) == (["CPU"] * 3, ["CPU", "2 x CPU", "3 x CPU"])
    assert shared == pytest.approx(figures, rel=2e-3)
