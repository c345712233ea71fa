"""What a step lowers and a validation counts: one answer, or one of each head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cnn_core.architectures.architecture import units
from cnn_core.datasets.factors import Factors, factors_of
from cnn_core.errors import DataError

Float = NDArray[np.float32]


class Objective:
    """Loss, right answers and probabilities of a network, from its logits ``(n, units)``.

    Of several heads the logits lie side by side. Each has its own cross-entropy, and the loss is their sum.
    A class is one value of every head, so its probability is the product of theirs, among the classes that
    there are; an answer is right where all heads are.
    """

    def __init__(
        self, classes: Sequence[str], smoothing: float = 0.0, *, several_heads: bool = False
    ) -> None:
        """The classes in the order of the labels; ``smoothing`` pulls the targets 0 and 1 together.

        Raises:
            DataError: there are to be several heads, and the names of the classes tell no factors.
        """
        self._smoothing = smoothing
        self._factors = _checked(classes) if several_heads else None
        if self._factors is None:
            self.heads: tuple[tuple[str, int], ...] = ()
            self._of_class, counts = np.arange(len(classes))[:, None], [len(classes)]
        else:
            self.heads = tuple((name, len(values)) for name, values in self._factors.values.items())
            self._of_class, counts = self._factors.of_class, [count for _, count in self.heads]
        ends = np.cumsum([units(count) for count in counts]).tolist()
        self._parts = [
            (count, slice(end - units(count), end)) for count, end in zip(counts, ends, strict=True)
        ]

    @property
    def values(self) -> dict[str, tuple[str, ...]]:
        """Names of the classes of each head; empty where there is one output."""
        return {} if self._factors is None else self._factors.values

    def losses(self, labels: Any, logits: Any) -> Any:
        """Cross-entropy of each picture in nats, ``(n,)``; labels ``(n,)``."""
        return sum(
            _cross_entropy(own, logits[:, part], count, self._smoothing)
            for own, count, part in self._by_head(labels)
        )

    def right(self, labels: Any, logits: Any) -> Any:
        """1 where every head answers its label, else 0, float32, ``(n,)``."""
        ops, found = keras.ops, 1.0
        for own, _, part in self._by_head(labels):
            mine = logits[:, part]
            given = mine[:, 0] > 0 if mine.shape[-1] == 1 else ops.argmax(mine, axis=-1)
            found = found * ops.cast(ops.equal(ops.cast(given, "int32"), own), "float32")
        return found

    def probabilities(self, logits: Float) -> Float:
        """Of the classes, ``(n, classes)``, float32."""
        return self.joint([softmaxed(logits[:, part]) for _, part in self._parts])

    def joint(self, by_head: Sequence[NDArray[Any]]) -> Float:
        """Probabilities of the classes, ``(n, classes)``, from those of each head, ``(n, values)``."""
        together = np.ones((len(by_head[0]), len(self._of_class)))
        for values, of_class in zip(by_head, self._of_class.T, strict=True):
            together *= np.asarray(values, np.float64)[:, of_class]
        if self._factors is not None:
            together /= np.maximum(together.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
        return together.astype(np.float32)

    def head_accuracies(self, answers: NDArray[np.int64], labels: NDArray[np.int64]) -> dict[str, float]:
        """Share of right answers of each head, by its name; answers and labels ``(n,)`` are classes."""
        right = self._of_class[answers] == self._of_class[labels]
        return {name: float(share) for (name, _), share in zip(self.heads, right.mean(axis=0), strict=False)}

    def _by_head(self, labels: Any) -> list[tuple[Any, int, slice]]:
        """Labels of each head, ``(n,)``, int32; number of its classes; where its logits lie."""
        whole = keras.ops.cast(labels, "int32")
        table = [keras.ops.convert_to_tensor(own.astype(np.int32)) for own in self._of_class.T]
        return [
            (keras.ops.take(own, whole), count, part)
            for own, (count, part) in zip(table, self._parts, strict=True)
        ]


def softmaxed(logits: Float) -> Float:
    """From logits, ``(n, 1)`` or ``(n, classes)``, to probabilities ``(n, classes)``, float32."""
    if logits.shape[1] == 1:
        logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
    exponents = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=1, keepdims=True), np.float32)


def _cross_entropy(labels: Any, logits: Any, classes: int, smoothing: float) -> Any:
    if classes == 2:
        targets = keras.ops.cast(labels, logits.dtype) * (1 - smoothing) + smoothing / 2
        return keras.ops.binary_crossentropy(targets, logits[:, 0], from_logits=True)
    targets = keras.ops.one_hot(labels, classes) * (1 - smoothing) + smoothing / classes
    return keras.ops.categorical_crossentropy(targets, logits, from_logits=True)


def _checked(classes: Sequence[str]) -> Factors:
    factors = factors_of(classes)
    if factors is None:
        raise DataError(
            "Expected class folders that answer several questions, called like length=15px,colour=red. "
            f"Received: {', '.join(classes[:3])}. Rename the folders, or choose a preset with one answer."
        )
    return factors
