"""Which parts of a picture an answer rests on: one file per method, one tuple of all."""

from __future__ import annotations

from cnn_core.attribution import grad_cam, hires_cam, saliency
from cnn_core.attribution.method import Method, Question, blank_reason
from cnn_core.errors import InvalidRequestError

METHODS: tuple[Method, ...] = (grad_cam.METHOD, hires_cam.METHOD, saliency.METHOD)

__all__ = ["METHODS", "Method", "Question", "blank_reason", "method_named"]


def method_named(key: str) -> Method:
    """The method with that key.

    Raises:
        InvalidRequestError: there is none.
    """
    for method in METHODS:
        if method.key == key:
            return method
    raise InvalidRequestError(f"Expected one of {[m.key for m in METHODS]}. Received: {key!r}.")
