"""What a model is made of, without the model: enough to ask about it, and to find what was asked before."""

from __future__ import annotations

from dataclasses import dataclass

from cnn_core.errors import InvalidRequestError
from cnn_core.probe.heads import Head, check_head
from cnn_core.probe.layer_info import LayerInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The layers and outputs of a model.

    Attributes:
        input_shape: height, width and channels of the pictures; None where the model leaves a side free.
        layers: in the order of computation, nested ones included.
        heads: the outputs.
        cam_layers: per output, name of the last layer with a map larger than 1x1 that it depends on, after
            its activation, before its pooling, and never the output itself; None if there is none.
        weighs_means: per output, whether its score is a weighed sum of the means of that layer's maps.
    """

    input_shape: tuple[int | None, int | None, int]
    layers: tuple[LayerInfo, ...]
    heads: tuple[Head, ...]
    cam_layers: tuple[str | None, ...]
    weighs_means: tuple[bool, ...]

    def layer(self, name: str) -> LayerInfo:
        """The layer of that name.

        Raises:
            InvalidRequestError: there is none.
        """
        for info in self.layers:
            if info.name == name:
                return info
        raise InvalidRequestError(
            f"Expected a layer of this model. Received: {name!r}. "
            f"Choose one of {[info.name for info in self.layers if not info.padding]}."
        )

    def default_cam_layer(self, head: int = 0) -> str | None:
        """The layer of ``cam_layers`` for an output.

        Raises:
            InvalidRequestError: no such output.
        """
        check_head(self.heads, head)
        return self.cam_layers[head]
