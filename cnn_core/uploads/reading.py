"""The process that reads an uploaded model: ``python -m cnn_core.uploads.reading FILE FOLDER [APPLICATION]``.

It runs with limits, writes a clean ``model.keras`` and what it found into FOLDER, and says in JSON what is
wrong otherwise. It is the only one that ever opens the uploaded file.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnn_core.errors import ModelError
from cnn_core.models.card import MODEL_FILE

if TYPE_CHECKING:
    import keras

    from cnn_core.uploads.contents import Contents

FOUND_FILE = "found.json"
MEMORY_BYTES = 8 * 2**30  # of addresses, of which the framework itself takes more than half
CPU_SECONDS = 300
FILE_BYTES = 4 * 2**30
NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000


def main(path: Path, folder: Path, named: str = "") -> int:
    """Read the model; the exit status is 0 where it was."""
    _limit()
    try:
        found = read(path, folder, named)
    except ModelError as error:
        found = {"error": str(error)}
    except MemoryError:
        found = {
            "error": f"Expected a model that fits into {MEMORY_BYTES // 2**30} GB. Choose a smaller one."
        }
    except RecursionError:
        found = {
            "error": "Expected a model of usual depth. Received: one nested too deeply. Choose another one."
        }
    except Exception as error:  # whatever a hostile file sets off
        traceback.print_exc()
        found = {
            "error": f"Expected a Keras model. Received: a file that cannot be read ({type(error).__name__})."
        }
    (folder / FOUND_FILE).write_text(json.dumps(found), encoding="utf-8")
    return 1 if "error" in found else 0


def read(path: Path, folder: Path, named: str = "") -> dict[str, Any]:
    """Look into a file, build its network anew, and save it; what was found on the way.

    Args:
        path: the file.
        folder: takes the network.
        named: the network of ``keras.applications`` that weights alone belong to, where it is known.

    Raises:
        ModelError: no model that is safe and understood; the message says why.
    """
    from cnn_core.uploads.allowed import check_allowed
    from cnn_core.uploads.contents import contents_of

    contents = contents_of(path, folder)
    if contents.numbers:
        return _application(contents, folder, named)
    check_allowed(contents.description, contents.training)
    from cnn_core.uploads.guess import guessed_card  # loads the framework

    model = _network(contents, folder)
    card = guessed_card(model, contents.training)
    model.save(folder / MODEL_FILE)
    return {"card": card.fields, "reasons": card.reasons, "version": contents.version}


def _application(contents: Contents, folder: Path, named: str) -> dict[str, Any]:
    """The network of ``keras.applications`` that weights without an architecture belong to."""
    from cnn_core.models.applications import (
        application_named,
        fitting,
        imagenet_classes,
        with_weights,
    )
    from cnn_core.uploads.guess import guessed_card
    from cnn_core.uploads.preprocessings import PREPROCESSINGS

    candidates = ((application_named(named), True),) if named else fitting(contents.numbers)
    reasons = []
    for application, top in candidates:
        try:
            model = with_weights(application, contents.weights, folder, top=top)
        except Exception as error:  # the weights of another network as large
            reasons.append(f"{application.name}: {(str(error).splitlines() or [''])[0][:100]}")
            continue
        card = guessed_card(model, {})
        card.fields["preprocessing"] = PREPROCESSINGS[application.preprocessing]
        if top:
            card.fields["classes"] = imagenet_classes()
        card.fields["application"] = application.name
        card.fields["title"] = f"{application.name} {'(ImageNet)' if top else 'without its classifier'}"
        card.reasons["preprocessing"] = (
            f"These are weights of {application.name} in keras.applications"
            f"{'' if top else ' without its classifier'}."
        )
        model.save(folder / MODEL_FILE)
        return {"card": card.fields, "reasons": card.reasons, "version": contents.version}
    tried = f" They do not fit {'; '.join(reasons)}." if reasons else ""
    raise ModelError(
        f"Expected a whole model. Received: {contents.numbers:,} weights without their architecture, which "
        f"are those of no network of keras.applications.{tried} Load them into the network that they belong "
        "to (model.load_weights), and save it whole: model.save('model.keras')."
    )


def _network(contents: Contents, folder: Path) -> keras.Model:
    import keras

    later = _numbers(contents.version) > _numbers(keras.__version__)
    old = not _numbers(contents.version) or _numbers(contents.version) < (3,)
    try:
        model = _rebuilt(contents) if old else _loaded(contents, folder)
    except (ModelError, MemoryError):
        raise
    except Exception as error:  # Keras raises anything at all
        reason = (str(error).splitlines() or [""])[0][:200]
        if later:
            raise ModelError(
                f"Expected a model of Keras {keras.__version__} or earlier. Received: one of Keras "
                f"{contents.version}. Install that version, or save the model with an earlier one."
            ) from error
        raise ModelError(
            f"Expected a model that Keras {keras.__version__} can build. Received: {type(error).__name__}, "
            f"{reason} Save it again with the version that made it, or choose another one."
        ) from error
    if not model.built or not model.inputs:
        raise ModelError(
            "Expected a model that says the shape of its input. Received: one that does not. Call it once on "
            "a batch of pictures, and save it again."
        )
    return model


def _loaded(contents: Contents, folder: Path) -> keras.Model:
    import keras

    if contents.whole:
        named = folder / "whole.h5"  # the format is chosen by the name
        named.symlink_to(contents.weights)
        return keras.models.load_model(named, compile=False, safe_mode=True)
    model = keras.saving.deserialize_keras_object(contents.description, safe_mode=True)
    if not isinstance(model, keras.Model):
        raise ModelError(f"Expected a model. Received: a {type(model).__name__}. Save the whole model.")
    model.load_weights(contents.weights)
    return model


def _rebuilt(contents: Contents) -> keras.Model:
    from cnn_core.models.legacy_keras.rebuild import rebuilt
    from cnn_core.models.legacy_keras.weights import load_weights

    model = rebuilt(contents.description)
    load_weights(model, contents.weights, whole=contents.whole)
    return model


def _limit() -> None:
    """Take from this process what it does not need: memory, time, room on the disk, the network."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            # Where the system allows it: a network of its own, in which there is nothing.
            ctypes.CDLL(None, use_errno=True).unshare(NEW_USER | NEW_NETWORK)
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:4]))
