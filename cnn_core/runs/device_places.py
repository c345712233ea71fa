"""What all runs of a person on one machine share: the locks of the devices, and who may be waiting where.

It lies in the cache, apart from the folders of the runs, since a device does not care in which of them its
run lies. Where the cache cannot be written, every folder of runs keeps locks of its own.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cnn_core import paths
from cnn_core.files import replacing
from cnn_core.runs.locks import Lock, is_locked

BOOT_FILE = Path("/proc/sys/kernel/random/boot_id")  # one for all containers of a machine


def device_lock(runs_folder: Path, device: str) -> Path:
    """The file whose lock is held by the one run that uses a device.

    Args:
        runs_folder: holds the file where the cache cannot be written.
        device: ``cpu`` or ``gpu``.
    """
    shared = _shared()
    return runs_folder / f".device-{device}.lock" if shared is None else shared / f"{device}.lock"


def tell_holder(lock: Lock, run: Path) -> None:
    """Write into the file of a device's lock, which this process holds, which run uses the device."""
    path = os.fsencode(run)
    with suppress(OSError):  # a full disk; it is only to be shown
        os.ftruncate(lock.descriptor, 0)
        os.pwrite(lock.descriptor, path, 0)


def holder_of(runs_folder: Path, device: str) -> Path | None:
    """The folder of the run that uses a device now; None where nobody does, or it did not say so."""
    path = device_lock(runs_folder, device)
    try:
        name = path.read_bytes() if is_locked(path) else b""
    except OSError:
        return None
    return Path(os.fsdecode(name)) if name else None


def tell_waiting(runs_folder: Path) -> None:
    """Let the others know that a run waits in ``runs_folder``; costs a look where they know."""
    shared = _shared()
    if shared is None:
        return
    name = hashlib.sha256(os.fsencode(runs_folder)).hexdigest()[:16]
    entry = shared / f"{name}.runs"
    if not entry.exists():
        with suppress(OSError), replacing(entry) as temporary:
            temporary.write_bytes(os.fsencode(runs_folder))


def waiting_folders(runs_folder: Path) -> Iterator[Path]:
    """``runs_folder`` and all others in which runs may wait; those that are gone are forgotten."""
    yield runs_folder
    shared, known = _shared(), {runs_folder.resolve()}
    for entry in () if shared is None else sorted(shared.glob("*.runs")):
        with suppress(OSError):
            folder = Path(os.fsdecode(entry.read_bytes()))
            if not folder.is_dir():
                entry.unlink()
            elif folder.resolve() not in known:  # one folder may be known by two names
                known.add(folder.resolve())
                yield folder


def _shared() -> Path | None:
    """The folder of this machine in the cache, None if it cannot be written."""
    try:
        machine = BOOT_FILE.read_text(encoding="ascii").strip()
    except OSError:
        machine = platform.node() or "machine"
    folder = paths.cache_folder() / "devices" / machine
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return folder if os.access(folder, os.W_OK) else None
