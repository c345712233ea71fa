"""JPEG files with a stretch of zeros in their picture data, as failing disks and broken copies leave it.

No decoder complains: zeros are valid Huffman code for something, and the picture is only garbled from there
on. But in the luminance table that nearly every file has (ITU-T T.81, table K.5), and in most tables made
for one picture, zeros say "another coefficient of -1": in 512 bytes of them every coefficient of some twenty
blocks is the same -1, which no photo has. Where zeros mean "end of block" instead, they are what an even
area looks like, so such files are never suspected; nor are progressive ones, nor zeros at the very end,
with which some cameras fill up a file.
"""

from __future__ import annotations

from dataclasses import dataclass

from cnn_core.images.decode import JPEG_MARKER, START_OF_SCAN

ZEROS = bytes(512)  # the smallest block of a disk
DATA_AFTER_BYTES = 16
BASELINE = (0xC0, 0xC1)
HUFFMAN_TABLES = 0xC4
CODE_LENGTHS = 16
AC_CLASS = 1


@dataclass(frozen=True, slots=True)
class _Scan:
    """The picture data of a baseline file: where it starts, and what a code of zeros alone says in it."""

    start: int
    zeros_symbol: int


def has_zeroed_stretch(content: bytes) -> bool:
    """Whether the picture data of a JPEG file holds zeros that no encoder writes; quick where there are none.

    Reference: ITU-T T.81 (1992), sections B.2 and F.1.2.2.
    """
    if ZEROS not in content:
        return False
    scan = _first_scan(content)
    if scan is None or scan.zeros_symbol & 0x0F == 0:  # end of block, or a run of zero coefficients
        return False
    end = JPEG_MARKER.search(content, scan.start)
    zeros = content.find(ZEROS, scan.start, len(content) if end is None else end.start())
    if zeros < 0 or end is None:
        return False
    return len(content[zeros : end.start()].lstrip(b"\0")) >= DATA_AFTER_BYTES


def _first_scan(content: bytes) -> _Scan | None:
    """The first scan of a baseline file, else None."""
    tables: dict[int, int] = {}
    baseline = False
    position = 2
    while position + 4 <= len(content) and content[position] == 0xFF:
        marker, size = content[position + 1], int.from_bytes(content[position + 2 : position + 4])
        segment = content[position + 4 : position + 2 + size]
        position += 2 + size
        if marker in BASELINE:
            baseline = True
        elif marker == HUFFMAN_TABLES:
            tables |= _zeros_symbols(segment)
        elif marker == START_OF_SCAN:
            table = segment[2] & 0x0F if len(segment) > 2 else -1  # of the first component, the luminance
            return _Scan(position, tables[table]) if baseline and table in tables else None
    return None


def _zeros_symbols(segment: bytes) -> dict[int, int]:
    """Per AC table of a segment the symbol of its first code, which is all zeros."""
    found: dict[int, int] = {}
    while len(segment) > 1 + CODE_LENGTHS:
        kind, counts = segment[0], segment[1 : 1 + CODE_LENGTHS]
        if kind >> 4 == AC_CLASS:
            found[kind & 0x0F] = segment[1 + CODE_LENGTHS]
        segment = segment[1 + CODE_LENGTHS + sum(counts) :]
    return found
