"""A Keras model as one flat graph of layers, whatever it is nested in.

The graph is made of twins: shallow copies of the model's layers that share its variables. So the
model itself is never touched, activations given as an argument can be split from their layer, and
layers of nested models become layers like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cnn_core.errors import ModelError
from cnn_core.framework import backend, keras
from cnn_core.probe.non_linearity import (
    activation_name,
    argument_activation,
    family_of,
    is_activation,
    is_relu,
    largest_value,
)

Tensor = Any  # keras.KerasTensor: a symbolic tensor, which Keras does not type

_TRANSIENT_CLASSES = frozenset(
    "dropout spatialdropout2d alphadropout gaussiannoise gaussiandropout identity cast "
    "activityregularization".split()
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Node:
    """One call of one layer.

    Attributes:
        name: the layer's name, with the names of the models around it: ``backbone/conv1``; a layer
            called twice adds ``@2``.
        operation: the model's own layer, or operation such as an addition.
        inputs: symbolic tensors that it was called on.
        output: its symbolic result; a call with several results is a node for each.
        before_activation: what enters the non-linearity, if this node ends with or is one.
        activation: name of that non-linearity (``relu``, ``softmax``), or None.
        arguments: what else it was called on, in order: the places that a slice takes.
    """

    name: str
    operation: Any
    inputs: tuple[Tensor, ...]
    output: Tensor
    before_activation: Tensor | None = None
    activation: str | None = None
    arguments: tuple[Any, ...] = ()

    @property
    def kind(self) -> str:
        """Class name of the layer or operation."""
        return type(self.operation).__name__

    @property
    def family(self) -> str:
        """Lower-case name of Keras' own class that the operation is, or is derived from."""
        return family_of(self.operation)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FlatGraph:
    """The nodes of a model in the order of computation, with its input and outputs."""

    input: Tensor
    nodes: tuple[Node, ...]
    outputs: tuple[Tensor, ...]
    output_names: tuple[str, ...]

    def producer(self, tensor: Tensor) -> Node | None:
        """The node whose result (also after a change of dtype) ``tensor`` is."""
        return next((node for node in reversed(self.nodes) if node.output is tensor), None)

    def ancestors(self, tensor: Tensor) -> frozenset[str]:
        """Names of the nodes that ``tensor`` depends on, its producer included."""
        producers = {id(node.output): node for node in self.nodes}
        waiting, found = [tensor], set()
        while waiting:
            node = producers.get(id(waiting.pop()))
            if node is not None and node.name not in found:
                found.add(node.name)
                waiting.extend(node.inputs)
        return frozenset(found)

    def consumers(self, node: Node) -> list[Node]:
        """The nodes called on the result of ``node``."""
        return [other for other in self.nodes if any(t is node.output for t in other.inputs)]


class _TargetReached(Exception):
    """Ends a walk early: everything that was asked for is there."""


def flat_graph(
    model: keras.Model,
    *,
    input_size: tuple[int | None, int | None] | None = None,
    until: str | None = None,
    gate: str | None = None,
) -> FlatGraph:
    """Lay a model flat.

    Args:
        model: Sequential or functional, possibly nested. Not changed.
        input_size: (height, width) to use instead of the model's own.
        until: stop after the node of this name; layers behind it need not accept ``input_size``.
        gate: rule by which ReLUs hand gradients back, of ``backend.GatedReLU``; None for the derivative.

    Raises:
        ModelError: several inputs, an input that is no picture, or a subclassed model.
    """
    own = picture_input_shape(model)
    size = own[:2] if input_size is None else input_size
    walker = _Walker(until, gate)
    entry = keras.Input((*size, own[2]), dtype="float32", name="convscope_input")
    try:
        outputs = walker.inline(model, entry, prefix="")
    except _TargetReached:
        outputs = [walker.nodes[-1].output]
    flat_outputs = tuple(keras.tree.flatten(outputs))
    names = _output_names(model, outputs, flat_outputs, walker.nodes)
    return FlatGraph(input=entry, nodes=tuple(walker.nodes), outputs=flat_outputs, output_names=names)


def picture_input_shape(model: keras.Model) -> tuple[int | None, int | None, int]:
    """(height, width, channels) of the one picture that a model takes; free sides are None.

    Raises:
        ModelError: several inputs, an unknown input shape, or an input that is no picture.
    """
    shapes = _input_shapes(model)
    if len(shapes) != 1:
        raise ModelError(
            f"Expected a model with one input. Received: {len(shapes)} inputs in {model.name!r}. "
            "Fix all inputs but the picture in a model around it."
        )
    shape = shapes[0]
    if len(shape) != 4 or shape[3] is None:
        raise ModelError(
            "Expected a picture input (batch, height, width, channels). "
            f"Received: {shape} in {model.name!r}. Only image models with channels last can be shown."
        )
    return shape[1], shape[2], shape[3]


def _input_shapes(model: keras.Model) -> list[tuple[int | None, ...]]:
    if isinstance(model, keras.Sequential) and not model.built:
        raise ModelError(
            f"Expected a model whose input shape is known. Received: {model.name!r}, never built. "
            "Call model.build((None, height, width, channels)) first."
        )
    if not _is_functional(model):
        raise ModelError(
            f"Expected a Sequential or functional model. Received: {type(model).__name__}, a subclassed "
            "model, whose layers cannot be seen from outside. Build it with the functional interface."
        )
    return [tuple(tensor.shape) for tensor in model.inputs]


class _Walker:
    """Calls every layer of a model once more, as a twin, and takes notes."""

    def __init__(self, until: str | None, gate: str | None) -> None:
        self.nodes: list[Node] = []
        self._until = until
        self._gate = gate
        self._calls: dict[str, int] = {}
        self._duplicates_of = 0

    def inline(self, model: keras.Model, inputs: Any, prefix: str) -> Any:
        """Run a model's layers on symbolic ``inputs``; nested models are inlined in turn."""

        def call(operation: Any, *args: Any, **kwargs: Any) -> Any:
            return self._call(operation, prefix, *args, **kwargs)

        if isinstance(model, keras.Sequential):
            for layer in model.layers:
                inputs = call(layer, inputs)
            return inputs
        # What clone_model does inside; clone_model itself cannot start in the middle of a graph.
        outputs = model._run_through_graph(inputs, operation_fn=lambda operation: operation, call_fn=call)
        flat = keras.tree.flatten(outputs)
        return flat[0] if len(flat) == 1 else outputs

    def _call(self, operation: Any, prefix: str, *args: Any, **kwargs: Any) -> Any:
        name = self._unique(prefix + operation.name)
        if isinstance(operation, keras.Model) and _is_functional(operation):
            inputs = next(iter((*args, *kwargs.values())))
            return self.inline(operation, inputs, f"{name}/")
        if getattr(operation, "data_format", None) == "channels_first":
            raise ModelError(
                f"Expected channels last. Received: data_format='channels_first' in layer {name!r}. "
                "Build the model anew with channels last."
            )
        kwargs = {key: value for key, value in kwargs.items() if key not in ("training", "mask")}
        inputs = tuple(keras.tree.flatten((args, kwargs)))
        symbols = tuple(x for x in inputs if isinstance(x, keras.KerasTensor))
        activation = argument_activation(operation)
        if activation is None:
            before = symbols[0] if is_activation(operation) else None
            if before is not None and self._gates(operation):
                result = self._gated(operation, before)
            else:
                result = self._duplicate_of(operation)(*args, **kwargs)
        else:
            before = self._duplicate_of(operation, activation=keras.activations.linear)(*args, **kwargs)
            if self._gates(operation):
                result = self._gated(operation, before)
            else:
                result = self._apply(activation, before, operation.dtype_policy)
        kind = None if before is None else activation_name(operation)
        others = tuple(each for each in args if not _holds_tensors(each))
        for number, output in enumerate(keras.tree.flatten(result)):
            node = Node(
                name=self._unique(prefix + operation.name) if number else name,
                operation=operation,
                inputs=symbols,
                output=output,
                before_activation=before,
                activation=kind,
                arguments=others,
            )
            self.nodes.append(node)
            if node.name == self._until:
                raise _TargetReached
        return result

    def _gates(self, operation: Any) -> bool:
        return self._gate is not None and is_relu(operation)

    def _gated(self, operation: Any, tensor: Tensor) -> Tensor:
        self._duplicates_of += 1
        return backend.GatedReLU(
            str(self._gate),
            largest_value(operation),
            name=f"twin_{self._duplicates_of}",
            dtype=getattr(operation, "dtype_policy", None),
        )(tensor)

    def _apply(self, activation: Any, tensor: Tensor, dtype: Any) -> Tensor:
        if isinstance(activation, keras.layers.Layer):
            return self._duplicate_of(activation)(tensor)
        return self._duplicate_of(keras.layers.Activation(activation, dtype=dtype))(tensor)

    def _duplicate_of(self, operation: Any, **changes: Any) -> Any:
        """A twin with a name that no other has, and that the framework takes, unlike some names of layers."""
        self._duplicates_of += 1
        return _twin(operation, name=f"twin_{self._duplicates_of}", **changes)

    def _unique(self, name: str) -> str:
        count = self._calls[name] = self._calls.get(name, 0) + 1
        return name if count == 1 else f"{name}@{count}"


def passes_through(node: Node) -> bool:
    """Whether a node hands on what it gets when the network is not training."""
    family = node.family
    return (
        family in _TRANSIENT_CLASSES
        or (family.startswith("random") and family != "randomcrop")  # augmentation layers
        or (family == "activation" and node.activation is None)
    )


def _twin(operation: Any, **changes: Any) -> Any:
    """A shallow copy that shares the variables but has a call history and losses of its own."""
    twin = object.__new__(type(operation))
    twin.__dict__.update(operation.__dict__, _inbound_nodes=[], _outbound_nodes=[], **changes)
    if isinstance(operation, keras.layers.Layer):
        twin.__dict__.update(_losses=[], _loss_ids=set(), activity_regularizer=None)
    return twin


def _holds_tensors(argument: Any) -> bool:
    return any(isinstance(each, keras.KerasTensor) for each in keras.tree.flatten(argument))


def _is_functional(model: Any) -> bool:
    try:
        return bool(model.inputs) and bool(model.outputs)
    except (AttributeError, TypeError, ValueError):  # what Keras raises depends on the kind of model
        return False


def _output_names(
    model: keras.Model, outputs: Any, flat_outputs: tuple[Tensor, ...], nodes: list[Node]
) -> tuple[str, ...]:
    """The keys of a dict of outputs, else Keras' names; where these repeat, those of the last nodes."""
    if isinstance(outputs, dict) and len(outputs) == len(flat_outputs):
        return tuple(sorted(map(str, outputs)))
    names = tuple(map(str, getattr(model, "output_names", ())))
    if len(set(names)) == len(flat_outputs):
        return names
    by_tensor = {id(node.output): node.name for node in nodes}
    return tuple(by_tensor.get(id(tensor), f"output {i}") for i, tensor in enumerate(flat_outputs))
