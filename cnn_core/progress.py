"""How far a long computation is, what it has found so far, and the way to stop it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from cnn_core.errors import Cancelled

Tell = Callable[[float, object], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Passed down to whatever takes long, which calls it now and then.

    Attributes:
        tell: receives the share done, 0..1, and a preview: a result of the same type as the final one
            that holds what is known so far, or None; of a training, in words, what is being done.
        cancelled: asked whether to stop.
        begun, share: where this part of the work lies in the whole, both 0..1.
    """

    tell: Tell | None = None
    cancelled: Callable[[], bool] | None = None
    begun: float = 0.0
    share: float = 1.0

    def __call__(self, fraction: float, preview: object = None) -> None:
        """Say how much of this part is done.

        Raises:
            Cancelled: nobody waits for the result any longer.
        """
        if self.cancelled is not None and self.cancelled():
            raise Cancelled("Stopped before it was finished. Start it again to go on.")
        if self.tell is not None:
            self.tell(self.begun + self.share * fraction, preview)

    def part(self, number: int, count: int) -> Progress:
        """The progress of part ``number`` of ``count`` equal ones, counted from 0."""
        return self.between(number / count, (number + 1) / count)

    def between(self, begun: float, end: float) -> Progress:
        """The progress of the part of the work from ``begun`` to ``end``, both 0..1."""
        share = self.share
        return replace(self, begun=self.begun + share * begun, share=share * (end - begun))


SILENT = Progress()
