"""Index a data set: every photo once through the network, stored so that it goes on after any stop."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from cnn_core.errors import ConvscopeError, DataError
from cnn_core.files import read_json, remove_half_written, write_json, writing_into
from cnn_core.neurons.bins import HIGHEST_EXPONENT, LOWEST_EXPONENT, PER_DOUBLING
from cnn_core.neurons.channel_figures import indexed_layers
from cnn_core.neurons.columns import DamagedFileError
from cnn_core.neurons.merging import layer_file, write_images, write_layer
from cnn_core.neurons.part_computation import Files, IndexedModel, computed_parts
from cnn_core.neurons.parts import (
    PART_IMAGES,
    Part,
    StoredPart,
    known_parts,
    remove_part,
    stored_part,
    write_part,
)
from cnn_core.neurons.photo_index import IMAGES_FILE, METADATA_FILE, VERSION, PhotoIndex
from cnn_core.neurons.photo_set import PhotoFile, PhotoSet
from cnn_core.neurons.projection import projection_note
from cnn_core.progress import SILENT, Progress

COMPUTING_SHARE = 0.95  # of the time, the rest is spent adding up
LEFT_SECONDS = 3600.0  # what was being written and is older belongs to a process that is dead
NAME_LENGTH = 24

Compute = Callable[[IndexedModel, Path, Sequence[Files], Callable[[int], None]], Iterator[Part]]


def index_folder(cache: Path, model_fingerprint: str, photos: PhotoSet) -> Path:
    """Where the index of a network over photos lies; nothing need be there."""
    name = f"{model_fingerprint[:NAME_LENGTH]}-{photos.fingerprint()[:NAME_LENGTH]}"
    return cache / "index" / name


def known_index(cache: Path, model_fingerprint: str, photos: PhotoSet) -> PhotoIndex | None:
    """The finished index of a network over photos as they are now, else None."""
    try:
        found = PhotoIndex(
            index_folder(cache, model_fingerprint, photos), model_fingerprint=model_fingerprint
        )
        found.check()
    except ConvscopeError:
        return None
    return found


def index_photos(
    model: IndexedModel,
    photos: PhotoSet,
    cache: Path,
    progress: Progress = SILENT,
    compute: Compute = computed_parts,
) -> PhotoIndex:
    """The index of a network over photos: the stored one, or what is missing of it computed now.

    It is computed in parts, each stored when it is done: whoever goes on later loses no more than one, and
    after photos were added only these are computed. A part of which a photo was removed or changed, or that
    is damaged, is computed anew.

    Args:
        model: the network.
        photos: the data set; a photo that cannot be read is named in the index, and left out.
        cache: folder of stored results.
        progress: told the share done.
        compute: how parts are computed: on this machine, or on several.

    Raises:
        DataError: no photo can be read, or the folder cannot be written.
        Cancelled: ``progress`` said so.
    """
    folder = index_folder(cache, model.fingerprint, photos)
    known = known_index(cache, model.fingerprint, photos)
    if known is not None:
        progress(1.0)
        return known
    place = folder.parent / f"{model.fingerprint[:NAME_LENGTH]}-parts"
    with writing_into(place):
        place.mkdir(parents=True, exist_ok=True)
    for each in (place, folder.parent):
        remove_half_written(each, older_than_seconds=LEFT_SECONDS)
    while True:
        parts = _parts(model, photos, place, progress.between(0, COMPUTING_SHARE), compute)
        try:
            _merge(model, photos, parts, folder, progress.between(COMPUTING_SHARE, 1))
            break
        except DamagedFileError:
            if not _remove_damaged(parts):
                raise
    _remove_outdated(photos, folder, place)
    progress(1.0)
    return PhotoIndex(folder, model_fingerprint=model.fingerprint)


def _parts(
    model: IndexedModel, photos: PhotoSet, place: Path, progress: Progress, compute: Compute
) -> list[StoredPart]:
    """All parts of the photos, in the order of their photos."""
    order = {file: number for number, file in enumerate(photos.files)}
    parts: list[StoredPart] = []
    have: set[PhotoFile] = set()
    for part in known_parts(place):
        if part.folder == str(photos.folder) and all(f in order and f not in have for f in part.files):
            parts.append(part)
            have.update(part.files)
    missing = [file for file in photos.files if file not in have]
    plans = [missing[start : start + PART_IMAGES] for start in range(0, len(missing), PART_IMAGES)]
    done = len(have)

    def tell(count: int) -> None:
        nonlocal done
        done += count
        progress(min(1.0, done / len(order)))

    for computed in compute(model, photos.folder, plans, tell):
        parts.append(stored_part(write_part(place, computed)))
    return sorted(parts, key=lambda part: order[part.files[0]])


def _merge(
    model: IndexedModel, photos: PhotoSet, parts: Sequence[StoredPart], folder: Path, progress: Progress
) -> None:
    """Write the index of ``parts`` into ``folder``, whole or not at all."""
    full = [part for part in parts if part.images]
    unread = {part.files[i].path: reason for part in parts for i, reason in part.reasons.items()}
    if not full:
        path, reason = next(iter(unread.items()))
        raise DataError(
            f"Expected photos that can be read. Received: none among {len(photos.files):,} files, the first "
            f"of them {path}: {reason} Name another folder."
        )
    layers = indexed_layers(model.probe)
    classes = tuple(sorted({file.label for part in full for file in part.images}))
    images = sum(len(part.images) for part in full)
    steps, done = len(layers) * len(full), 0

    def tell() -> None:
        nonlocal done
        done += 1
        progress(done / steps)

    temporary = folder.with_name(f".{folder.name}.{os.getpid()}-{threading.get_ident()}")
    with writing_into(folder.parent):
        try:
            temporary.mkdir()
            write_images(temporary / IMAGES_FILE, full, classes)
            silent = [
                write_layer(temporary / layer_file(number), full, number, layer, classes, tell)
                for number, layer in enumerate(layers)
            ]
            metadata = {
                "version": VERSION,
                "model_key": model.key,
                "model_fingerprint": model.fingerprint,
                "data_folder": str(photos.folder),
                "data_fingerprint": photos.fingerprint(),
                "limit": photos.limit,
                "classes": classes,
                "empty_classes": [
                    *photos.empty_classes, *(name for name in photos.classes if name not in classes)
                ],
                "images": images,
                "unread": unread,
                "layers": [[layer.name, layer.channels] for layer in layers],
                "never_fire": silent,
                "bin_exponents": [LOWEST_EXPONENT, HIGHEST_EXPONENT],
                "bins_per_doubling": PER_DOUBLING,
                "vector_projection": projection_note(full[0].vector_length),
                "parts": [part.place.name for part in parts],
            }  # fmt: skip
            write_json(temporary / METADATA_FILE, metadata)
            shutil.rmtree(folder, ignore_errors=True)
            temporary.rename(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _remove_damaged(parts: Sequence[StoredPart]) -> int:
    """Remove the parts that cannot be read to their end; how many."""
    removed = 0
    for part in parts:
        try:
            part.check()
        except DamagedFileError:
            remove_part(part)
            removed += 1
    return removed


def _remove_outdated(photos: PhotoSet, folder: Path, place: Path) -> None:
    """Remove older indices of the same photos, and the parts that no index is made of any longer."""
    model = folder.name.split("-")[0]
    used: set[str] = set()
    for each in folder.parent.glob(f"{model}-*"):
        metadata = read_json(each / METADATA_FILE)
        same = metadata.get("data_folder") == str(photos.folder) and metadata.get("limit") == photos.limit
        if each != folder and same:
            shutil.rmtree(each, ignore_errors=True)
        else:
            used.update(metadata.get("parts", ()))
    for part in known_parts(place):
        if part.folder == str(photos.folder) and part.place.name not in used:
            shutil.rmtree(part.place, ignore_errors=True)
