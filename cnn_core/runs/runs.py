"""All runs of one folder: launch, watch, stop, resume, remove.

Everything is a question to the disk, so any number of pages, notebooks and command lines may use the
same folder at once, and nothing is lost when one of them ends.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from cnn_core.datasets.source import DataSource
from cnn_core.errors import TrainingError
from cnn_core.files import nested, read_json
from cnn_core.runs.launching import NEW, TRAIN_COMMAND, create_run, queue_again, reap, start_process
from cnn_core.runs.locks import Lock, take_lock
from cnn_core.runs.run_view import RunReader, RunView, with_queue_places
from cnn_core.runs.spare import SpareProcess
from cnn_core.runs.stop_request import StopState, write_stop_request
from cnn_core.training.run_folder import CONFIG_FILE
from cnn_core.training.run_status import LOCK_FILE, change_state
from cnn_core.training.settings.config import TrainingConfig

REMOVED = ".removed-"
OLD_SECONDS = 3600.0  # making a folder takes an instant


class Runs:
    """The runs of one folder, one sub-folder each.

    Args:
        folder: made at the first launch.
        command: what trains one run in a process of its own.
    """

    def __init__(self, folder: Path, *, command: Sequence[str] = TRAIN_COMMAND) -> None:
        self.folder = Path(folder).absolute()
        self._command = tuple(command)
        self._reader = RunReader()
        self._spare: SpareProcess | None = None
        self._spare_lock = threading.Lock()

    def prepare(self) -> None:
        """Have a process load the framework for the run that is likely to be launched next.

        It takes the memory of a framework for ten minutes at most, and none while a run is at work.
        """
        with self._spare_lock:
            if (self._spare is None or not self._spare.waits) and not any(
                view.is_alive for view in self.all()
            ):
                with suppress(OSError):  # then the run starts its own
                    self._spare = SpareProcess()

    def launch(self, config: TrainingConfig, source: DataSource, *, title: str | None = None) -> str:
        """Start a run in a process of its own, called like its preset by default; it waits for its device.

        Returns:
            The key of the run.

        Raises:
            DataError: a data folder is not there.
            TrainingError: the folder cannot be written, or no process can be started.
        """
        with translate_os_errors("A new run could not be started"):
            folder, lock = create_run(self.folder, config, source, title=title or "")
            self._start(folder, lock)
        return folder.name

    def resume(self, key: str) -> None:
        """Go on with a run that has stopped before its end, after its last finished epoch.

        Raises:
            TrainingError: it is alive or finished, there is none, or no process can be started.
        """
        self._start_again(key)

    def finish_now(self, key: str) -> None:
        """End a run that has stopped: write the model of its finished epochs, without training another.

        Raises:
            TrainingError: it is alive, finished or without a finished epoch, there is none, or no process
                can be started.
        """
        self._start_again(key, finish=True)

    def _start_again(self, key: str, *, finish: bool = False) -> None:
        lock = self.queued_again(key, finish=finish)
        with translate_os_errors(f"The run could not be {'finished' if finish else 'resumed'}"):
            self._start(self.folder / key, lock)

    def queued_again(self, key: str, *, finish: bool = False) -> Lock:
        """Put a run that has stopped before its end into the queue again, only to ``finish`` it if so wished.

        Returns:
            The lock of its folder, for whoever trains it now.

        Raises:
            TrainingError: it is alive, finished, or without a finished epoch; or there is none.
        """
        done = "finished" if finish else "resumed"
        with ExitStack() as undo:
            lock = undo.enter_context(self._locked(key, done))
            view = self._read(key, mine=True)
            if not view.can_resume:
                raise TrainingError(
                    f"Expected a run that has stopped before its end. Received: {view.title}, which is "
                    f"{view.state}. Launch a new run instead."
                )
            if finish and not view.can_finish:
                raise TrainingError(
                    f"Expected a run with a finished epoch. Received: {view.title}, which has none. "
                    "Resume it, or launch a new run."
                )
            with translate_os_errors(f"The run could not be {done}"):
                queue_again(view.folder, view.config.device, finish=finish)
            undo.pop_all()  # it stays locked
        return lock

    def stop(self, key: str, state: StopState = "paused") -> None:
        """Ask a run to stop after its current step; one that has no process is only marked as cancelled.

        Args:
            state: what it becomes. Both can be resumed; ``cancelled`` says that nobody means to.

        Raises:
            TrainingError: there is no such run, or its folder cannot be written.
        """
        view = self._read(key)
        with translate_os_errors("The run could not be stopped"):
            if view.is_alive:
                write_stop_request(view.folder, state)
            elif state == "cancelled" and view.can_resume:
                with self._locked(key, "cancelled"):
                    if self._read(key, mine=True).can_resume:  # nobody has finished it meanwhile
                        change_state(view.folder, "cancelled")

    def remove(self, key: str) -> None:
        """Delete a run with all that belongs to it, its model too; of a link to a run, only the link.

        Raises:
            TrainingError: it is alive, there is none, or it cannot be deleted.
        """
        with self._locked(key, "removed"), translate_os_errors("The run could not be removed"):
            self._remove_leftovers()
            doomed = self.folder / f"{REMOVED}{time.time_ns()}-{key}"
            (self.folder / key).rename(doomed)  # vanishes at once, also if deleting takes long
            with suppress(FileNotFoundError):  # somebody who removes another run helps
                if doomed.is_symlink():
                    doomed.unlink()
                else:
                    shutil.rmtree(doomed)

    def all(self) -> tuple[RunView, ...]:
        """Every run that can be read, newest first."""
        reap()
        try:
            names = [path.name for path in self.folder.iterdir() if not path.name.startswith(".")]
        except OSError:
            return ()
        views = (self._reader.view(self.folder / name) for name in names)
        found = with_queue_places(self.folder, (view for view in views if view is not None))
        return tuple(sorted(found, key=lambda view: (-view.created, view.key)))

    def view(self, key: str) -> RunView:
        """One run.

        Raises:
            TrainingError: there is none.
        """
        reap()
        return with_queue_places(self.folder, [self._read(key)])[0]

    def _read(self, key: str, *, mine: bool = False) -> RunView:
        view = self._reader.view(self._folder_of(key), mine=mine)
        if view is None:
            raise TrainingError(
                f"Expected the name of a run in {self.folder}. Received: {key!r}. Choose one from the list."
            )
        return view

    def _folder_of(self, key: str) -> Path:
        if not key or key != Path(key).name or key.startswith(".") or "\0" in key:
            raise TrainingError(f"Expected the name of a run. Received: {key!r}. Choose one from the list.")
        return self.folder / key

    def _locked(self, key: str, done: str) -> Lock:
        """The lock of a run without a process."""
        folder = self._folder_of(key)
        if not (folder / CONFIG_FILE).exists():
            self._read(key)  # says that there is none
        with translate_os_errors(f"The run could not be {done}"):
            lock = take_lock(folder / LOCK_FILE)
        if lock is None:
            view = self._read(key)
            raise TrainingError(
                f"Expected a run that has stopped. Received: {view.title}, which is {view.state}: it cannot "
                f"be {done} now. Pause or cancel it first, and wait until it has stopped."
            )
        return lock

    def _start(self, folder: Path, lock: Lock) -> None:
        try:
            start_process(folder, lock, self._command, self._taken_spare(folder))
        except OSError as error:
            reason = f"No process could be started: {error}."
            change_state(folder, "failed", reason=reason, advice="Resume the run to try again.")
            raise

    def _taken_spare(self, folder: Path) -> SpareProcess | None:
        """The spare process, if it has loaded the framework as the run wants it."""
        device = nested(read_json(folder / CONFIG_FILE), "config").get("device")
        if device != TrainingConfig().device or self._command != TRAIN_COMMAND:
            return None
        with self._spare_lock:
            spare, self._spare = self._spare, None
        return spare

    def _remove_leftovers(self) -> None:
        """Folders whose removal, or whose making, was interrupted."""
        for path in self.folder.glob(f"{REMOVED}*"):
            shutil.rmtree(path, ignore_errors=True)
        for path in self.folder.glob(f"{NEW}*"):
            with suppress(OSError):  # gone
                if time.time() - path.stat().st_mtime > OLD_SECONDS:
                    shutil.rmtree(path, ignore_errors=True)


@contextmanager
def translate_os_errors(what: str) -> Iterator[None]:
    """Turn an error of the operating system into a sentence that begins with ``what``.

    Raises:
        TrainingError: instead of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise TrainingError(
            f"{what}: {error.strerror or error}{f' ({error.filename})' if error.filename else ''}. "
            "Look whether the disk is full and the folder of the runs can be written (CONVSCOPE_RUNS)."
        ) from error
