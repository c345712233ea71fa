"""The front door: ask a question about a model and a picture, get the answer, old or new.

Looks up the result store, computes what is not there, and stores it. Pages, notebooks and the
command line all come in here.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core import backend
from cnn_core.activations import layer_activations
from cnn_core.attribution import Question, method_named
from cnn_core.cache.store import ResultStore, result_key
from cnn_core.errors import InvalidRequestError
from cnn_core.feature_visualization import PatternParams, filter_patterns, first_layer_kernels
from cnn_core.images.decode import RgbImage, model_pixels
from cnn_core.models.card import ModelCard
from cnn_core.models.store import ModelStore, OpenModel
from cnn_core.probe.layer_info import LayerInfo
from cnn_core.probe.probe import Head
from cnn_core.results import AttributionMap, FilterPatterns, HeadAnswer, LayerActivations, Prediction

MAX_OPEN_MODELS = 2
PREDICTION_VERSION = 1
ACTIVATIONS_VERSION = 1
PATTERNS_VERSION = 2

Float = NDArray[np.float32]


class Explorer:
    """Models and remembered results behind one set of questions."""

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

    def models(self) -> tuple[ModelCard, ...]:
        """The models that can be opened."""
        return self._models.cards()

    def model(self, model_key: str) -> OpenModel:
        """A model, loaded at its first use and when its files change; the two used last stay in memory.

        Raises:
            ModelError: missing or damaged.
        """
        with self._lock:
            opened = self._open.get(model_key)
            if opened is None or opened.stamp != self._models.stamp(model_key):
                self._open[model_key] = self._models.open(model_key)
                if len(self._open) > MAX_OPEN_MODELS:
                    self._open.popitem(last=False)
            self._open.move_to_end(model_key)
            return self._open[model_key]

    def layers(self, model_key: str) -> tuple[LayerInfo, ...]:
        """The layers of a model, those that only pad left out."""
        return tuple(info for info in self.model(model_key).probe.layers if not info.padding)

    def heads(self, model_key: str) -> tuple[Head, ...]:
        """The outputs of a model with their classes."""
        return self.model(model_key).probe.heads

    def default_layer(self, model_key: str, head: int = 0) -> str | None:
        """The layer that heat maps of an output are taken from unless another is chosen."""
        return self.model(model_key).probe.default_cam_layer(head)

    def seen_pixels(self, model_key: str, image: RgbImage) -> NDArray[np.uint8]:
        """The picture as the network gets it, ``(H, W, c)``, before scaling."""
        model = self.model(model_key)
        return model_pixels(image.pixels, model.card.input_px, model.probe.input_shape[2])

    def model_input(self, model_key: str, image: RgbImage) -> Float:
        """The tensor that the network gets, ``(1, H, W, c)``, float32."""
        return self.model(model_key).probe.preprocessing.apply(self.seen_pixels(model_key, image))[None]

    def predict(self, model_key: str, image: RgbImage) -> Prediction:
        """The answer of every output of a model to a picture."""

        def compute() -> Prediction:
            probe = self.model(model_key).probe
            scores = probe.scores(self.model_input(model_key, image))
            return Prediction(
                heads=tuple(
                    HeadAnswer(
                        head=head.name,
                        kind=head.kind,
                        class_names=head.class_names,
                        scores=values[0],
                        probabilities=head.probabilities(values)[0],
                    )
                    for head, values in zip(probe.heads, scores, strict=True)
                )
            )

        key = self._key("prediction", PREDICTION_VERSION, model_key, image)
        return self._results.get_or_compute(key, Prediction, compute)

    def activations(self, model_key: str, image: RgbImage) -> dict[str, LayerActivations]:
        """The output of every layer for a picture, by layer name, in order."""

        def compute() -> dict[str, LayerActivations]:
            return layer_activations(self.model(model_key).probe, self.model_input(model_key, image))

        key = self._key("activations", ACTIVATIONS_VERSION, model_key, image)
        return self._results.get_or_compute(key, dict[str, LayerActivations], compute)

    def attribution(
        self,
        model_key: str,
        image: RgbImage,
        method_key: str,
        *,
        layer_name: str | None = None,
        head: int = 0,
        class_index: int | None = None,
        params: Any = None,
    ) -> AttributionMap:
        """Where a picture speaks for a class.

        Args:
            model_key: which model.
            image: the picture.
            method_key: of a method in ``cnn_core.attribution.METHODS``.
            layer_name: layer to ask; the last one with a map when None.
            head: index of the output.
            class_index: the class; the model's own answer when None.
            params: of the method's ``params_type``; its defaults when None.

        Raises:
            InvalidRequestError: no such method, layer, output or class.
        """
        method = method_named(method_key)
        settings = method.params_type() if params is None else params
        if class_index is None:
            class_index = self._head_answer(model_key, image, head).best
        layer = self._layer_for(model_key, layer_name, head) if method.needs_layer else None

        def compute() -> AttributionMap:
            question = Question(
                inputs=self.model_input(model_key, image),
                head=head,
                class_index=class_index,
                layer_name=layer,
            )
            return method.compute(self.model(model_key).probe, question, settings)

        key = self._key(
            method.key,
            method.version,
            model_key,
            image,
            params=settings,
            layer=layer,
            head=head,
            class_index=class_index,
        )
        return self._results.get_or_compute(key, AttributionMap, compute)

    def filter_patterns(
        self,
        model_key: str,
        layer_name: str,
        *,
        channels: Sequence[int] | None = None,
        params: PatternParams | None = None,
        progress: Callable[[float], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> FilterPatterns:
        """Pictures that make the channels of a convolution fire.

        Args:
            model_key: which model.
            layer_name: a convolution.
            channels: which channels; all when None.
            params: settings; defaults when None.
            progress: called with the share done, 0..1.
            cancelled: asked now and then whether to stop.

        Raises:
            InvalidRequestError: no such layer or channel, or no convolution.
            Cancelled: ``cancelled`` said so.
        """
        settings = PatternParams() if params is None else params
        model = self.model(model_key)

        def compute() -> FilterPatterns:
            return filter_patterns(
                model.probe,
                layer_name,
                channels=channels,
                params=settings,
                statistics=model.statistics,
                progress=progress,
                cancelled=cancelled,
            )

        return self._results.get_or_compute(
            self._patterns_key(model_key, layer_name, channels, settings), FilterPatterns, compute
        )

    def known_filter_patterns(
        self,
        model_key: str,
        layer_name: str,
        *,
        channels: Sequence[int] | None = None,
        params: PatternParams | None = None,
    ) -> FilterPatterns | None:
        """What ``filter_patterns`` would give at once because it is stored, else None."""
        settings = PatternParams() if params is None else params
        key = self._patterns_key(model_key, layer_name, channels, settings)
        return self._results.get(key, FilterPatterns)

    def first_layer_kernels(self, model_key: str) -> Float:
        """The kernels of the first convolution, ``(n, kh, kw, c)``, float32."""
        return first_layer_kernels(self.model(model_key).probe)

    def _head_answer(self, model_key: str, image: RgbImage, head: int) -> HeadAnswer:
        heads = self.predict(model_key, image).heads
        if not 0 <= head < len(heads):
            raise InvalidRequestError(f"Expected an output from 0 to {len(heads) - 1}. Received: {head}.")
        return heads[head]

    def _layer_for(self, model_key: str, layer_name: str | None, head: int) -> str:
        name = self.default_layer(model_key, head) if layer_name is None else layer_name
        if name is None:
            raise InvalidRequestError(
                "Expected a model with a layer that has a map. Received one with none. "
                "Choose a method that works on the input, such as saliency."
            )
        return name

    def _patterns_key(
        self, model_key: str, layer_name: str, channels: Sequence[int] | None, params: PatternParams
    ) -> str:
        chosen = None if channels is None else [int(channel) for channel in channels]
        return self._key(
            "filter_patterns",
            PATTERNS_VERSION,
            model_key,
            None,
            params={"settings": params, "channels": chosen, "precision": backend.fast_precision()},
            layer=layer_name,
        )

    def _key(
        self, analysis: str, version: int, model_key: str, image: RgbImage | None, **question: Any
    ) -> str:
        return result_key(
            analysis=analysis,
            version=version,
            model_sha256=self.model(model_key).fingerprint,
            image=None if image is None else image.fingerprint,
            **question,
        )
