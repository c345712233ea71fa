"""A trained model seen as layers: activations, class scores, and gradients of scores.

Everything that Convscope computes about a model goes through here. Whatever the model looks
like inside, it answers the same few questions, and every class score is a logit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.framework import backend, keras
from cnn_core.images.preprocessing import Preprocessing
from cnn_core.probe.architecture import LayerCost, layer_costs
from cnn_core.probe.cam_layer import cam_layer, weighs_means
from cnn_core.probe.compiled import CompiledGraphs
from cnn_core.probe.cone import cone_maps, cone_of, cone_scores
from cnn_core.probe.flat_graph import FlatGraph, Node, flat_graph, picture_input_shape
from cnn_core.probe.heads import Head, Region, check_class, check_head, heads_of
from cnn_core.probe.layer_gradient import LayerGradient
from cnn_core.probe.layer_info import LayerInfo, layer_infos
from cnn_core.probe.outline import Outline
from cnn_core.probe.picture_input import checked_inputs
from cnn_core.probe.relevance_steps import relevance_graph
from cnn_core.probe.twins import Twins
from cnn_core.probe.units import unit_node, unit_tensor
from cnn_core.processor import FULL_PRECISION

__all__ = ["Head", "LayerGradient", "Probe"]


Float = NDArray[np.float32]


class Probe(Twins):
    """One model, opened. Safe to use from several threads: one computes at a time."""

    def __init__(
        self,
        model: keras.Model,
        *,
        preprocessing: Preprocessing | None = None,
        class_names: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Open a model.

        Args:
            model: Sequential or functional, possibly nested, with one picture input. Never changed.
            preprocessing: from pixels to model input; the default divides by 255.
            class_names: of the one output, or of each output by name; numbered when missing.

        Raises:
            ModelError: a model that cannot be seen as layers of one picture.
        """
        self.model = model
        self.preprocessing = Preprocessing() if preprocessing is None else preprocessing
        self.input_shape = picture_input_shape(model)
        self._graph = flat_graph(model)
        self._nodes = {node.name: node for node in self._graph.nodes}
        self._class_names = class_names
        self._question: tuple[Region | None, int, int | None] = (None, 0, None)  # region, head, against
        self._scores, self.heads = heads_of(self._graph, class_names)
        self.weights: AbstractContextManager[Any] = nullcontext()  # to be held while weights are read
        self._compiled = CompiledGraphs()

    @cached_property
    def outline(self) -> Outline:
        """What the model is made of, without the model itself."""
        graph, layers = self._graph, layer_infos(self._graph)
        names = [cam_layer(graph, layers, output) for output in graph.outputs]
        pairs = zip(names, graph.outputs, strict=True)
        return Outline(
            input_shape=self.input_shape,
            layers=layers,
            heads=self.heads,
            cam_layers=tuple(names),
            weighs_means=tuple(weighs_means(graph, name, output) for name, output in pairs),
        )

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        """All layers in the order of computation, nested ones included."""
        return self.outline.layers

    @cached_property
    def costs(self) -> tuple[LayerCost, ...]:
        """What each of ``layers`` costs, and what it is called on."""
        return layer_costs(self._graph)

    @property
    def weighted_layers(self) -> tuple[Any, ...]:
        """The model's own layers that have weights, each once, in the order of computation."""
        layers = {id(node.operation): node.operation for node in self._graph.nodes}
        return tuple(layer for layer in layers.values() if getattr(layer, "weights", None))

    def layer(self, name: str) -> LayerInfo:
        """The layer of that name; ``InvalidRequestError`` if there is none."""
        return self.outline.layer(name)

    def default_cam_layer(self, head: int = 0) -> str | None:
        """See ``Outline.default_cam_layer``."""
        return self.outline.default_cam_layer(head)

    def activations(self, inputs: Float, layer_names: Sequence[str] | None = None) -> dict[str, Float]:
        """Outputs of layers for a batch, in one pass through the network.

        Args:
            inputs: ``(n, H, W, c)``, float32, preprocessed.
            layer_names: which; all layers when None.

        Returns:
            An array ``(n, ...)`` per layer name.
        """
        names = tuple(self._nodes) if layer_names is None else tuple(layer_names)
        nodes = [self._node(name) for name in names]
        values = self._answer(
            ("activations", names),
            lambda: backend.Graph(self._graph.input, [n.output for n in nodes]),
            inputs,
        )
        return dict(zip(names, values, strict=True))

    def before_activation(self, inputs: Float, layer_name: str) -> Float:
        """What the units of a layer add up to before their non-linearity, ``(n, h, w, k)``."""
        node = self.unit_node(layer_name)
        (values,) = self._answer(
            ("before", layer_name), lambda: backend.Graph(self._graph.input, [unit_tensor(node)]), inputs
        )
        return values

    def unit_summary(self, inputs: Float, layer_names: Sequence[str]) -> dict[str, tuple[Float, Float]]:
        """Per photo and channel: mean of the map before the non-linearity, and its peak after it.

        Both ``(n, k)``; computed in one pass without bringing the maps out of the graph.
        """
        if not layer_names:
            return {}
        nodes = [self.unit_node(name) for name in layer_names]
        values = self._answer(
            ("summary", *layer_names),
            lambda: backend.Graph(
                self._graph.input,
                [keras.ops.mean(unit_tensor(node), axis=(1, 2)) for node in nodes]
                + [keras.ops.max(node.output, axis=(1, 2)) for node in nodes],
            ),
            inputs,
        )
        means, peaks = values[: len(nodes)], values[len(nodes) :]
        return dict(zip(layer_names, zip(means, peaks, strict=True), strict=True))

    def scores(self, inputs: Float) -> tuple[Float, ...]:
        """Logits ``(n, classes)`` per head; one sigmoid unit gives ``[-z, z]``.

        Args:
            inputs: ``(n, H, W, c)``, float32, preprocessed.
        """
        return tuple(
            self._answer(("scores",), lambda: backend.Graph(self._graph.input, list(self._scores)), inputs)
        )

    def layer_gradient(self, inputs: Float, layer_name: str, *, head: int, class_index: int) -> LayerGradient:
        """Output of a layer, and the gradient of a class score with respect to it.

        Args:
            inputs: ``(n, H, W, c)``, float32, preprocessed.
            layer_name: the layer.
            head: index of the output.
            class_index: index of the class in that output; 0 is a class like any other.

        Raises:
            InvalidRequestError: no such layer, head or class.
        """
        return self._gradient(inputs, self._node(layer_name).output, ("layer", layer_name), head, class_index)

    def input_gradient(self, inputs: Float, *, head: int, class_index: int) -> LayerGradient:
        """The gradient of a class score with respect to the input; arguments as ``layer_gradient``."""
        return self._gradient(inputs, None, ("input",), head, class_index)

    def rival_gradients(self, inputs: Float, *, head: int, class_index: int) -> tuple[Float, Float, Float]:
        """Input gradients ``(n, H, W, c)`` of a class score and of the best other one, and the scores.

        Args:
            inputs: ``(n, H, W, c)``, float32, preprocessed.
            head: index of the output.
            class_index: index of the class in that output. Where it is the only one the second is zero.
        """
        check_class(self.heads, head, class_index)
        own, rival, scores = self._answer(
            ("rival gradients", head),
            lambda: backend.RivalGradients(self._graph.input, self._scores[head]),
            inputs,
            class_index,
        )
        return own, rival, scores

    def relevance(self, inputs: Float, head: int, class_index: int, *, epsilon: float, gamma: float) -> Any:
        """What ``backend.Relevance`` gives for one picture, by the rules of ``relevance_graph``."""
        check_class(self.heads, head, class_index)
        return self._answer(
            ("relevance", head, epsilon, gamma),
            lambda: relevance_graph(self._graph, self._scores[head], head, epsilon, gamma),
            inputs,
            class_index,
        )

    def answers_of(
        self, key: tuple[str, ...], build: Callable[[FlatGraph, tuple[Any, ...]], list[Any]], inputs: Float
    ) -> list[Float]:
        """Values for a batch of the tensors that ``build`` makes of the graph and of the scores of its heads.

        Args:
            key: names what is built, which is compiled once.
            build: gives symbolic tensors, each with the batch as its first axis.
            inputs: ``(n, H, W, c)``, float32, preprocessed.
        """
        return self._answer(
            key, lambda: backend.Graph(self._graph.input, build(self._graph, self._scores)), inputs
        )

    def score_model(self, head: int, precision: str = FULL_PRECISION) -> keras.Model:
        """A network from the input to the logits ``(n, classes)`` of an output, with this one's variables.

        Args:
            head: index of the output.
            precision: of its layers; ``cnn_core.processor.fast_precision()`` where rounding may be seen.
        """
        check_head(self.heads, head)
        return backend.in_precision(keras.Model(self._graph.input, self._scores[head]), precision)

    def scores_behind(self, layer_name: str, maps: Float, *, head: int) -> Float | None:
        """The scores ``(n, classes)`` of an output where a layer gives ``maps`` ``(n, h, w, k)``.

        None when the scores do not depend on that layer alone, as beside a skip connection.
        """
        output = self._node(layer_name).output
        try:
            graph = self.once(
                ("behind", layer_name, head, maps.shape), lambda: backend.Graph(output, [self._scores[head]])
            )
        except ValueError:  # Keras: the graph is disconnected
            return None
        scores: Float = graph(maps)[0]
        return scores

    def patch_scores(
        self, picture: Float, *, head: int, side: tuple[int, int]
    ) -> Callable[[Float, NDArray[np.intp]], Float] | None:
        """Logits of a picture with patches ``(n, h, w, c)`` put in at ``corners``; None: gains nothing."""
        if (cone := cone_of(self._graph, side)) is None:
            return None
        maps = self._answer(("cone maps", side), lambda: cone_maps(self._graph, cone), picture)
        try:
            scores = self.once(("cone", head, side), lambda: cone_scores(self._scores[head], cone))
        except ValueError:
            return None  # Keras: the scores go round the end of the cone
        return lambda patches, corners: scores(patches, maps, cone.places(corners))

    def unit_node(self, layer_name: str) -> Node:
        """The node whose non-linearity ends the units of a layer, as ``cnn_core.probe.units`` finds it."""
        return unit_node(self._graph, self._node(layer_name))

    def _gradient(
        self, inputs: Float, tensor: Any, key: tuple[str, ...], head: int, class_index: int
    ) -> LayerGradient:
        check_class(self.heads, head, class_index)
        activations, gradients, scores = self._answer(
            ("gradient", *key, head),
            lambda: backend.ScoreGradient(self._graph.input, tensor, self._scores[head]),
            inputs,
            class_index,
        )
        return LayerGradient(activations=activations, gradients=gradients, scores=scores)

    def _node(self, name: str) -> Node:
        if name not in self._nodes:
            self.layer(name)  # raises, with the names that there are
        return self._nodes[name]

    def _answer(
        self, key: tuple[Any, ...], make: Callable[[], Any], inputs: Float, *arguments: Any
    ) -> list[Float]:
        """Run a graph on a batch; compiled at the first batch of a shape, so that all are counted."""
        checked = checked_inputs(inputs, self.input_shape)
        answers: list[Float] = self.once((*key, checked.shape), make)(checked, *arguments)
        return answers

    def once(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """What ``make`` compiles, made once, asked with this model's weights, whoever shares the network."""
        return partial(self._with_own_weights, self._compiled.kept((*key, *self._question), make))

    def _with_own_weights(self, compiled: Callable[..., Any], *arguments: Any) -> Any:
        with self.weights, self._compiled.lock:
            return compiled(*arguments)
