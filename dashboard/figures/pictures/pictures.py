"""Photos and small map pictures as files that a browser takes."""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image

from dashboard.figures.colours import UInt8


def png(pixels: UInt8) -> bytes:
    """``(H, W)``, ``(H, W, 1)``, ``(H, W, 3)`` or ``(H, W, 4)`` pixels as a PNG file."""
    stream = io.BytesIO()
    Image.fromarray(_plain(pixels)).save(stream, "PNG", compress_level=4)
    return stream.getvalue()


def jpeg(pixels: UInt8, quality: int = 88) -> bytes:
    """Grey or RGB pixels as a JPEG file."""
    stream = io.BytesIO()
    Image.fromarray(_plain(pixels)).convert("RGB").save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def decoded(jpeg: bytes) -> UInt8:
    """The RGB pixels ``(H, W, 3)`` of a small picture that was made here."""
    with Image.open(io.BytesIO(jpeg)) as picture:
        return np.asarray(picture.convert("RGB"))


def thumbnail(pixels: UInt8, side_px: int = 112) -> bytes:
    """The middle square of a photo, small, as a JPEG file."""
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = np.ascontiguousarray(pixels[top : top + side, left : left + side])
    small = np.asarray(cv2.resize(square, (side_px, side_px), interpolation=cv2.INTER_AREA), np.uint8)
    return jpeg(small, quality=82)


def enlarged(pixels: UInt8, side_px: int) -> UInt8:
    """A small photo enlarged smoothly until its longer side is about ``side_px``; never shrunk."""
    height, width = pixels.shape[:2]
    factor = side_px / max(height, width)
    if factor <= 1:
        return np.array(pixels)
    size = (round(width * factor), round(height * factor))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC), np.uint8).reshape(
        size[1], size[0], *pixels.shape[2:]
    )


def squared(pixels: UInt8, side_px: int) -> UInt8:
    """A picture ``(H, W, c)`` as a square ``(side, side, 3)``; grown smoothly, shrunk by averaging."""
    method = cv2.INTER_AREA if max(pixels.shape[:2]) > side_px else cv2.INTER_CUBIC
    plain = np.ascontiguousarray(rgb_pixels(pixels))
    return np.asarray(cv2.resize(plain, (side_px, side_px), interpolation=method), np.uint8)


def rgb_pixels(pixels: UInt8) -> UInt8:
    """Grey or four-channel model pixels ``(H, W, c)`` as RGB ``(H, W, 3)``."""
    if pixels.shape[2] == 1:
        return np.repeat(pixels, 3, axis=2)
    return pixels[..., :3]


def _plain(pixels: UInt8) -> UInt8:
    return pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
