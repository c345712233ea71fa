"""A process that behaves like ``python -m cnn_core train``, with a trainer that only counts.

The title of the run says what shall happen: ``count`` to the end, or one of the accidents below.
"""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
import time
from pathlib import Path

from cnn_core.errors import Cancelled, ConvscopeError, TrainingError
from cnn_core.runs.locks import Lock
from cnn_core.runs.worker import Job, lower_priority, train
from cnn_core.training.run_folder import RunFolder
from cnn_core.training.run_status import change_state

STEPS = 5
STEP_SECONDS = 0.02


def count(job: Job) -> None:
    """Count, with a line in ``.turns`` beside all runs before and after."""
    with (job.folder.parent / ".turns").open("a", encoding="utf-8", buffering=1) as turns:
        turns.write(f"{job.folder.name} begins\n")
        try:
            _count(job)
        finally:
            turns.write(f"{job.folder.name} ends\n")


def _count(job: Job) -> None:
    """Epochs of a few steps each, going on where the history ends."""
    folder = RunFolder(job.folder)
    history = folder.history()
    with (job.folder / "processes.txt").open("a", encoding="utf-8") as file:
        file.write(f"{os.getpid()} {time.time_ns()}\n")
    if job.finish_only:
        return
    for epoch in range(len(history) + 1, job.config.epochs + 1):
        for step in range(1, STEPS + 1):
            time.sleep(STEP_SECONDS)
            change_state(job.folder, "running", epoch=epoch, epochs=job.config.epochs, step=step, steps=STEPS)
            folder.add_step({"epoch": epoch, "step": step, "steps": STEPS, "loss": 1 / step, "accuracy": 0.5})
            if job.stopped():
                raise Cancelled("Stopped.")
        history.append({"epoch": float(epoch), "loss": 1 / epoch, "val_accuracy": epoch / 100})
        folder.write_history(history)
        accident(str(folder.title()), epoch)


def accident(title: str, epoch: int) -> None:
    """What the title asks for happens after the first epoch."""
    if epoch > 1:
        return
    if title == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if title == "disk full":
        raise OSError(errno.ENOSPC, "No space left on device")
    if title == "not a number":
        raise TrainingError("Expected a finite loss. Received: nan. Lower the learning rate.")
    if title == "bus error":
        os.kill(os.getpid(), signal.SIGBUS)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", type=Path)
    parser.add_argument("--lock", type=int)
    options = parser.parse_args()
    lower_priority()
    try:
        train(options.run, Lock(options.lock), trainer=count)
    except ConvscopeError:
        return 1
    return 0 if not {"keras", "tensorflow"} & set(sys.modules) else 2


if __name__ == "__main__":
    sys.exit(main())
