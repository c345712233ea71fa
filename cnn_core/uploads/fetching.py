"""Networks of ``keras.applications`` by name: their weights are downloaded once, and kept as a model."""

from __future__ import annotations

from pathlib import Path

from cnn_core.errors import DataError
from cnn_core.models.applications import application_named, published_weights
from cnn_core.progress import SILENT, Progress
from cnn_core.uploads.uploads import UploadedModels
from cnn_core.web_files import downloaded

BUILT, DOWNLOADED = 0.05, 0.85  # shares of the time
LOCAL_WAY = "Or add the weight file, or a model with it, under Add a model."


def fetched(
    models: UploadedModels, name: str, folder: Path, progress: Progress = SILENT, *, private: bool = False
) -> str:
    """Fetch a network with its ImageNet weights and keep it among uploaded models; gives its key.

    Args:
        models: takes the network.
        name: in ``keras.applications``.
        folder: holds the download until the network is kept.
        progress: told the share done.
        private: as in ``UploadedModels.add``.

    Raises:
        DataError: no such network, no internet, or another file than the published one.
        ModelError: there is no room for it.
        Cancelled: ``progress`` said so; nothing is left behind.
    """
    application = application_named(name)
    progress(0.0)
    url, digest = published_weights(application)
    try:
        file = downloaded(url, digest, folder, progress.between(BUILT, DOWNLOADED))
    except DataError as error:
        raise DataError(f"{error} {LOCAL_WAY}") from None
    progress(DOWNLOADED)
    with file.open("rb") as weights:
        key = models.add(weights, f"{name} (ImageNet)", private=private, application=name)
    file.unlink(missing_ok=True)
    progress(1.0)
    return key
