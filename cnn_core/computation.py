"""One analysis with everything decided that decides its result, and so the name of that result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cnn_core.analysis import Analysis, Request, Target
from cnn_core.cache.store import result_key
from cnn_core.errors import InvalidRequestError
from cnn_core.processor import FULL_PRECISION, fast_precision
from cnn_core.settings import check_fields


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Computation:
    """What is computed.

    Attributes:
        analysis: one of all analyses.
        request: what a person asks.
        target: the same with layer, class and channels decided.
        settings: of the type ``analysis.settings``.
        fingerprint: of the model.
    """

    analysis: Analysis
    request: Request
    target: Target
    settings: Any
    fingerprint: str

    @property
    def key(self) -> str:
        """Name of the result on this machine: equal when everything that decides the result is equal."""
        return self._key(fast_precision())

    @property
    def shipped_key(self) -> str:
        """Name of the result that may come with the model, which is in full precision."""
        return self._key(FULL_PRECISION)

    def _key(self, precision: str) -> str:
        analysis, target = self.analysis, self.target
        image = self.request.image if analysis.needs_image else None
        return result_key(
            analysis=analysis.key,
            version=analysis.version,
            model_sha256=self.fingerprint,
            image=None if image is None else image.fingerprint,
            params=self.settings,
            layer=target.layer_name,
            head=target.head if analysis.needs_class else None,
            class_index=target.class_index,
            channels=target.channels,
            precision=precision if analysis.fast else None,
            region=self.request.region if analysis.needs_class else None,
            against=self.request.against if analysis.needs_class else None,
        )


def checked_settings(analysis: Analysis, settings: Any) -> Any:
    """The settings of an analysis, its defaults where there are none.

    Raises:
        InvalidRequestError: settings of another analysis, or out of their range.
    """
    chosen = analysis.settings() if settings is None else settings
    if not isinstance(chosen, analysis.settings):
        raise InvalidRequestError(
            f"Expected {analysis.settings.__name__} for {analysis.title}. Received: {chosen!r}."
        )
    check_fields(chosen, InvalidRequestError)
    return chosen
