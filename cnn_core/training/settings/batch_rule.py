"""A batch is as large as the training pictures can fill."""

from __future__ import annotations

from cnn_core.errors import DataError


def fitting_batch(pictures: int) -> int:
    """The largest power of two that so many pictures fill; 1 where there are none."""
    return 1 << max(0, pictures.bit_length() - 1)


def check_batch(pictures: int, batch_size: int) -> None:
    """Refuse a batch that the training pictures do not fill.

    Raises:
        DataError: there are fewer pictures.
    """
    if pictures < batch_size:  # what does not fill one is not trained on
        raise DataError(
            f"Expected at least one batch of {batch_size} training pictures. Received: {pictures}. "
            f"Lower the batch size, to {fitting_batch(pictures)} for example, or add pictures."
        )
