"""What the film of a run will be made of, told beside its settings."""

from __future__ import annotations

from cnn_core.errors import DataError
from cnn_core.training.config import TrainingConfig
from cnn_core.training.film_epochs import epochs_to_film
from dashboard.train_choice import chosen_config


def told_film() -> str | None:
    """The epochs that a run would keep with the settings of this session; None while these are refused."""
    try:
        return kept_epochs(chosen_config())
    except DataError:
        return None  # the start says what is wrong


def kept_epochs(config: TrainingConfig) -> str:
    """The epochs whose weights a run keeps, as a sentence."""
    epochs = sorted(epochs_to_film(config.epochs, config.film_frames, config.film_epochs))
    if not epochs:
        return "Film: no epochs are kept, so there will be none."
    names = ["before training" if epoch == 0 else str(epoch) for epoch in epochs]
    how = "as named" if config.film_epochs else "spread over the run, as no epochs are named"
    return f"Film: {len(epochs)} of the epochs are kept, {how}: {', '.join(names)}."
