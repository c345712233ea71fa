"""The networks of ``keras.applications``: what they take, how large they are, and how they are built."""

from __future__ import annotations

import json
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnn_core import paths
from cnn_core.errors import DataError
from cnn_core.files import read_json
from cnn_core.models.card import CARD_FILE

if TYPE_CHECKING:
    import keras

IMAGENET_MODEL = "efficientnet_lite0"  # bundled; its card has the names of the thousand classes
IMAGENET_CLASSES = 1000
_ASKING = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One network with ImageNet weights.

    Attributes:
        name: in ``keras.applications``.
        size_px: side of the pictures that it was trained on.
        parameters: weights of the whole classifier.
        without_top: weights without its classifier.
        preprocessing: key in ``cnn_core.uploads.preprocessings``.
    """

    name: str
    size_px: int
    parameters: int
    without_top: int
    preprocessing: str

    @property
    def megabytes(self) -> int:
        """Size of the weights of the whole classifier."""
        return round(4 * self.parameters / 1e6)


def application_named(name: str) -> Application:
    """The application with that name.

    Raises:
        DataError: there is none.
    """
    for application in APPLICATIONS:
        if application.name == name:
            return application
    raise DataError(f"Expected a network of keras.applications. Received: {name!r}.")


def fitting(numbers: int) -> tuple[tuple[Application, bool], ...]:
    """The applications with so many weights, and whether that is with their classifier."""
    return tuple(
        (application, top)
        for application in APPLICATIONS
        for top in (True, False)
        if (application.parameters if top else application.without_top) == numbers
    )


def untrained(application: Application, *, top: bool) -> keras.Model:
    """The network without weights of any meaning."""
    import keras

    build = getattr(keras.applications, application.name)
    if top:
        return build(weights=None)
    return build(weights=None, include_top=False, input_shape=(application.size_px,) * 2 + (3,))


def with_weights(application: Application, weights: Path, folder: Path, *, top: bool) -> keras.Model:
    """The network with the weights of a file, in the format of Keras 3 or of Keras 2.

    Args:
        application: what is built.
        weights: an HDF5 file, whatever its name; it is read only.
        folder: takes a link to it, since Keras tells the formats by the name.
        top: with its classifier.

    Raises:
        ValueError: the weights are those of another network.
    """
    import h5py

    with h5py.File(weights, "r") as file:
        new = "layers" in file or "_layer_checkpoint_dependencies" in file
    named = folder / ("application.weights.h5" if new else "application.h5")
    named.symlink_to(weights.absolute())
    model = untrained(application, top=top)
    model.load_weights(named)
    return model


def imagenet_classes() -> list[str]:
    """Names of the thousand classes in their order; numbers where the bundled network is not there."""
    card = read_json(paths.PROJECT / "models" / IMAGENET_MODEL / CARD_FILE)
    names = card.get("classes")
    if isinstance(names, list) and len(names) == IMAGENET_CLASSES:
        return [str(name) for name in names]
    return [f"class {index}" for index in range(IMAGENET_CLASSES)]


def published_weights(application: Application) -> tuple[str, str]:
    """Address and digest, as ``md5:0123``, of the weights that Keras publishes for a network.

    Keras knows them only while it builds the network, which takes some seconds.

    Raises:
        DataError: this version of Keras has no such weights.
    """
    import keras
    from keras.src.utils import file_utils

    class Asked(Exception):
        """In place of a download."""

    def ask(fname: Any = None, origin: Any = None, *_: Any, file_hash: Any = None, **more: Any) -> None:
        raise Asked(str(origin), str(file_hash or more.get("md5_hash") or ""))

    with _ASKING:
        usual, file_utils.get_file = file_utils.get_file, ask
        try:
            with warnings.catch_warnings(action="ignore"):  # some speak of sizes that they assume
                getattr(keras.applications, application.name)()
        except Asked as asked:
            url, digest = asked.args
            return url, f"{'md5' if len(digest) == 32 else 'sha256'}:{digest}"
        finally:
            file_utils.get_file = usual
    raise DataError(f"Expected published weights of {application.name}. Received: none in this Keras.")


def _catalogue() -> tuple[Application, ...]:
    rows = json.loads(Path(__file__).with_name("applications.json").read_text(encoding="utf-8"))
    return tuple(Application(**row) for row in rows)


APPLICATIONS = _catalogue()
