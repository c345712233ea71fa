"""The documents' way of training: ``ImageDataGenerator.flow_from_directory`` and ``fit``, in float32."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import keras
from keras import layers
from keras.src.legacy.preprocessing.image import ImageDataGenerator

from benchmarks.training_subject import StepTimer, emit_training, training_options

SIZE_PX = 150


class _Watch(keras.callbacks.Callback):  # type: ignore[misc]
    """Takes the time after each step and ends the training."""

    def __init__(self, timer: StepTimer) -> None:
        super().__init__()
        self._timer = timer

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._timer.step_ended()
        if self._timer.done:
            raise _EnoughSeen


class _EnoughSeen(Exception):
    """Ends ``fit`` in the middle of an epoch."""


def main() -> None:
    """Measure."""
    chosen = training_options()
    generator = ImageDataGenerator(
        rescale=1 / 255,
        rotation_range=40,
        width_shift_range=0.2,
        height_shift_range=0.2,
        zoom_range=0.2,
        horizontal_flip=True,
    )
    photos = generator.flow_from_directory(
        chosen.data / "train", target_size=(SIZE_PX, SIZE_PX), batch_size=chosen.batch, class_mode="binary"
    )
    timer = StepTimer(batch=chosen.batch, steps_per_epoch=len(photos), seconds=chosen.seconds)
    model = report_regularized()
    with suppress(_EnoughSeen):
        model.fit(photos, epochs=500, verbose=0, callbacks=[_Watch(timer)])
    emit_training("documents' way", timer)


def report_regularized() -> keras.Model:
    """The network as the report builds it."""
    stack: list[Any] = [keras.Input((SIZE_PX, SIZE_PX, 3))]
    for filters in (32, 64, 128, 128):
        stack += [layers.Conv2D(filters, 3, activation="relu"), layers.MaxPooling2D()]
    stack += [layers.Flatten(), layers.Dropout(0.5), layers.Dense(512, activation="relu")]
    model = keras.Sequential([*stack, layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.RMSprop(1e-4), "binary_crossentropy", metrics=["accuracy"])
    return model


if __name__ == "__main__":
    main()
