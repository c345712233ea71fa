"""From the bytes of a file to RGB pixels, and from pixels to what a model takes.

One way in for uploads, samples and training pictures alike, so that the network sees an
uploaded photo exactly as it saw those it was trained on.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from cnn_core.errors import ImageError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
MAX_FILE_BYTES = 20 * 2**20
MAX_MEGAPIXELS = 64
MIN_SIDE_PX = 8
WHITE = (255, 255, 255)


@dataclass(frozen=True, slots=True, eq=False)
class RgbImage:
    """A decoded picture.

    Attributes:
        pixels: ``(H, W, 3)``, uint8, RGB, upright, read-only.
        fingerprint: sha256 of the pixels with their shape and dtype.
    """

    pixels: NDArray[np.uint8]
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocessing:
    """From pixel values 0..255 to model input: ``pixels * scale + offset``.

    Attributes:
        scale: factor per channel, or one for all.
        offset: added after scaling, per channel, or one for all.
        channel_order: ``rgb``, or ``bgr`` for networks with Caffe's weights.
    """

    scale: tuple[float, ...] = (1 / 255,)
    offset: tuple[float, ...] = (0.0,)
    channel_order: str = "rgb"

    def apply(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Model input, float32, same shape as ``pixels`` ``(..., channels)``."""
        if self.channel_order == "bgr":
            pixels = pixels[..., ::-1]
        return pixels * np.float32(self.scale) + np.float32(self.offset)

    def invert(self, inputs: NDArray[np.float32]) -> NDArray[np.uint8]:
        """The picture that a model input shows: inverse of ``apply``, clipped and rounded."""
        values = (inputs - np.float32(self.offset)) / np.float32(self.scale)
        pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8)
        return pixels[..., ::-1] if self.channel_order == "bgr" else pixels

    def bounds(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Model inputs of a black and of a white pixel, each ``(1,)`` or ``(channels,)``."""
        offset, scale = np.float32(self.offset), np.float32(self.scale)
        return offset, offset + 255 * scale


def decode_image(content: bytes) -> RgbImage:
    """Decode an untrusted picture file by its content, whatever its name says.

    The first frame of an animation is taken, EXIF orientation is applied, transparency is laid
    on white, 16-bit and CMYK pictures become 8-bit RGB.

    Args:
        content: bytes of a PNG, JPEG, WebP, BMP, GIF or TIFF file of at most 20 MB.

    Raises:
        ImageError: empty, too large, damaged, or no picture.
    """
    if not content:
        raise ImageError("Expected a picture. Received an empty file. Choose another file.")
    if len(content) > MAX_FILE_BYTES:
        raise ImageError(
            f"Expected a picture of at most {MAX_FILE_BYTES // 2**20} MB. "
            f"Received {len(content) / 2**20:.1f} MB. Save it smaller and try again."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own size warning: our limit is lower
            with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                _check_size(picture.size)
                pixels = _upright_rgb(picture)
    except UnidentifiedImageError:
        raise ImageError(
            "Expected a PNG, JPEG, WebP, BMP, GIF or TIFF picture. "
            "Received a file that is none of these, whatever its name ends in. Choose another file."
        ) from None
    except Image.DecompressionBombError:
        raise ImageError(_too_many_pixels("far more pixels")) from None
    except ImageError:
        raise
    except Exception as error:  # noqa: BLE001  decoders raise anything at all on hostile bytes
        raise ImageError(
            f"Expected a complete picture. Received a damaged or cut-off file ({type(error).__name__}). "
            "Save or download it again and try once more."
        ) from None
    return rgb_image(pixels)


def rgb_image(pixels: NDArray[np.uint8]) -> RgbImage:
    """Wrap ``(H, W, 3)`` uint8 RGB pixels, copied, with their fingerprint."""
    frozen = np.array(pixels, np.uint8, order="C")
    frozen.setflags(write=False)
    return RgbImage(frozen, array_fingerprint(frozen))


def array_fingerprint(array: NDArray[np.generic]) -> str:
    """sha256 over dtype, shape and bytes of an array."""
    digest = hashlib.sha256(f"{array.dtype.str} {array.shape} ".encode())
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def resize_pixels(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Resize ``(H, W, 3)`` or ``(H, W)`` pixels to ``size`` = (height, width).

    Bilinear with the filter widened when shrinking, so that fine patterns do not alias; the
    aspect ratio is not kept, as in training.
    """
    if pixels.shape[:2] == size:
        return pixels
    height, width = size
    resized = Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(resized)


def model_pixels(pixels: NDArray[np.uint8], size: tuple[int, int], channels: int) -> NDArray[np.uint8]:
    """The picture as a network sees it, before scaling.

    Args:
        pixels: ``(H, W, 3)``, uint8, RGB.
        size: (height, width) that the network takes.
        channels: 1 gives grey, 3 RGB, 4 RGB with a full alpha channel.

    Returns:
        ``(height, width, channels)``, uint8.

    Raises:
        ImageError: the network takes another number of channels.
    """
    resized = resize_pixels(pixels, size)
    if channels == 3:
        return resized
    if channels == 1:
        return np.asarray(Image.fromarray(resized).convert("L"))[..., None]
    if channels == 4:
        return np.dstack([resized, np.full(size, 255, np.uint8)])
    raise ImageError(
        f"Expected a model with 1, 3 or 4 input channels. Received: {channels}. "
        "A photo cannot be shown to this model; pass arrays to cnn_core instead."
    )


def _check_size(size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_MEGAPIXELS * 1_000_000:
        raise ImageError(_too_many_pixels(f"{width} x {height}"))
    if min(size) < MIN_SIDE_PX:
        raise ImageError(
            f"Expected a picture of at least {MIN_SIDE_PX} x {MIN_SIDE_PX} pixels. "
            f"Received {width} x {height}. Choose a larger one."
        )


def _too_many_pixels(received: str) -> str:
    return (
        f"Expected a picture of at most {MAX_MEGAPIXELS} megapixels. Received {received}. "
        "Shrink it and try again."
    )


def _upright_rgb(picture: Image.Image) -> NDArray[np.uint8]:
    picture.seek(0)
    picture.load()
    upright = ImageOps.exif_transpose(picture)
    if upright.mode.startswith("I") or upright.mode == "F":
        return np.asarray(Image.fromarray(_to_8_bit(np.asarray(upright))).convert("RGB"))
    if "A" in upright.getbands() or "transparency" in upright.info:
        layer = upright.convert("RGBA")
        ground = Image.new("RGBA", layer.size, (*WHITE, 255))
        return np.asarray(Image.alpha_composite(ground, layer).convert("RGB"))
    return np.asarray(upright.convert("RGB"))


def _to_8_bit(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """16-bit, 32-bit or float grey to 8 bits: 16-bit range if it fits, else stretched."""
    grey = np.nan_to_num(values.astype(np.float64))
    if np.issubdtype(values.dtype, np.integer) and 0 <= grey.min() and grey.max() <= 65535:
        return np.rint(grey / 257).astype(np.uint8)
    span = grey.max() - grey.min()
    return np.rint((grey - grey.min()) / (span if span > 0 else 1) * 255).astype(np.uint8)
