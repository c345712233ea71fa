"""A network from the description that Keras 2 or tf_keras has saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras

from cnn_core.errors import ModelError
from cnn_core.models.legacy_keras.layer_config import dtype_of, input_shape_of, layer_of
from cnn_core.models.legacy_keras.operations import getitem, operation

CONSTANT = "_CONSTANT_VALUE"  # stands in the place of a layer
NETWORKS = ("Functional", "Model", "Sequential")

Call = Callable[..., Any]
Place = tuple[str, int, int]  # layer, call of it, which of its results
Results = dict[tuple[str, int], list[Any]]


def rebuilt(description: Mapping[str, Any]) -> keras.Model:
    """The network of a ``config.json`` or ``model_config``, with fresh weights.

    Raises:
        ModelError: no network of Keras 2 that is understood here.
    """
    config = description.get("config")
    if description.get("class_name") == "Sequential":
        return _sequential(config)
    if description.get("class_name") in NETWORKS and isinstance(config, Mapping) and "layers" in config:
        return _Functional(config).model()
    raise ModelError(
        "Expected a functional or sequential network. Received: "
        f"{str(description.get('class_name'))[:60]!r}, which is a class of its own. Build it as a functional "
        "model, take over its weights, and save that."
    )


def _sequential(config: Any) -> keras.Model:
    parts = config.get("layers", []) if isinstance(config, Mapping) else config
    layers: list[Any] = []
    for part in parts:
        about = part.get("config") or {}
        shape = input_shape_of(about)
        if not layers and shape is not None:
            layers.append(keras.Input(batch_shape=shape, dtype=dtype_of(about.get("dtype")) or "float32"))
        if part.get("class_name") != "InputLayer":
            layers.append(_made(part))
    model = keras.Sequential(layers, name=config.get("name") if isinstance(config, Mapping) else None)
    if not model.built and isinstance(config, Mapping) and config.get("build_input_shape"):
        model.build(tuple(config["build_input_shape"]))
    return model


def _made(part: Mapping[str, Any]) -> Any:
    """What is called in the place of a layer: a layer, a network, or a function."""
    class_name, config = str(part.get("class_name")), part.get("config") or {}
    if class_name in NETWORKS:
        return rebuilt(part)
    if class_name == "SlicingOpLambda":
        return getitem
    if class_name == "TFOpLambda":
        return operation(str(config.get("function")))
    if class_name == "TensorFlowOpLayer":
        return _with_constants(config)
    return layer_of(class_name, config)


def _with_constants(config: Mapping[str, Any]) -> Call:
    """An operation of a graph; some of its arguments, by number, are constants."""
    node = config.get("node_def")
    call = operation(str(node.get("op") if isinstance(node, Mapping) else ""))
    constants = {int(place): value for place, value in (config.get("constants") or {}).items()}

    def called(*inputs: Any) -> Any:
        arguments = list(inputs[0]) if len(inputs) == 1 and isinstance(inputs[0], list) else list(inputs)
        for place in sorted(constants):
            arguments.insert(place, constants[place])
        return call(*arguments)

    return called


class _Functional:
    """A graph of layers, each called as soon as what it takes is there."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self._results: Results = {}

    def model(self) -> keras.Model:
        waiting = [self._begun(part) for part in self._config["layers"]]
        while waiting:
            left = [one for one in waiting if not one.run(self._results)]
            if len(left) == len(waiting) and not any(one.moved for one in left):
                raise ModelError(
                    f"Expected a graph of layers. Received: {left[0].name[:60]!r}, whose inputs are nowhere. "
                    "The file is damaged; choose another model."
                )
            waiting = left
        inputs, outputs = (
            _resolved(self._config[f"{side}_layers"], self._results) for side in ("input", "output")
        )
        return keras.Model(_alone(inputs), _alone(outputs), name=self._config.get("name"))

    def _begun(self, part: Mapping[str, Any]) -> _Waiting:
        config = part.get("config") or {}
        name = str(part.get("name") or config.get("name"))
        if part.get("class_name") != "InputLayer":
            call, nodes = _made(part), list(part.get("inbound_nodes") or [])
            first = self._first_node(name) if isinstance(call, keras.Model) else 0
            return _Waiting(name, call, nodes, first)
        dtype = dtype_of(config.get("dtype")) or "float32"
        self._results[name, 0] = [keras.Input(batch_shape=input_shape_of(config), dtype=dtype, name=name)]
        return _Waiting(name, None, [], 0)

    def _first_node(self, name: str) -> int:
        """The lowest number that a call of a network goes by: most versions count its making as a call."""
        return min((place[1] for place in _places(self._config) if place[0] == name), default=0)


class _Waiting:
    """A layer with the calls of it that are still to be made, in order."""

    def __init__(self, name: str, call: Any, nodes: list[Any], number: int) -> None:
        """``number`` is that of the first call."""
        self.name, self._call, self._nodes, self._number = name, call, nodes, number
        self.moved = False

    def run(self, results: Results) -> bool:
        """Make the calls whose inputs are there; whether none is left."""
        self.moved = False
        while self._nodes:
            try:
                arguments, named = _arguments(self._nodes[0], results)
            except KeyError:
                return False
            found = self._called(arguments, named)
            results[self.name, self._number] = list(found) if isinstance(found, list | tuple) else [found]
            self._nodes, self._number, self.moved = self._nodes[1:], self._number + 1, True
        return True

    def _called(self, arguments: Sequence[Any], named: Mapping[str, Any]) -> Any:
        try:
            return self._call(*arguments, **{key: value for key, value in named.items() if key != "name"})
        except Exception as error:  # layers raise anything at all
            if isinstance(error, TypeError) and "required positional argument" in str(error):
                raise ModelError(
                    f"Expected an operation with all it works on. Received: {self.name[:60]!r} without some "
                    "of it, which the file does not hold. Save the model again."
                ) from error
            reason = (str(error).splitlines() or ["no reason given"])[0][:160]
            raise ModelError(
                f"Expected a layer that fits its inputs. Received: {self.name[:60]!r} ({reason}). Build the "
                "network again in Keras 3, take over its weights (set_weights), and save that."
            ) from error


def _arguments(node: Any, results: Results) -> tuple[list[Any], dict[str, Any]]:
    """What a layer is called with.

    Raises:
        KeyError: some of it is not there yet.
    """
    if isinstance(node, Mapping):  # as Keras 3 writes it
        return _resolved(node.get("args") or [], results), _resolved(node.get("kwargs") or {}, results)
    parts = [node] if node and isinstance(node[0], str) else node
    named: dict[str, Any] = {}
    inputs = []
    for part in parts:
        inputs.append(part[2] if part[0] == CONSTANT else _resolved(part[:3], results))
        named |= _resolved(part[3], results) if len(part) > 3 else {}
    return [inputs if len(inputs) > 1 else inputs[0]], named


def _resolved(value: Any, results: Results) -> Any:
    """The same with tensors in the place of what names them."""
    place = _place(value)
    if place is not None:
        return results[place[:2]][place[2]]
    if isinstance(value, list | tuple):
        return [_resolved(one, results) for one in value]
    if isinstance(value, Mapping):
        return {name: _resolved(one, results) for name, one in value.items()}
    return value


def _places(value: Any) -> Iterator[Place]:
    """All tensors that are named anywhere in a description."""
    place = _place(value[:3] if isinstance(value, list) else value)
    if place is not None:
        yield place
    for one in value if isinstance(value, list) else value.values() if isinstance(value, Mapping) else ():
        yield from _places(one)


def _place(value: Any) -> Place | None:
    if isinstance(value, Mapping) and value.get("class_name") == "__keras_tensor__":
        value = value["config"]["keras_history"]
    if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str):
        name, node, index = value
        if type(node) is int and type(index) is int:
            return name, node, index
    return None


def _alone(tensors: Any) -> Any:
    return tensors[0] if isinstance(tensors, list) and len(tensors) == 1 else tensors
