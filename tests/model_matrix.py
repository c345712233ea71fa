"""The matrix of tiny models: every shape of Keras model that Convscope promises to open.

Use it as::

    from model_matrix import MATRIX

    @pytest.mark.parametrize("entry", MATRIX, ids=str)
    def test_something(entry):
        probe = Probe(entry.model())
        probe.scores(entry.inputs())

Weights and inputs come from fixed seeds. Batch normalisation has statistics of its own, biases are
not zero, so that a forgotten one shows.
"""

from __future__ import annotations

import head_kinds  # noqa: F401  each of these enters its models
import layer_kinds  # noqa: F401
import model_kinds  # noqa: F401
from matrix_entry import MATRIX, Entry, entry_named, with_seeded_weights

__all__ = ["MATRIX", "Entry", "entry_named", "with_seeded_weights"]
