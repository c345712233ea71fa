"""All analyses there are, one explicit tuple per kind."""

from __future__ import annotations

from cnn_core import attribution
from cnn_core.activations import ACTIVATIONS, LAYER_SUMMARIES
from cnn_core.analysis import Analysis
from cnn_core.attribution.channel_shares import CHANNEL_SHARES
from cnn_core.attribution.edited import EDIT
from cnn_core.errors import InvalidRequestError
from cnn_core.faithfulness.tournament import TOURNAMENT
from cnn_core.feature_visualization import FILTER_PATTERNS, STRONGEST_PATTERNS
from cnn_core.prediction import PREDICTION


def all_analyses() -> tuple[Analysis, ...]:
    """Every analysis, in the order of the documentation; looked up anew at each call."""
    of_pictures = (PREDICTION, EDIT, LAYER_SUMMARIES, ACTIVATIONS)
    maps = (*attribution.METHODS, CHANNEL_SHARES, TOURNAMENT)
    return (*of_pictures, *maps, FILTER_PATTERNS, STRONGEST_PATTERNS)


def analysis_named(key: str) -> Analysis:
    """The analysis with that key.

    Raises:
        InvalidRequestError: there is none.
    """
    for analysis in all_analyses():
        if analysis.key == key:
            return analysis
    raise InvalidRequestError(f"Expected one of {[each.key for each in all_analyses()]}. Received: {key!r}.")
