"""Layers in nested blocks, as far as their names and titles tell, and what is left to see of closed ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from cnn_core.probe.layer_info import LayerInfo

FEWEST_LAYERS = 3  # that share the beginning of their name, to be a block of their own
READABLE = 30  # layers that are seen at once without any block

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A layer, or a closed block.

    Attributes:
        path: of the block, from the outermost one; of a layer that of the blocks around it.
        layers: indices of the layers in it, in order.
        closed: whether it is a block.
        inputs: places, in the list of boxes, of those that it takes results from, in order.
        depth: length of the longest way to it.
    """

    path: Path
    layers: tuple[int, ...]
    closed: bool
    inputs: tuple[int, ...]
    depth: int


def block_paths(infos: Sequence[LayerInfo]) -> list[Path]:
    """The blocks around each layer, from the outermost: nested models, then sizes of maps, then names.

    Layers whose names begin alike, ``conv2_block1_1_conv`` and ``conv2_block1_out``, follow one another in a
    block; a network that can be read as a whole has none but its nested models.
    """
    nested = [tuple(info.name.split("/")[:-1]) for info in infos]
    if len(infos) <= READABLE:
        return nested
    paths: list[Path] = []
    by_size = [(*outer, info.title.partition(",")[0]) for outer, info in zip(nested, infos, strict=True)]
    together = zip(by_size, infos, strict=True)
    for _, members in groupby(together, key=lambda pair: (pair[0], _beginning(pair[1].name))):
        group = list(members)
        beginning = _beginning(group[0][1].name)
        named = (beginning,) if beginning and len(group) >= FEWEST_LAYERS else ()
        paths += [(*path, *named) for path, _ in group]
    return paths


def _beginning(name: str) -> str:
    """The first two words of a name of three or more."""
    words = name.rpartition("/")[2].split("_")
    return "_".join(words[:2]) if len(words) > 2 else ""


def boxes(paths: Sequence[Path], inputs: Sequence[Sequence[int]], opened: Collection[Path]) -> list[Box]:
    """The layers that are seen while only some blocks are open, and the closed blocks in place of the others.

    Args:
        paths: see ``block_paths``.
        inputs: of each layer, the indices of those that it takes results from.
        opened: the paths of the open blocks; one inside a closed block is not seen.
    """
    keys = [_first_closed(path, opened) or (index,) for index, path in enumerate(paths)]
    places: dict[object, int] = {}
    members: list[list[int]] = []
    place_of = []
    for index, key in enumerate(keys):
        if key not in places:
            places[key] = len(members)
            members.append([])
        members[places[key]].append(index)
        place_of.append(places[key])
    found: list[Box] = []
    for place, layers in enumerate(members):
        # Of blocks that take from one another only the later one counts, so that nothing runs in a circle.
        taken = sorted({place_of[i] for layer in layers for i in inputs[layer] if place_of[i] < place})
        closed = _first_closed(paths[layers[0]], opened)
        found.append(
            Box(
                path=closed or paths[layers[0]],
                layers=tuple(layers),
                closed=closed is not None,
                inputs=tuple(taken),
                depth=1 + max((found[i].depth for i in taken), default=-1),
            )
        )
    return found


def all_blocks(paths: Sequence[Path]) -> dict[Path, int]:
    """Every block, in order, with the number of its layers."""
    counts: dict[Path, int] = {}
    for path in paths:
        for end in range(1, len(path) + 1):
            counts[path[:end]] = counts.get(path[:end], 0) + 1
    return counts


def _first_closed(path: Path, opened: Collection[Path]) -> Path | None:
    return next((path[:end] for end in range(1, len(path) + 1) if path[:end] not in opened), None)


def columns(found: Sequence[Box]) -> Mapping[int, tuple[int, int]]:
    """For each box its place among those of the same depth, and how many these are."""
    rows: dict[int, list[int]] = {}
    for index, box in enumerate(found):
        rows.setdefault(box.depth, []).append(index)
    return {index: (place, len(row)) for row in rows.values() for place, index in enumerate(row)}
