"""The front door: ask a question about a model and a picture, get the answer, old or new.

Looks up the result store, computes what is not there, and stores it. Pages, notebooks and the
command line all come in here.
"""

from __future__ import annotations

import dataclasses
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.analysis import Analysis, Request, Target
from cnn_core.cache.store import ResultStore, result_key
from cnn_core.computation import Computation, checked_settings
from cnn_core.errors import ModelError
from cnn_core.feature_visualization.first_layer_kernels import first_layer_kernels
from cnn_core.images.decode import RgbImage, model_pixels
from cnn_core.models.card import ModelCard
from cnn_core.models.store import ModelStore, OpenModel
from cnn_core.prediction import PREDICTION
from cnn_core.probe.architecture import LayerCost
from cnn_core.probe.heads import Head
from cnn_core.probe.layer_info import LayerInfo
from cnn_core.probe.outline import Outline
from cnn_core.probe.probe import Probe
from cnn_core.progress import SILENT, Progress
from cnn_core.results import Prediction
from cnn_core.shipped import is_shipped, shipped_result
from cnn_core.targets import resolved

MAX_OPEN_MODELS = 2
OUTLINE_VERSION = 4  # raised when the same model gets another outline

Float = NDArray[np.float32]


class Explorer:
    """Models and remembered results behind one set of requests."""

    def __init__(self, models: ModelStore, results: ResultStore) -> None:
        """``results`` may be a store without a folder, which remembers in memory only."""
        self._models = models
        self._results = results
        self._open: OrderedDict[str, OpenModel] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def warning(self) -> str | None:
        """A sentence for the person while results cannot be kept, else None."""
        return self._results.warning

    @property
    def results(self) -> ResultStore:
        """What is remembered, for questions that are no analysis of one picture."""
        return self._results

    def models(self) -> tuple[ModelCard, ...]:
        """The models that can be opened."""
        return self._models.cards()

    def unreadable_models(self) -> dict[str, str]:
        """The models that cannot be opened since their card cannot be read, with the reason."""
        return self._models.unreadable()

    def checkpoints(self, model_key: str) -> tuple[int, ...]:
        """The epochs that the run of a model has kept, in order; ``checkpoint_key`` names their models."""
        return self._models.checkpoints(model_key)

    def card(self, model_key: str) -> ModelCard:
        """What is known of a model, or of an epoch that a run kept, without opening it.

        Raises:
            ModelError: there is no card that can be read.
        """
        return self._models.card(model_key)

    def model(self, model_key: str, fingerprint: str | None = None) -> OpenModel:
        """A model, loaded at its first use and when its files change; the two used last stay in memory.

        Raises:
            ModelError: missing or damaged, or another one than that of the ``fingerprint``.
        """
        with self._lock:
            opened = self._open.get(model_key)
            if opened is None or opened.stamp != self._models.stamp(model_key):
                self._open[model_key] = self._models.open(model_key)
                if len(self._open) > MAX_OPEN_MODELS:
                    self._open.popitem(last=False)
            self._open.move_to_end(model_key)
            opened = self._open[model_key]
        if fingerprint not in (None, opened.fingerprint):
            raise ModelError(
                f"Expected the files of {model_key!r} as they were a moment ago. Received others in their "
                "place. Ask again."
            )
        return opened

    def is_open(self, model_key: str) -> bool:
        """Whether a model is in memory, so that nobody has to wait for it."""
        return model_key in self._open

    def fingerprint(self, model_key: str) -> str:
        """sha256 over the files that decide a model's answers.

        Raises:
            ModelError: a key that names no folder.
        """
        return self._models.fingerprint(model_key)

    def outline(self, model_key: str) -> Outline:
        """The layers and outputs of a model, which is opened only if they are not stored.

        Raises:
            ModelError: missing or damaged.
        """
        key, folder = self.outline_key(model_key), self.shipped_folder(model_key)
        return self._results.get_or_compute(
            key,
            Outline,
            lambda: self.model(model_key).probe.outline,
            lambda: shipped_result(folder, key, Outline),
        )

    def outline_key(self, model_key: str) -> str:
        """Name of the outline of a model among its results."""
        return result_key(
            analysis="outline", version=OUTLINE_VERSION, model_sha256=self.fingerprint(model_key)
        )

    def folder(self, model_key: str) -> Path:
        """Where the files of a model lie."""
        return self._models.folder_of(model_key)

    def shipped_folder(self, model_key: str) -> Path:
        """Where results that come with a model lie; there may be none."""
        return self._models.shipped_folder(model_key)

    def layers(self, model_key: str) -> tuple[LayerInfo, ...]:
        """The layers of a model, those that only pad left out."""
        return tuple(info for info in self.outline(model_key).layers if not info.padding)

    def costs(self, model_key: str) -> tuple[LayerCost, ...]:
        """What each layer of a model costs, those that only pad included."""
        return self.model(model_key).probe.costs

    def heads(self, model_key: str) -> tuple[Head, ...]:
        """The outputs of a model with their classes."""
        return self.outline(model_key).heads

    def model_input_pixels(self, model_key: str, image: RgbImage) -> NDArray[np.uint8]:
        """The picture as the network gets it, ``(H, W, c)``, before scaling."""
        channels = self.outline(model_key).input_shape[2]
        card = self.card(model_key)
        return model_pixels(image.pixels, card.input_px, channels, card.preprocessing.fit)

    def model_input(self, model_key: str, image: RgbImage) -> Float:
        """The tensor that the network gets, ``(1, H, W, c)``, float32."""
        pixels = self.model_input_pixels(model_key, image)
        return self.card(model_key).preprocessing.apply(pixels)[None]

    def run(
        self, analysis: Analysis, request: Request, settings: Any = None, progress: Progress = SILENT
    ) -> Any:
        """The result of an analysis, of the type ``analysis.result``: the stored one, or computed now.

        Args:
            analysis: one of ``cnn_core.analyses.all_analyses()``.
            request: model, picture, layer, class; what is left open is decided by the model.
            settings: of the type ``analysis.settings``; its defaults when None.
            progress: told how far it is, and asked whether to stop.

        Raises:
            InvalidRequestError: a request or settings that this model or analysis cannot answer.
            Cancelled: ``progress`` said so.
            TypeError: ``analysis.compute`` gave something else than it promises.
        """
        asked = self._computation(analysis, request, settings)

        def compute() -> Any:
            model = self.model(request.model_key, asked.fingerprint)
            target = dataclasses.replace(
                asked.target, inputs=self._inputs(analysis, request), statistics=model.statistics
            )
            probe = model.probe
            if analysis.needs_class:
                probe = probe.in_region(request.region).against(request.head, request.against)
            found = self._computed_together(probe, asked, target)
            if found is None:
                found = analysis.compute(probe, target, asked.settings, progress)
            if not isinstance(found, analysis.result):  # would be stored, and never be found again
                raise TypeError(
                    f"Expected {analysis.result.__name__} of {analysis.key}. Received: {found!r}."
                )
            return found

        return self._results.get_or_compute(asked.key, analysis.result, compute, self._shipped(asked))

    def known(self, analysis: Analysis, request: Request, settings: Any = None) -> Any | None:
        """What ``run`` would give at once because it is stored, else None."""
        asked = self._computation(analysis, request, settings)
        return self._results.get(asked.key, analysis.result, self._shipped(asked))

    def is_shipped(self, analysis: Analysis, request: Request, settings: Any = None) -> bool:
        """Whether a result came with its model and need not be computed."""
        asked = self._computation(analysis, request, settings)
        return is_shipped(self.shipped_folder(request.model_key), asked.shipped_key)

    def stored(self, analyses: Sequence[Analysis], request: Request) -> bool:
        """Whether a model need not be opened, since its outline and the results of analyses are stored.

        Args:
            analyses: with their usual settings; ``PREDICTION`` before those that ask about its answer. One
                that cannot be done for this model counts as stored.
            request: what they are asked about.
        """
        key, folder = self.outline_key(request.model_key), self.shipped_folder(request.model_key)
        outline = self._results.get(key, Outline, lambda: shipped_result(folder, key, Outline))
        return outline is not None and all(
            analysis.inapplicable(outline, request.head) is not None
            or self.known(analysis, request) is not None
            for analysis in analyses
        )

    def result_key(self, analysis: Analysis, request: Request, settings: Any = None) -> str:
        """Name of a result: equal exactly when everything that decides the result is equal.

        The model's own answer is computed for it where the request leaves the class open.

        Raises:
            InvalidRequestError: a request or settings that this model or analysis cannot answer.
        """
        return self._computation(analysis, request, settings).key

    def predict(self, model_key: str, image: RgbImage) -> Prediction:
        """The answer of every output of a model to a picture."""
        found: Prediction = self.run(PREDICTION, Request(model_key=model_key, image=image))
        return found

    def first_layer_kernels(self, model_key: str) -> Float:
        """The kernels of the first convolution, ``(n, kh, kw, c)``, float32."""
        return first_layer_kernels(self.model(model_key).probe)

    def _computation(self, analysis: Analysis, request: Request, settings: Any) -> Computation:
        outline = self.outline(request.model_key)
        return Computation(
            analysis=analysis,
            request=request,
            settings=checked_settings(analysis, settings),
            target=resolved(analysis, request, outline, lambda: self._own_answer(request)),
            fingerprint=self.fingerprint(request.model_key),
        )

    def _shipped(self, asked: Computation) -> Callable[[], Any | None]:
        """What looks for a result among those that came with its model."""
        folder = self.shipped_folder(asked.request.model_key)
        return lambda: shipped_result(folder, asked.shipped_key, asked.analysis.result)

    def _computed_together(self, probe: Probe, asked: Computation, target: Target) -> Any | None:
        """The result out of a pass through the network that gives others too, which are stored; else None."""
        found = None
        together = () if asked.analysis.together is None else asked.analysis.together(probe, target)
        for analysis, name, result in together:
            beside = dataclasses.replace(
                asked,
                analysis=analysis,
                settings=analysis.settings(),
                target=dataclasses.replace(asked.target, layer_name=name),
            )
            if beside.key == asked.key:
                found = result
            else:
                self._results.put(beside.key, result)
        return found

    def _inputs(self, analysis: Analysis, request: Request) -> Float | None:
        if not analysis.needs_image or request.image is None:
            return None
        return self.model_input(request.model_key, request.image)

    def _own_answer(self, request: Request) -> int:
        """Index of the class that the model itself sees in the picture, or class 0 where there is none."""
        if request.image is None:
            return 0
        return self.predict(request.model_key, request.image).heads[request.head].best
