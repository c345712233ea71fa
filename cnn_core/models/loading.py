"""A model file, opened for inference."""

from __future__ import annotations

from pathlib import Path

from cnn_core.errors import ModelError
from cnn_core.framework import keras
from cnn_core.models.card import ModelCard
from cnn_core.models.own_layers import import_own_layers
from cnn_core.models.refusal import refused_model
from cnn_core.probe.probe import Probe


def opened_probe(path: Path, card: ModelCard) -> Probe:
    """The model of a file, shown what its card says.

    Raises:
        ModelError: missing, damaged, or not a model that can be seen as layers of one picture.
    """
    return Probe(load_model(path), preprocessing=card.preprocessing, class_names=card.classes)


def load_model(path: Path) -> keras.Model:
    """Load a model file for inference, also one of Keras 2; one with Python code inside is refused.

    Raises:
        ModelError: missing, damaged, or not a Keras model; or code of one's own that fails.
    """
    if not path.is_file():
        raise ModelError(
            f"Expected a model file at {path.parent.name}/{path.name}. Received: nothing there. "
            "Restore the file, or choose another model."
        )
    import_own_layers()
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises anything at all on damaged files
        from cnn_core.models.legacy_keras.opening import opened_old_model  # loads the framework

        try:
            old = opened_old_model(path)
        except Exception:  # neither: what is in the file says why
            old = None
        if old is None:
            raise refused_model(path, error) from error
        return old
