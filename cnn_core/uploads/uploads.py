"""Uploaded models: read in a process of their own, and kept in a folder each, clean and with a card."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from cnn_core import paths
from cnn_core.errors import ModelError
from cnn_core.files import read_json, replacing, write_json
from cnn_core.models.card import CARD_FILE, MODEL_FILE, read_card
from cnn_core.uploads.reading import FOUND_FILE

MAX_UPLOAD_BYTES = 500 * 2**20
FETCHED_BYTES = 2 * 2**30  # of weights that Keras publishes
MAX_MODELS = 50
SECONDS = 300.0
PARTIAL = ".new-"
LONGEST_TITLE = 80
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


class UploadedModels:
    """The models in one folder, which nobody else writes."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is made with the first model."""
        self.folder = folder

    def add(self, file: BinaryIO, name: str, *, private: bool = False, application: str = "") -> str:
        """Read a model and keep it.

        Args:
            file: its bytes, from here on.
            name: of the file; becomes the title.
            application: network of ``keras.applications`` that these are the weights of, where that is known.
            private: give it a key that cannot be guessed, and the room of the oldest if there is none.

        Returns:
            Its key.

        Raises:
            ModelError: too large, or no model that is safe and understood; the message says why.
            OSError: nothing can be written there.
        """
        while private and len(there := self.kept()) >= MAX_MODELS:  # nobody else can remove them
            self.remove(min(there, key=lambda key: (self.folder / key).stat().st_mtime))
        if len(self.kept()) >= MAX_MODELS:
            raise ModelError(f"Expected at most {MAX_MODELS} uploaded models. Remove one first.")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._remove_partial()
        title = Path(name).stem[:LONGEST_TITLE] or "Model"
        with tempfile.TemporaryDirectory(prefix=PARTIAL, dir=self.folder) as made:
            work = Path(made)
            _copy(file, work / "upload", FETCHED_BYTES if application else MAX_UPLOAD_BYTES)
            found = _read_apart(work / "upload", work, application)
            kept = work / "kept"
            kept.mkdir()
            (work / MODEL_FILE).rename(kept / MODEL_FILE)
            write_json(kept / CARD_FILE, {"title": title, **found["card"], "guessed": found["reasons"]})
            return self._in_place(kept, title, private=private)

    def _in_place(self, kept: Path, title: str, *, private: bool) -> str:
        slug = _UNSAFE.sub("-", title).strip("-").lower() or "model"
        ending = f"-{secrets.token_hex(6)}" if private else ""
        for number in range(1, 1000):
            key = f"{slug}{'' if number == 1 else f'-{number}'}{ending}"
            if (paths.models_folder() / key).exists() or (paths.runs_folder() / key).exists():
                continue
            with suppress(OSError):  # taken
                kept.rename(self.folder / key)
                return key
        raise ModelError(f"Expected a name that is free. Received: {title!r}. Rename the file.")

    def kept(self) -> tuple[str, ...]:
        """Those that are kept, in alphabetical order."""
        return tuple(sorted(path.parent.name for path in self.folder.glob(f"[!.]*/{CARD_FILE}")))

    def describe(self, key: str, changes: Mapping[str, Any]) -> None:
        """Change fields of a card, its title among them.

        Raises:
            ModelError: there is no such model, or the card could no longer be read; then it stays as it was.
        """
        path = self._folder_of(key) / CARD_FILE
        card = {**read_json(path), **changes}
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(card, indent=2, ensure_ascii=False), encoding="utf-8")
            read_card(temporary, key)

    def remove(self, key: str) -> None:
        """Remove a model for good.

        Raises:
            ModelError: there is no such model.
        """
        folder = self._folder_of(key)
        gone = folder.with_name(f"{PARTIAL}{folder.name}")
        folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    def _folder_of(self, key: str) -> Path:
        if key not in self.kept():
            raise ModelError(f"Expected an uploaded model. Received: {key!r}. Choose one from the list.")
        return self.folder / key

    def _remove_partial(self) -> None:
        for path in self.folder.glob(f"{PARTIAL}*"):
            with suppress(OSError):
                if path.stat().st_mtime < time.time() - 2 * SECONDS:
                    shutil.rmtree(path, ignore_errors=True)


def _copy(file: BinaryIO, path: Path, most_bytes: int) -> None:
    size = 0
    with path.open("wb") as target:
        while chunk := file.read(2**20):
            size += len(chunk)
            if size > most_bytes:
                raise ModelError(
                    f"Expected at most {most_bytes // 2**20} MB. Received: more. Put the model into a "
                    "folder of the folder `models`, with its card."
                )
            target.write(chunk)


def _read_apart(path: Path, folder: Path, application: str) -> dict[str, Any]:
    """What the process that reads a model has found.

    Raises:
        ModelError: it says no, or comes to no end.
    """
    kept = ("PATH", "LANG", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "SYSTEMROOT")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "cnn_core.uploads.reading", str(path), str(folder), application],
            cwd=paths.PROJECT,
            env={**environment, "HOME": str(folder), "TMPDIR": str(folder), "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            status = process.wait(SECONDS)
        except subprocess.TimeoutExpired as error:
            raise ModelError(
                f"Expected a model that is built within {SECONDS / 60:.0f} minutes. Received: one that takes "
                "longer. Choose a smaller one."
            ) from error
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    found = read_json(folder / FOUND_FILE)
    if "error" in found:
        raise ModelError(str(found["error"]))
    if status != 0 or not {"card", "reasons"} <= found.keys() or not (folder / MODEL_FILE).is_file():
        raise ModelError(
            "Expected a model that can be built here. Received: one whose building broke off "
            f"({_ending(status)}). Choose a smaller one."
        )
    return found


def _ending(status: int) -> str:
    """Why a process ended; memory and time have limits, and what breaks them is killed."""
    if status == -signal.SIGXCPU:
        return "it took too long"
    return "it wants more memory than there is" if status < 0 else f"status {status}"
