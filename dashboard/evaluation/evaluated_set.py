"""What the page shows the figures of: a network, and its answers to a set of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashboard.widgets.export_bar import file_name

if TYPE_CHECKING:
    from cnn_core.evaluation.predictions import Predictions
    from cnn_core.runs.run_view import RunView


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """A network that can be evaluated.

    Attributes:
        key: for names of files.
        title: for people.
        model_key: of the model; None while its run has none.
        run: whose finished network it is, None for any other.
    """

    key: str
    title: str
    model_key: str | None
    run: RunView | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EvaluatedSet:
    """The answers of a network to a set.

    Attributes:
        network: that answered.
        model_key: of its model.
        name: of the set, for names of files.
        title: of the set, for people.
        predictions: the answers.
        code: lines of Python that put them into a variable ``predictions``.
        head: index of the output that answered.
    """

    network: Network
    model_key: str
    name: str
    title: str
    predictions: Predictions
    code: str
    head: int = 0

    @property
    def file_name(self) -> str:
        """What the names of files about this set begin with."""
        return file_name(self.network.key, self.name)
