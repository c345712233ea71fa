"""Files to take away: a PNG that opens, an NPZ that keeps every bit."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from dashboard.figures.colours import signed_scale
from dashboard.figures.files.page_png import arrays_npz, indexed_pixels, view_png
from dashboard.figures.pictures.pictures import enlarged, thumbnail
from dashboard.figures.pictures.strip import card_pixels


def test_the_png_holds_the_picture_unchanged_below_its_title():
    pixels = np.random.default_rng(7).integers(0, 256, (500, 600, 3)).astype(np.uint8)
    scale = signed_scale(np.float32([-1, 1]))
    with Image.open(io.BytesIO(view_png(pixels, title="Grad-CAM", note="a note " * 40, scale=scale))) as page:
        drawn = np.asarray(page)
    top = 2 * 24 + 22 - 8
    assert np.array_equal(drawn[top : top + 500, 24:624], pixels)


def test_signs_that_the_letters_lack_are_not_drawn_as_boxes():
    pixels = np.zeros((9, 9, 3), np.uint8)
    signs, plain = "\u22125\u00a0% of 9 \u00d7 9\u2026 \u2013", "-5 % of 9 x 9... -"
    assert view_png(pixels, title=signs, note=signs) == view_png(pixels, title=plain, note=plain)


def test_small_pictures_are_enlarged_by_a_whole_number():
    with Image.open(io.BytesIO(view_png(np.zeros((9, 9, 3), np.uint8), title="t"))) as page:
        assert page.width > 9 * 50


def test_see_through_gaps_become_paper():
    pixels = indexed_pixels(np.zeros((500, 500), np.uint8), np.zeros((256, 3), np.uint8))
    with Image.open(io.BytesIO(view_png(pixels, title="t"))) as page:
        assert page.getpixel((100, 200)) == (255, 255, 255)


def test_the_npz_gives_back_the_raw_arrays():
    values = np.random.default_rng(8).normal(size=(3, 4)).astype(np.float32)
    with np.load(io.BytesIO(arrays_npz(values=values, channel=np.int64(3)))) as archive:
        assert np.array_equal(archive["values"], values)
        assert archive["channel"] == 3


def test_a_long_title_is_wrapped_and_not_cut():
    pixels, word = np.full((400, 400, 3), 255, np.uint8), "abcdefghij"
    short, long, unbroken = (
        Image.open(io.BytesIO(view_png(pixels, title=title)))
        for title in (word, " ".join(12 * [word]), 12 * word)
    )
    for page in (long, unbroken):
        assert page.height > short.height
        ink = np.asarray(page.convert("L")) < 128
        assert ink.sum() > 8 * (np.asarray(short.convert("L")) < 128).sum()
        assert not ink[:, -20:].any()


def test_a_thumbnail_is_a_small_square_jpeg():
    with Image.open(io.BytesIO(thumbnail(np.zeros((50, 200, 3), np.uint8)))) as picture:
        assert picture.format == "JPEG"
        assert picture.size == (112, 112)


def test_enlarging_keeps_the_aspect_ratio_and_never_shrinks():
    assert enlarged(np.zeros((20, 40, 3), np.uint8), 400).shape == (200, 400, 3)
    assert enlarged(np.zeros((900, 900, 3), np.uint8), 400).shape == (900, 900, 3)


def test_a_layer_card_is_a_square_however_few_maps_there_are(layer):
    assert card_pixels(layer()).shape == (300, 300, 4)
    assert card_pixels(layer(8, 1)).shape == (300, 300, 4)
    assert card_pixels(layer(3, 5)).shape == (300, 300, 4)
