"""What a film is made of: frames on one scale, strips, and words for patterns that show nothing."""

from __future__ import annotations

import numpy as np
import pytest
from grey_patterns import patterns_of

from cnn_core.cache.archive import read_result, write_result
from cnn_core.results import AttributionMap, HeadAnswer, LayerActivations
from cnn_core.training.film import FilmFrame
from dashboard.figures.film_strip import (
    film_strip_figure,
    film_strip_pixels,
    film_strip_webp,
    outlined,
    strip_cell_px,
    strip_tiling,
)
from dashboard.figures.theme import LIGHT
from dashboard.over_the_epochs.film_job import Reel, reel_of
from dashboard.over_the_epochs.film_words import is_plain, plain_words


def test_a_pattern_of_one_colour_is_told_from_one_with_a_texture():
    white = np.full((8, 8, 3), 250, np.uint8)
    assert is_plain(white)
    white[::2] = 0
    assert not is_plain(white)


def patterns_in_a_row(*kinds: str) -> np.ndarray:
    """Patterns ``(n, 8, 8, 3)``: stripes, or one colour."""
    row = np.zeros((len(kinds), 8, 8, 3), np.uint8)
    for pattern, kind in zip(row, kinds, strict=True):
        pattern[:] = {"white": 250, "black": 3, "grey": 127, "pink": (250, 90, 200), "stripes": 250}[kind]
        if kind == "stripes":
            pattern[::2] = 0
    return row


def test_a_pattern_that_shows_something_is_left_to_speak_for_itself():
    assert plain_words(patterns_in_a_row("white", "stripes"), 1) is None


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        (("white",), "white: this filter does not see any shape yet"),
        (("white", "black"), "black: this filter does not see any shape yet"),
        (("stripes", "pink"), "of one colour: in this epoch an even patch"),
        (("stripes", "grey"), "grey: the climb found no way up"),
    ],
)
def test_a_plain_pattern_is_told_in_words(kinds, said):
    assert said in str(plain_words(patterns_in_a_row(*kinds), len(kinds) - 1))


def test_a_line_keeps_a_white_picture_apart_from_a_white_page():
    white = np.full((60, 60, 3), 255, np.uint8)
    lined = outlined(white)
    assert lined.shape == white.shape
    assert lined[0].max() == lined[:, -1].max() < 200
    assert lined[2:-2, 2:-2].min() == 255


def frame(epoch: int, reach: float) -> FilmFrame:
    """An epoch whose second channel reaches ``reach``, and whose first one is always 1."""
    maps = np.zeros((8, 8, 2), np.float32)
    maps[..., 0], maps[..., 1] = 1, reach
    patterns = patterns_of("conv", 1, value=epoch, score=reach)
    layer = LayerActivations(
        layer_name="conv",
        maps=maps,
        minimum=maps.min(axis=(0, 1)),
        maximum=maps.max(axis=(0, 1)),
        mean=maps.mean(axis=(0, 1)),
        zero_fraction=np.zeros(2, np.float32),
    )
    evidence = AttributionMap(
        method="grad_cam",
        layer_name="conv",
        head=0,
        class_index=0,
        values=np.full((4, 4), reach, np.float32),
        signed=True,
        score=reach,
        extent=(0, 0, 8, 8),
    )
    answer = HeadAnswer(
        head="dogs",
        kind="binary",
        class_names=("cats", "dogs"),
        scores=np.float32([-1, 1]),
        probabilities=np.float32([0.3, 0.7]),
    )
    return FilmFrame(epoch=epoch, pattern=patterns, layer=layer, evidence=evidence, answer=answer)


def test_all_epochs_of_a_layer_share_one_scale():
    reel = reel_of([frame(1, 2.0), frame(5, 8.0)])
    assert reel.range == (1.0, 8.0)
    assert list(reel.epochs) == [1, 5]
    assert list(reel.maps[:, 0, 0]) == [2.0, 8.0]
    corner = reel.grids[:, 0, 0]
    assert corner[0] == corner[1]  # the channel that is 1 in both epochs looks the same in both
    assert reel.grids[0].max() < reel.grids[1].max() == 255


def test_a_reel_survives_the_disk(tmp_path):
    reel = reel_of([frame(1, 2.0), frame(5, 8.0)])
    write_result(tmp_path / "reel.npz", reel)
    again = read_result(tmp_path / "reel.npz", Reel, 10**7)
    assert again.class_names == ("cats", "dogs")
    assert again.extent == (0, 0, 8, 8)
    np.testing.assert_array_equal(again.evidence, reel.evidence)


def test_a_film_without_epochs_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        reel_of([])


def test_the_strip_frames_the_chosen_epoch_and_a_click_gives_its_place():
    rows = [[np.full((40, 40, 3), 10 * place, np.uint8) for place in range(3)] for _ in range(2)]
    assert strip_tiling(3, 8).cell == (strip_cell_px(8),) * 2
    figure, aspect = film_strip_figure(
        film_strip_webp(rows),
        strip_tiling(2, 3, 40),
        labels=["1", "3", "9"],
        facts=["a", "b", "c"],
        selected=1,
        theme=LIGHT,
    )
    assert list(figure.data[1].customdata) == [0, 1, 2, 0, 1, 2]
    assert list(figure.data[1].text) == ["a", "b", "c"] * 2
    frame_of = figure.layout.shapes[0]
    assert frame_of.x0 < 45 + 20 < frame_of.x1  # the middle of the second column
    assert frame_of.y0 < 20
    assert frame_of.y1 > 65  # over both rows
    assert [note.text for note in figure.layout.annotations] == ["1", "<b>3</b>", "9"]
    assert aspect == pytest.approx(134 / (89 + 26 + 4), rel=0.1)


def test_the_pictures_of_a_strip_stand_in_the_column_of_their_epoch():
    rows = [[np.full((40, 40, 3), value, np.uint8) for value in row] for row in ((10, 20), (30, 40))]
    pixels = film_strip_pixels(rows)
    assert pixels[20, 20, 0] == 10
    assert pixels[20, 65, 0] == 20
    assert pixels[65, 20, 0] == 30


def test_many_epochs_get_small_pictures_and_few_get_large_ones():
    assert strip_cell_px(2) > strip_cell_px(16) > 50
    assert strip_cell_px(500) > 10
