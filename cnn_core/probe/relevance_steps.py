"""A network as the steps through which relevance is handed back, each with its rule."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

from cnn_core.errors import InvalidRequestError
from cnn_core.framework import backend, keras
from cnn_core.probe.flat_graph import FlatGraph, Node, passes_through

LINEAR = frozenset(
    "add subtract average concatenate flatten reshape permute squeeze expanddims getitem transpose split "
    "globalaveragepooling2d averagepooling2d mean zeropadding2d pad cropping2d upsampling2d resizing".split()
)
WEIGHED = frozenset("conv2d depthwiseconv2d dense".split())
AFFINE = frozenset("separableconv2d conv2dtranspose batchnormalization rescaling normalization".split())
WINNING = frozenset("maxpooling2d globalmaxpooling2d maximum max".split())
PRODUCTS = frozenset("multiply truedivide divide".split())
SQUASHING = frozenset({"softmax", "logsoftmax"})
RULED = LINEAR | WEIGHED | AFFINE | WINNING | PRODUCTS
CHANCES = frozenset({"softmax", "sigmoid", "hard_sigmoid"})
GATES = CHANCES | {"hardsigmoid", "tanh"}
RECTIFIED = frozenset({"relu", "relu6"})
_POSITIVE = frozenset("maxpooling2d averagepooling2d zeropadding2d pad dropout spatialdropout2d".split())
_CONVOLUTIONS = frozenset({"conv2d", "depthwiseconv2d"})


def relevance_graph(graph: FlatGraph, scores: Any, head: int, epsilon: float, gamma: float) -> Any:
    """What hands the scores of an output back to the input.

    Args:
        graph: the model.
        scores: symbolic logits ``(n, classes)`` of the output.
        head: index of the output.
        epsilon: added to the size of every unit, as a share of the mean size of its layer's units.
        gamma: how much more positive weights count in the earlier half of the convolutions.

    Raises:
        InvalidRequestError: a step without a rule, or scores that are no sums of the last layer's units.
    """
    end, base, summed = _sums(graph, scores, head)
    behind = graph.ancestors(end.output)
    nodes = [node for node in graph.nodes if node.name in behind]
    convolutions = [node for node in nodes if node.family in _CONVOLUTIONS]
    earlier = convolutions[: (len(convolutions) + 1) // 2]
    early = [node.name for node in earlier if _between_relus(graph, node)]
    steps: list[Any] = []
    for node in nodes:
        normalised = _normalised(graph, node)
        if normalised is not None:
            steps.pop()  # the layer's own step, which both together take the place of
            steps.append(_weighed(normalised, node, gamma if normalised.name in early else 0.0))
        else:
            steps += _steps(graph, node, base, gamma if node.name in early else 0.0)
    return backend.Relevance(graph.input, base, summed, steps, epsilon)


def _sums(graph: FlatGraph, scores: Any, head: int) -> tuple[Node, Any, Any]:
    """The last tensor that scores are made of, its node, and what makes the scores of it; None if nothing."""
    behind = graph.ancestors(graph.outputs[head])
    nodes = [node for node in graph.nodes if node.name in behind]
    squashed = [index for index, node in enumerate(nodes) if node.activation in CHANCES]
    first = min((index for index in squashed if _only_chances_follow(nodes[index + 1 :])), default=len(nodes))
    for index, node in reversed(list(enumerate(nodes))):
        # What a softmax gives is no sum: the scores are looked for in what it was made of.
        candidates = (node.output, node.before_activation) if index < first else (node.before_activation,)
        for tensor in candidates:
            if tensor is scores:
                return node, tensor, None
            if tensor is not None:
                with suppress(ValueError):  # Keras: the scores go round this tensor
                    return node, tensor, keras.Model(tensor, scores)
    raise InvalidRequestError(
        "Expected scores that are sums of one layer's units. Received: an output of several. Choose "
        "Integrated Gradients."
    )


def _between_relus(graph: FlatGraph, node: Node) -> bool:
    """Whether a convolution is of positive values and ends in a ReLU; else gamma can divide by zero."""
    before = graph.producer(node.inputs[0])
    while before is not None and before.family in _POSITIVE and before.activation is None:
        before = graph.producer(before.inputs[0])
    after: Node | None = node
    while after is not None and after.activation is None:
        following = graph.consumers(after)
        after = following[0] if len(following) == 1 and _may_follow(following[0]) else None
    ends = (before, after)
    return all(end is not None and end.activation in RECTIFIED for end in ends)


def _may_follow(node: Node) -> bool:
    return node.family == "batchnormalization" or node.activation is not None or passes_through(node)


def _only_chances_follow(nodes: list[Node]) -> bool:
    """Whether nothing with weights follows, so that chances are the answer and not a gate."""
    return not any(node.family in WEIGHED | AFFINE for node in nodes if node.activation not in CHANCES)


def _normalised(graph: FlatGraph, node: Node) -> Node | None:
    """The layer with weights directly before a batch normalisation, which are one linear step together."""
    if node.family != "batchnormalization":
        return None
    before = graph.producer(node.inputs[0])
    if before is None or before.family not in WEIGHED or before.before_activation is not None:
        return None
    position = graph.nodes.index(node)
    return before if graph.nodes[position - 1] is before and len(graph.consumers(before)) == 1 else None


def _steps(graph: FlatGraph, node: Node, base: Any, gamma: float) -> list[Any]:
    """The linear part of a node, and its non-linearity, which hands relevance through."""
    steps = []
    inner = node.output if node.before_activation is None else node.before_activation
    if node.before_activation is None or node.before_activation is not node.inputs[0]:
        steps.append(_linear_step(graph, node, inner, gamma))
    if inner is not node.output and inner is not base:  # behind the base nothing arrives
        if node.activation in SQUASHING:
            raise _without_rule(node)
        steps.append(_step((inner,), node.output, "gated"))
    return steps


def _linear_step(graph: FlatGraph, node: Node, output: Any, gamma: float) -> Any:
    family = node.family
    if passes_through(node):
        return _step(node.inputs, output, "gated")
    if family in WEIGHED:
        return _weighed(node, None, gamma)
    if family in WINNING:
        return _step(node.inputs, output, "winner")
    if family in PRODUCTS and len(node.inputs) > 1:
        return _step(_signal_first(graph, node), output, "gated")
    if family in LINEAR | AFFINE | PRODUCTS:
        alone = family in ("add", "subtract") and len(node.inputs) == 1  # with a number
        return _step(node.inputs, output, "share", zero=alone or family in AFFINE)
    raise _without_rule(node)


def _without_rule(node: Node) -> InvalidRequestError:
    return InvalidRequestError(
        f"Expected steps that relevance can be handed back through. Received: {node.name!r} ({node.kind}). "
        "Choose Integrated Gradients."
    )


def _step(inputs: tuple[Any, ...], output: Any, rule: str, *, zero: bool = False) -> Any:
    unique = list({id(tensor): tensor for tensor in inputs}.values())
    model = None if rule == "gated" else keras.Model(unique, output)

    def function(*values: Any) -> Any:
        return None if model is None else model(list(values), training=False)

    return backend.RelevanceStep(inputs=tuple(unique), output=output, rule=rule, function=function, zero=zero)


def _signal_first(graph: FlatGraph, node: Node) -> tuple[Any, ...]:
    """The inputs of a product, first the one that the others only let through: the largest, and no gate."""
    signals = [t for t in node.inputs if getattr(graph.producer(t), "activation", None) not in GATES]
    sizes = [math.prod(side or 1 for side in tensor.shape[1:]) for tensor in signals]
    if (
        not signals
        or sizes.count(max(sizes)) > 1
        or (node.family != "multiply" and signals[0] is not node.inputs[0])
    ):
        raise _without_rule(node)
    first = signals[sizes.index(max(sizes))]
    return (first, *(tensor for tensor in node.inputs if tensor is not first))


def _weighed(node: Node, normalisation: Node | None, gamma: float) -> Any:
    """A layer with weights and the batch normalisation behind it, positive weights counted more."""
    layer = node.operation

    def parameters() -> tuple[Any, Any]:
        kernel, bias = layer.kernel, layer.bias if layer.use_bias else 0.0
        if normalisation is not None:
            scale, shift = _normalising(normalisation.operation)
            own = scale if node.family != "depthwiseconv2d" else keras.ops.reshape(scale, kernel.shape[2:])
            kernel, bias = kernel * own, bias * scale + shift
        if gamma > 0:
            kernel = kernel + gamma * keras.ops.relu(kernel)
            bias = bias + gamma * keras.ops.relu(bias) if has_bias else bias
        return kernel, bias

    has_bias = layer.use_bias or normalisation is not None
    end = node if normalisation is None else normalisation
    plain = node.before_activation if normalisation is None else None
    return backend.RelevanceStep(
        inputs=node.inputs,
        output=end.output if plain is None else plain,
        rule="share",
        function=lambda x: _applied(node, x, *parameters()),
        bias=(lambda: parameters()[1]) if has_bias else None,
    )


def _normalising(layer: Any) -> tuple[Any, Any]:
    """Scale and shift ``(k,)`` of a batch normalisation that has been trained."""
    scale = 1 / keras.ops.sqrt(layer.moving_variance + layer.epsilon)
    scale = scale * layer.gamma if layer.scale else scale
    shift = -layer.moving_mean * scale
    return scale, shift + layer.beta if layer.center else shift


def _applied(node: Node, x: Any, kernel: Any, bias: Any) -> Any:
    layer, ops = node.operation, keras.ops
    kernel = ops.cast(kernel, x.dtype)
    if node.family == "dense":
        result = ops.matmul(x, kernel)
    elif node.family == "depthwiseconv2d":
        result = ops.depthwise_conv(
            x,
            kernel,
            strides=layer.strides,
            padding=layer.padding,
            data_format=layer.data_format,
            dilation_rate=layer.dilation_rate,
        )
    else:
        result = layer.convolution_op(x, kernel)
    return result + ops.cast(bias, x.dtype)
