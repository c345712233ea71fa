"""The film of a run made ahead: every kept epoch asked once, then a slider shows it at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn_core import paths
from cnn_core.progress import Progress
from cnn_core.results import check_lengths, frozen_array
from dashboard.figures.film_strip import grid_entries, grid_scale, small_layer
from dashboard.widgets.job_view import Task, result_or_progress

if TYPE_CHECKING:
    from cnn_core.cache.store import ResultStore
    from cnn_core.explorer import Explorer
    from cnn_core.training.film import FilmFrame, FilmProjector, FilmQuestion

REEL_VERSION = 2  # raised when the same frames make another reel
OPEN_FILMS = 2  # runs whose epochs are at hand, with up to three networks in memory each
PER_EPOCH = {
    "epochs": (1, np.int64),
    "patterns": (4, np.uint8),
    "pattern_scores": (1, np.float32),
    "maps": (3, np.float32),
    "lows": (2, np.float32),
    "highs": (2, np.float32),
    "grids": (3, np.uint8),
    "evidence": (3, np.float32),
    "scores": (1, np.float32),
    "residuals": (1, np.float32),
    "probabilities": (2, np.float32),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reel:
    """All epochs of a film, in order, small enough to be kept whole.

    Attributes:
        epochs: ``(n,)``, int.
        patterns: ``(n, H, W, c)``, uint8, of the one channel.
        pattern_scores: ``(n,)``, mean of that channel for its pattern, before the non-linearity.
        maps: ``(n, h, w)``, of that channel for the photo, raw.
        lows, highs: ``(n, k)``, smallest and largest value of every channel of the layer.
        grids: ``(n, GH, GW)``, uint8, palette entries of all its maps, all epochs on one scale.
        evidence: ``(n, eh, ew)``, the heat maps, raw.
        scores: ``(n,)``, the logit of the class of the heat maps.
        residuals: ``(n,)``, what the sum of a heat map and its constant misses of it; 0 without such a sum.
        sums: whether there is such a sum.
        probabilities: ``(n, classes)``, of the photo.
        extent: of the heat map on the network's input, see ``AttributionMap``.
        evidence_layer: that the heat map is taken from, or None for one of the photo itself.
        signed: whether negative evidence speaks against the class.
        class_names: one per class.
        kind: of the output, see ``HeadAnswer``.
    """

    epochs: NDArray[np.int64]
    patterns: NDArray[np.uint8]
    pattern_scores: NDArray[np.float32]
    maps: NDArray[np.float32]
    lows: NDArray[np.float32]
    highs: NDArray[np.float32]
    grids: NDArray[np.uint8]
    evidence: NDArray[np.float32]
    scores: NDArray[np.float32]
    residuals: NDArray[np.float32]
    sums: bool
    probabilities: NDArray[np.float32]
    extent: tuple[float, float, float, float]
    evidence_layer: str | None
    signed: bool
    class_names: tuple[str, ...]
    kind: str

    def __post_init__(self) -> None:
        """Check that there is one of everything per epoch."""
        for name, (ndim, dtype) in PER_EPOCH.items():
            object.__setattr__(self, name, frozen_array(name, getattr(self, name), ndim=ndim, dtype=dtype))
        check_lengths({name: len(getattr(self, name)) for name in PER_EPOCH})

    @property
    def range(self) -> tuple[float, float]:
        """Smallest and largest value of the layer over all epochs."""
        return float(self.lows.min()), float(self.highs.max())


def reel_of(frames: Iterable[FilmFrame]) -> Reel:
    """Put the frames of a film together, keeping of each only what is shown.

    Args:
        frames: one per epoch, in order; at least one.
    """
    rows: dict[str, list[Any]] = defaultdict(list)
    small, last = [], None
    for last in frames:
        channel = int(last.pattern.channels[0])
        rows["epochs"].append(last.epoch)
        rows["patterns"].append(last.pattern.patterns[0])
        rows["pattern_scores"].append(last.pattern.scores[0])
        rows["maps"].append(last.layer.maps[..., channel])
        rows["lows"].append(last.layer.minimum)
        rows["highs"].append(last.layer.maximum)
        rows["evidence"].append(last.evidence.values)
        rows["scores"].append(last.evidence.score)
        rows["residuals"].append(last.evidence.residual or 0.0)
        rows["probabilities"].append(last.answer.probabilities)
        small.append(small_layer(last.layer.maps))
    if last is None:
        raise ValueError("Expected at least one frame. Received: none.")
    scale = grid_scale(float(np.min(rows["lows"])), float(np.max(rows["highs"])))
    size = last.layer.maps.shape[:2]
    return Reel(
        grids=np.stack([grid_entries(maps, size, scale) for maps in small]),
        extent=last.evidence.extent,
        evidence_layer=last.evidence.layer_name,
        signed=last.evidence.signed,
        sums=last.evidence.residual is not None,
        class_names=last.answer.class_names,
        kind=last.answer.kind,
        **{name: np.stack(values) for name, values in rows.items()},
    )


def reel_or_progress(folder: Path, epochs: Sequence[int], question: FilmQuestion) -> Reel | None:
    """The film of a question; a new one is made beside the page, and its progress drawn.

    Args:
        folder: of the run.
        epochs: in order.
        question: what every epoch is asked.
    """
    from cnn_core.training.film import film_frames

    key = reel_key(folder, epochs, question)

    def work(progress: Progress) -> object:
        projector = _projector(str(folder.resolve()))
        frames = film_frames(projector, epochs, question, progress=progress, cancelled=progress.cancelled)
        reel = reel_of(frames)
        film_results().put(key, reel)
        return reel

    return result_or_progress(
        Task(
            slot="film",
            key=key,
            doing=f"Asking {len(epochs)} epochs for the pattern, the maps and the heat map",
            work=work,
            result=Reel,
            known=lambda: film_results().get(key, Reel),
        )
    )


def film_of(folder: Path) -> Explorer:
    """The front door to the epochs of a run for the page, one for all sessions."""
    return _explorer(str(folder.resolve()))


@st.cache_resource(show_spinner=False, max_entries=OPEN_FILMS)
def _explorer(folder: str) -> Explorer:
    from cnn_core.training.film import film_explorer

    return film_explorer(Path(folder), film_results())


@st.cache_resource(show_spinner=False, max_entries=OPEN_FILMS)
def _projector(folder: str) -> FilmProjector:
    from cnn_core.training.film import FilmProjector

    return FilmProjector(Path(folder), film_results())


@st.cache_resource(show_spinner=False, max_entries=1)
def film_results() -> ResultStore:
    """Where the answers of all films are kept, in the folder of all other results."""
    from cnn_core.cache.store import ResultStore

    return ResultStore(paths.cache_folder())


def reel_key(folder: Path, epochs: Sequence[int], question: FilmQuestion) -> str:
    """The name of a reel: differs whenever the files of an epoch, the photo or the question do."""
    from cnn_core.cache.store import result_key
    from cnn_core.training.film import film_fingerprint

    return result_key(
        analysis="film_reel",
        version=REEL_VERSION,
        model_sha256=film_fingerprint(folder, epochs),
        image=question.image.fingerprint,
        params={
            "channel": question.channel,
            "method": question.method,
            "climb": question.params,
            "epochs": list(epochs),
        },
        layer=question.layer_name,
        head=question.head,
        class_index=question.class_index,
    )
