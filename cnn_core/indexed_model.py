"""The model of a key as an index takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnn_core.neurons.part_computation import IndexedModel

if TYPE_CHECKING:
    from cnn_core.explorer import Explorer


def indexed_model(explorer: Explorer, model_key: str, fingerprint: str | None = None) -> IndexedModel:
    """A model to index photos with.

    Raises:
        ModelError: missing or damaged, or another one than that of the ``fingerprint``.
    """
    opened = explorer.model(model_key, fingerprint)
    return IndexedModel(
        key=model_key,
        fingerprint=opened.fingerprint,
        probe=opened.probe,
        input_px=opened.card.input_px,
        preprocessing=opened.card.preprocessing,
    )
