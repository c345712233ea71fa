"""A result as plain arrays by name, for files that NumPy reads."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray


def named_arrays(result: Any) -> dict[str, NDArray[Any]]:
    """The fields of a result, those of nested ones as ``heads_0_scores``; what is None is left out."""
    found: dict[str, NDArray[Any]] = {}
    for field in dataclasses.fields(result):
        value = getattr(result, field.name)
        parts = value if isinstance(value, tuple) else (value,)
        if any(dataclasses.is_dataclass(part) for part in parts):
            for index, part in enumerate(parts):
                prefix = f"{field.name}_{index}" if isinstance(value, tuple) else field.name
                found |= {f"{prefix}_{name}": array for name, array in named_arrays(part).items()}
        elif value is not None:
            found[field.name] = np.asarray(value)
    return found
