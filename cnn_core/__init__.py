"""Look inside a trained convolutional network: the library under the Convscope dashboard.

In a notebook::

    from cnn_core import open_explorer, open_image
    from cnn_core.analyses import analysis_named
    from cnn_core.analysis import Request

    explorer = open_explorer()
    photo = open_image("sample_images/dog.jpg")
    explorer.predict("cats_dogs", photo).heads[0].probabilities
    explorer.run(analysis_named("grad_cam"), Request(model_key="cats_dogs", image=photo)).values
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cnn_core import paths
from cnn_core.errors import ConvscopeError, ImageError
from cnn_core.images.decode import RgbImage, decode_image

if TYPE_CHECKING:
    from cnn_core.explorer import Explorer

__version__ = "0.1.0"
__all__ = ["ConvscopeError", "RgbImage", "decode_image", "open_explorer", "open_image"]


def open_explorer(
    models_folder: Path | str | None = None, cache_folder: Path | str | None = None
) -> Explorer:
    """The front door to all analyses.

    Args:
        models_folder: one folder per model; by default the bundled ones, those of runs and uploaded ones.
        cache_folder: where results are kept; by default ``~/.cache/convscope``.
    """
    from cnn_core.cache.store import ResultStore
    from cnn_core.explorer import Explorer  # here, since it takes seconds to load the framework
    from cnn_core.models.store import ModelStore

    models = (
        ModelStore(paths.models_folder(), paths.runs_folder(), paths.uploads_folder())
        if models_folder is None
        else ModelStore(Path(models_folder))
    )
    return Explorer(
        models,
        ResultStore(Path(cache_folder) if cache_folder is not None else paths.cache_folder()),
    )


def open_image(path: Path | str) -> RgbImage:
    """Read and decode a picture file.

    Raises:
        ImageError: no such file, or no usable picture.
    """
    try:
        return decode_image(Path(path).read_bytes())
    except OSError as error:
        raise ImageError(
            f"Expected a picture file. Received: {path}, which cannot be read ({error.strerror}). "
            "Check the path."
        ) from error
