"""Arrays as columns of Parquet files, a row per channel or photo."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cnn_core.errors import DataError

READ_ERRORS = (pa.ArrowException, OSError, ValueError, KeyError, TypeError)


class DamagedFileError(DataError):
    """A file of an index that cannot be read."""


def list_column(array: NDArray[Any]) -> Any:
    """An array ``(rows, ...)`` as one value or a list of fixed length per row."""
    array = np.ascontiguousarray(array)
    if array.ndim == 1:
        return pa.array(array)
    return pa.FixedSizeListArray.from_arrays(pa.array(array.reshape(-1)), int(np.prod(array.shape[1:])))


def list_array(column: Any) -> NDArray[Any]:
    """What ``list_column`` took, ``(rows,)`` or ``(rows, length)``."""
    rows, whole = len(column), column.combine_chunks()
    if pa.types.is_fixed_size_list(whole.type):
        return np.asarray(whole.flatten().to_numpy(zero_copy_only=False)).reshape(rows, whole.type.list_size)
    return np.asarray(whole.to_numpy(zero_copy_only=False))


def table_of(arrays: dict[str, NDArray[Any]]) -> Any:
    """A table with these columns."""
    return pa.table({name: list_column(array) for name, array in arrays.items()})
