"""Files that strangers upload: some to be refused in one sentence, some odd but good.

Every file is made in memory when asked for. The good ones show the picture of ``corners()``, so
that a test can say which colour must be where.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image

RED, GREEN, BLUE, GREY = (255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128)
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
HEIGHT, WIDTH = 32, 48

Colours = tuple[tuple[int, int, int], ...]
IN_COLOUR: Colours = (RED, GREEN, BLUE, GREY)  # top left, top right, bottom left, bottom right
IN_GREY: Colours = (BLACK, (85, 85, 85), (170, 170, 170), WHITE)
BLACK_AND_WHITE: Colours = (BLACK, WHITE, WHITE, BLACK)


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A file as somebody would upload it.

    Attributes:
        title: what is special about it.
        name: as uploaded.
        make: its bytes.
        says: part of the sentence that refuses it; empty when it must open.
        corners: colours of the four quarters when it opens.
        tolerance: largest difference per channel that its format may cause.
    """

    title: str
    name: str
    make: Callable[[], bytes]
    says: str = ""
    corners: Colours = IN_COLOUR
    tolerance: int = 0


def corners(colours: Colours = IN_COLOUR) -> NDArray[np.uint8]:
    """``(32, 48, 3)`` pixels: a quarter in each colour."""
    quarters = np.array(colours, np.uint8).reshape(2, 2, 3)
    return quarters.repeat(HEIGHT // 2, 0).repeat(WIDTH // 2, 1)


def encoded(picture: Image.Image | NDArray[Any], file_format: str, **options: Any) -> bytes:
    """Bytes of a picture file."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk of a PNG file."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, depth: int, colour: int, data: bytes, *extra: bytes) -> bytes:
    """A PNG file from compressed rows; colour 0 is grey, 2 RGB, 6 RGB with alpha."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [chunk(b"IHDR", header), *extra, chunk(b"IDAT", data), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def repeated(row: bytes, rows: int) -> bytes:
    """Compressed rows that are all the same, made without holding them."""
    packer = zlib.compressobj(1)
    return b"".join(packer.compress(row) for _ in range(rows)) + packer.flush()


def one_bit_png(side_px: int) -> bytes:
    """A complete black square, small whatever its side."""
    return png(side_px, side_px, 1, 0, repeated(bytes(1 + (side_px + 7) // 8), side_px))


def transparent_png(side_px: int) -> bytes:
    """A complete square of black that nobody sees."""
    return png(side_px, side_px, 8, 6, repeated(bytes(1 + 4 * side_px), side_px))


def png_with(*extra: bytes) -> bytes:
    """The corners as PNG with more chunks."""
    rows = b"".join(b"\0" + row.tobytes() for row in corners())
    return png(WIDTH, HEIGHT, 8, 2, zlib.compress(rows), *extra)


def truncated(content: bytes, fraction: float = 0.6) -> bytes:
    """The first part of a file."""
    return content[: int(len(content) * fraction)]


def photo(file_format: str, **options: Any) -> bytes:
    """A file of noise, so that cutting it anywhere cuts pixels."""
    return encoded(np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8), file_format, **options)


def corrupt_png() -> bytes:
    """A PNG file with one changed byte in its pixels."""
    content = bytearray(photo("PNG"))
    content[len(content) // 2] ^= 0xFF
    return bytes(content)


def busy_jpeg() -> bytes:
    """A small progressive JPEG that repeats one scan very often."""
    content = encoded(Image.new("L", (2000, 2000)), "JPEG", progressive=True)
    last_scan = content[content.rindex(b"\xff\xda") : -2]
    return content[:-2] + last_scan * 2000 + content[-2:]


def wide_webp() -> bytes:
    """A WebP file whose header claims 16383 x 16383 pixels."""
    content = bytearray(encoded(corners(), "WEBP", lossless=True))
    (bits,) = struct.unpack("<I", content[21:25])
    content[21:25] = struct.pack("<I", bits >> 28 << 28 | 16382 << 14 | 16382)
    return bytes(content)


def gif_with_huge_frame() -> bytes:
    """A GIF file whose first frame claims 65535 x 65535 pixels on a small canvas."""
    content = bytearray(encoded(Image.new("P", (20, 20)), "GIF"))
    frame = content.index(b"\x2c")
    content[frame + 5 : frame + 9] = struct.pack("<HH", 65535, 65535)
    return bytes(content)


def animation(file_format: str, **options: Any) -> bytes:
    """The corners, then two other frames."""
    frames = [Image.new("RGB", (WIDTH, HEIGHT), colour) for colour in (BLACK, WHITE)]
    return encoded(corners(), file_format, save_all=True, append_images=frames, duration=100, **options)


def rgb_16_bit() -> bytes:
    """Two bytes per channel, which Pillow cannot write."""
    rows = (corners().astype(">u2") * 257).reshape(HEIGHT, -1)
    return png(WIDTH, HEIGHT, 16, 2, zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows)))


def palette_with_transparency() -> bytes:
    """Four palette entries; the last is half transparent black, grey on white."""
    indices = np.array([[0, 1], [2, 3]], np.uint8).repeat(HEIGHT // 2, 0).repeat(WIDTH // 2, 1)
    picture = Image.fromarray(indices).convert("P")
    picture.putpalette(bytes([*RED, *GREEN, *BLUE, *BLACK]))
    return encoded(picture, "PNG", transparency=bytes([255, 255, 255, 127]))


def grey_with_alpha() -> bytes:
    """Black below an alpha that grows from 0 to 255: white turns black."""
    alpha = corners(IN_GREY)[..., 0]
    return encoded(np.dstack([np.zeros_like(alpha), alpha]), "PNG")


def colour_with_alpha() -> bytes:
    """Red, green, blue and half transparent black."""
    pixels = np.dstack([corners((RED, GREEN, BLUE, BLACK)), np.full((HEIGHT, WIDTH), 255, np.uint8)])
    pixels[HEIGHT // 2 :, WIDTH // 2 :, 3] = 127
    return encoded(pixels, "PNG")


def cmyk(file_format: str, **options: Any) -> bytes:
    """The corners as ink."""
    return encoded(Image.fromarray(corners()).convert("CMYK"), file_format, **options)


def floats_with_nan() -> bytes:
    """Grey from 0 to 1 as floats; the first pixel is no number, the second infinite."""
    values = corners(IN_GREY)[..., 0].astype(np.float32) / 255
    values[5, 5:7] = np.nan, np.inf
    return encoded(values, "TIFF")


def oriented(orientation: int, file_format: str = "JPEG", **options: Any) -> bytes:
    """The corners, stored as EXIF 2.32, section 4.6.4, defines an orientation.

    It names the visual sides on which the first stored row and the first stored column lie.
    """
    sides = ["top left", "top right", "bottom right", "bottom left", "left top", "right top", "right bottom"]
    first_row, first_column = [*sides, "left bottom"][orientation - 1].split()
    opposite = {"top": "bottom", "bottom": "top", "left": "right", "right": "left"}
    places = {
        frozenset({vertical, horizontal}): IN_COLOUR[2 * row + column]
        for row, vertical in enumerate(("top", "bottom"))
        for column, horizontal in enumerate(("left", "right"))
    }
    stored = [
        places[frozenset({row, column})]
        for row in (first_row, opposite[first_row])
        for column in (first_column, opposite[first_column])
    ]
    pixels = corners(tuple(stored))
    if orientation >= 5:
        pixels = np.array(stored, np.uint8).reshape(2, 2, 3).repeat(WIDTH // 2, 0).repeat(HEIGHT // 2, 1)
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(pixels, file_format, exif=exif, **options)


def heic() -> bytes:
    """As telephones store their photos."""
    file = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(corners())).save(file, quality=100)
    return file.getvalue()


def icon_of(png: bytes) -> bytes:
    """An icon whose directory says 48 x 32, whatever the picture in it says."""
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, WIDTH, HEIGHT, 0, 0, 1, 32, len(png), 22) + png


BOMB = zlib.compress(bytes(50 * 2**20), 9)
TEXT, HTML = b"Dear diary, today I met a cat.\n" * 20, b"<!doctype html><html><body>404</body></html>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\nshowpage\n"
NONE, DAMAGED, PIXELS = "none of these", "damaged or cut-off", "at most 64 megapixels"

REFUSED = (
    PictureFile("empty file", "empty.jpg", lambda: b"", "Received an empty file"),
    PictureFile("text", "text.jpg", lambda: TEXT, NONE),
    PictureFile("web page", "page.jpg", lambda: HTML, NONE),
    PictureFile("SVG drawing", "drawing.jpg", lambda: SVG, NONE),
    PictureFile("PostScript program", "program.jpg", lambda: POSTSCRIPT, NONE),
    *(
        PictureFile(f"truncated {kind}", f"cut.{kind}", lambda kind=kind: truncated(photo(kind)), DAMAGED)
        for kind in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF", "JPEG2000")
    ),
    PictureFile("truncated HEIC", "cut.heic", lambda: truncated(heic()), DAMAGED),
    PictureFile("corrupt PNG", "corrupt.png", corrupt_png, DAMAGED),
    PictureFile(
        "single pixel", "dot.png", lambda: encoded(Image.new("RGB", (1, 1)), "PNG"), "at least 8 x 8"
    ),
    PictureFile("thread", "thread.png", lambda: encoded(Image.new("L", (8, 600)), "PNG"), "50 times"),
    PictureFile("400 megapixels", "huge.png", lambda: one_bit_png(20_000), PIXELS),
    PictureFile("144 megapixels", "large.png", lambda: one_bit_png(12_000), PIXELS),
    PictureFile("file over the limit", "heavy.png", lambda: png_with() + bytes(20 * 2**20), "at most 20 MB"),
    PictureFile("icon that hides 144 megapixels", "icon.ico", lambda: icon_of(one_bit_png(12_000)), PIXELS),
    PictureFile("JPEG of 2,000 scans", "busy.jpg", busy_jpeg, "at most 40 scans"),
    PictureFile("WebP that claims 268 megapixels", "wide.webp", wide_webp, PIXELS),
    PictureFile("GIF frame beyond its canvas", "frame.gif", gif_with_huge_frame, PIXELS),
)

GOOD = (
    PictureFile("PNG with a comment of 50 MB", "text.png", lambda: png_with(chunk(b"zTXt", b"k\0\0" + BOMB))),
    PictureFile("PNG with a profile of 50 MB", "icc.png", lambda: png_with(chunk(b"iCCP", b"k\0\0" + BOMB))),
    PictureFile("AVIF", "a.avif", lambda: encoded(corners(), "AVIF", quality=100), tolerance=6),
    PictureFile("HEIC", "phone.heic", heic, tolerance=6),
    PictureFile("JPEG 2000", "map.jp2", lambda: encoded(corners(), "JPEG2000")),
    PictureFile("icon", "icon.ico", lambda: icon_of(encoded(corners(), "PNG"))),
    PictureFile("animated GIF", "moving.gif", lambda: animation("GIF")),
    PictureFile("animated WebP", "moving.webp", lambda: animation("WEBP", lossless=True)),
    PictureFile("animated PNG", "moving.png", lambda: animation("PNG")),
    PictureFile("TIFF of several pages", "pages.tif", lambda: animation("TIFF", compression="tiff_lzw")),
    PictureFile("JPEG of several frames", "stereo.mpo", lambda: animation("MPO", quality=95), tolerance=4),
    PictureFile(
        "progressive JPEG", "p.jpg", lambda: encoded(corners(), "JPEG", progressive=True), tolerance=4
    ),
    PictureFile("bitmap", "old.bmp", lambda: encoded(corners(), "BMP")),
    PictureFile(
        "CMYK JPEG, inverted as Adobe does", "ink.jpg", lambda: cmyk("JPEG", quality=95), tolerance=5
    ),
    PictureFile("CMYK TIFF", "ink.tif", lambda: cmyk("TIFF")),
    PictureFile(
        "16-bit grey PNG",
        "deep.png",
        lambda: encoded(corners(IN_GREY)[..., 0].astype(np.uint16) * 257, "PNG"),
        corners=IN_GREY,
    ),
    PictureFile("16-bit RGB PNG", "deep_colour.png", rgb_16_bit),
    PictureFile("palette with transparency", "palette.png", palette_with_transparency),
    PictureFile("grey with alpha", "veil.png", grey_with_alpha, corners=IN_GREY[::-1]),
    PictureFile("colour with alpha", "veil_colour.png", colour_with_alpha),
    PictureFile(
        "one bit",
        "fax.png",
        lambda: encoded(Image.fromarray(corners(BLACK_AND_WHITE)).convert("1"), "PNG"),
        corners=BLACK_AND_WHITE,
    ),
    PictureFile("floats with NaN", "floats.tif", floats_with_nan, corners=IN_GREY),
    PictureFile(
        "32-bit integers",
        "counts.tif",
        lambda: encoded(corners(IN_GREY)[..., 0].astype(np.int32) * 100_000 - 7, "TIFF"),
        corners=IN_GREY,
    ),
    PictureFile("PNG named .jpg", "actually_a_png.jpg", png_with),
    PictureFile("no extension", "picture", png_with),
    PictureFile("non-ASCII name", "Kätzchen 猫 🐈.png", png_with),
    PictureFile(
        "long text in a PNG", "novel.png", lambda: png_with(chunk(b"tEXt", b"k\0" + b"a" * 5_000_000))
    ),
    PictureFile(
        "damaged EXIF",
        "exif.jpg",
        lambda: encoded(corners(), "JPEG", quality=95, exif=b"Exif\0\0MM\0*\xff\xff\xff\xff nonsense"),
        tolerance=4,
    ),
    *(
        PictureFile(
            f"JPEG of orientation {n}", f"turned_{n}.jpg", lambda n=n: oriented(n, quality=95), tolerance=4
        )
        for n in range(1, 9)
    ),
    PictureFile("PNG of orientation 6", "turned.png", lambda: oriented(6, "PNG")),
    PictureFile("WebP of orientation 8", "turned.webp", lambda: oriented(8, "WEBP", lossless=True)),
    PictureFile("TIFF of orientation 5", "turned.tif", lambda: oriented(5, "TIFF")),
)
