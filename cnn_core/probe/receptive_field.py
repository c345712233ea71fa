"""Which pixels of the input one unit of a layer can see: arithmetic on kernel, stride and padding.

Following Araujo, Norris and Sim (2019), a window layer with kernel ``k``, stride ``s``, dilation
``d`` and ``p`` padded cells before the first one turns a field of size ``r``, jump ``j`` and
offset ``o`` into ``r + (k - 1) d j``, ``j s`` and ``o - p j``. Both axes are kept apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A layer that slides a window: convolution, pooling, padding or cropping.

    Attributes:
        kernel, stride, dilation: per axis, (height, width).
        padding: cells added before the first one per axis; negative for cropping.
    """

    kernel: Pair = (1, 1)
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    padding: Pair = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceptiveField:
    """The box of input pixels behind every unit of a layer.

    Attributes:
        size_px: (height, width) of the box.
        jump_px: distance of the boxes of neighbouring units, (down, across).
        offset_px: (top, left) of the box of unit (0, 0); negative where padding comes first.
        whole: whether a unit sees the whole picture besides, as behind a squeeze-and-excitation gate: its
            place is that of the box all the same.
    """

    size_px: Pair
    jump_px: tuple[float, float]
    offset_px: tuple[float, float]
    whole: bool = False

    def through(self, window: Window) -> ReceptiveField:
        """The field after one more layer."""
        (size_y, offset_y, jump_y), (size_x, offset_x, jump_x) = (
            (
                math.ceil(self.size_px[a] + (window.kernel[a] - 1) * window.dilation[a] * self.jump_px[a]),
                self.offset_px[a] - window.padding[a] * self.jump_px[a],
                self.jump_px[a] * window.stride[a],
            )
            for a in (0, 1)
        )
        return replace(
            self, size_px=(size_y, size_x), jump_px=(jump_y, jump_x), offset_px=(offset_y, offset_x)
        )

    def resized(self, before: Pair, after: Pair) -> ReceptiveField:
        """The field after a map of ``before`` cells became one of ``after``, by means of neighbours.

        Cells are taken as squares: the centre of the first new one lies half of its own width inside.
        """
        ratio = [before[a] / after[a] for a in (0, 1)]
        reach = [self.jump_px[a] * max(1.0, ratio[a]) for a in (0, 1)]
        size = [self.size_px[a] + reach[a] for a in (0, 1)]
        moved = [self.jump_px[a] * (ratio[a] - 1) / 2 for a in (0, 1)]
        return replace(
            self,
            size_px=(math.ceil(size[0]), math.ceil(size[1])),
            jump_px=(self.jump_px[0] * ratio[0], self.jump_px[1] * ratio[1]),
            offset_px=(
                self.offset_px[0] + moved[0] - reach[0] / 2,
                self.offset_px[1] + moved[1] - reach[1] / 2,
            ),
        )

    def upsampled(self, factor: Pair) -> ReceptiveField:
        """The field after every cell was repeated ``factor`` times.

        The boxes of the repeats of one cell are the same, but one jump must fit all units: the box
        is widened so that it holds what any repeat sees.
        """
        jumps = (self.jump_px[0] / factor[0], self.jump_px[1] / factor[1])
        wider = [(factor[a] - 1) * jumps[a] for a in (0, 1)]
        return replace(
            self,
            size_px=(math.ceil(self.size_px[0] + wider[0]), math.ceil(self.size_px[1] + wider[1])),
            jump_px=jumps,
            offset_px=(self.offset_px[0] - wider[0], self.offset_px[1] - wider[1]),
        )

    def extent(self, map_size: Pair) -> tuple[float, float, float, float]:
        """(top, left, bottom, right) in pixels of the area that a map of this layer stands for.

        Every cell stands for a tile as wide as the jump around the centre of its box. With even
        padding that is the whole picture; without padding it is less, and stretching the map over
        the whole picture, as is commonly done, moves evidence outwards.
        """
        tops = [self.offset_px[a] + self.size_px[a] / 2 - self.jump_px[a] / 2 for a in (0, 1)]
        bottoms = [tops[a] + map_size[a] * self.jump_px[a] for a in (0, 1)]
        return tops[0], tops[1], bottoms[0], bottoms[1]

    def box(self, unit: Pair, picture: Pair) -> tuple[int, int, int, int]:
        """(top, left, bottom, right) in pixels of what one unit sees of a picture, cut at its edges.

        At least one pixel, also for a unit that sees the zeros around the picture only.

        Args:
            unit: row and column in the map.
            picture: height and width.
        """
        if self.whole:
            return 0, 0, *picture
        starts = [math.floor(self.offset_px[a] + unit[a] * self.jump_px[a]) for a in (0, 1)]
        ends = [starts[a] + self.size_px[a] for a in (0, 1)]
        tops = [min(max(starts[a], 0), picture[a] - 1) for a in (0, 1)]
        bottoms = [max(min(ends[a], picture[a]), tops[a] + 1) for a in (0, 1)]
        return tops[0], tops[1], bottoms[0], bottoms[1]


PIXEL = ReceptiveField(size_px=(1, 1), jump_px=(1.0, 1.0), offset_px=(0.0, 0.0))


def joined(fields: Sequence[ReceptiveField | None]) -> ReceptiveField | None:
    """The field of a layer that joins branches: the union of their boxes.

    None stands for the whole picture and wins; so does a mixture of jumps, where a unit of one
    branch is spread over many of another.
    """
    first = fields[0]
    if first is None or any(f is None or f.jump_px != first.jump_px for f in fields):
        return None
    known = [f for f in fields if f is not None]
    offsets = [min(f.offset_px[a] for f in known) for a in (0, 1)]
    ends = [max(f.offset_px[a] + f.size_px[a] for f in known) for a in (0, 1)]
    return ReceptiveField(
        size_px=(math.ceil(ends[0] - offsets[0]), math.ceil(ends[1] - offsets[1])),
        jump_px=first.jump_px,
        offset_px=(offsets[0], offsets[1]),
        whole=any(f.whole for f in known),
    )


def same_padding_before(input_cells: int | None, kernel: int, stride: int, dilation: int) -> int:
    """Cells of zeros that ``padding="same"`` puts before the first cell of one axis.

    TensorFlow pads as little as makes ``ceil(input / stride)`` outputs and puts the odd cell
    last, so the padding depends on the size of the input. An unknown size counts as divisible.
    """
    reach = (kernel - 1) * dilation + 1
    if input_cells is None:
        total = max(reach - stride, 0)
    else:
        outputs = -(-input_cells // stride)
        total = max((outputs - 1) * stride + reach - input_cells, 0)
    return total // 2
