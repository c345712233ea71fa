"""The film of a run: made ahead as a job, then moved through by a slider, on one scale."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from finished_run import FILM, write_run
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnn_core import places
from cnn_core.result_archive import read_result, write_result
from cnn_core.results import AttributionMap, FilterPatterns, HeadAnswer, LayerActivations
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
from dashboard.film_job import Reel, reel_of
from dashboard.film_parts import telling_channel
from dashboard.film_words import is_plain, plain_words
from dashboard.jobs import jobs

PATIENCE_SECONDS = 240


def film_section() -> None:
    """The section alone, with the first sample as photo."""
    from pathlib import Path

    import streamlit as st

    from cnn_core.runs.run_view import RunReader
    from dashboard import address
    from dashboard.film_parts import draw_film
    from dashboard.guard import live
    from dashboard.photos import samples
    from dashboard.sidebar import View

    address.enter("Train")
    run = RunReader().view(Path(st.session_state["run_folder"]))
    live(draw_film)(View("tiny", samples()[0]), run)


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with three kept epochs."""
    return write_run(tmp_path_factory.mktemp("runs") / "tiny_run", film=FILM)


@pytest.fixture(scope="module", autouse=True)
def quick_patterns() -> Iterator[None]:
    """Patterns without the climb, which has tests of its own and compiles for a while."""

    def patterns(probe, layer_name, *, channels, progress, **settings):
        progress(0.5)
        return patterns_of(layer_name, channels[0], value=127, score=1.0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cnn_core.explorer.filter_patterns", patterns)
        yield


def patterns_of(layer_name: str, channel: int, *, value: int, score: float) -> FilterPatterns:
    """One even grey pattern."""
    return FilterPatterns(
        layer_name=layer_name,
        channels=np.int64([channel]),
        patterns=np.full((1, 16, 16, 3), value, np.uint8),
        scores=np.float32([score]),
        history=np.zeros((2, 1), np.float32),
        strengths=np.zeros(1, np.float32),
        has_strengths=False,
        beats_photos=np.zeros(1, bool),
        alive=np.ones(1, bool),
        growth=np.zeros((0, 1, 16, 16, 3), np.uint8),
        growth_steps=np.zeros(0, np.int64),
    )


def open_film(folder: Path, **address: str) -> AppTest:
    app = AppTest.from_function(film_section, default_timeout=PATIENCE_SECONDS)
    app.session_state["run_folder"] = str(folder)
    for key, value in address.items():
        app.query_params[key.rstrip("_")] = value
    return app.run()


def shown(folder: Path, **address: str) -> AppTest:
    """The section once its film is made."""
    app = open_film(folder, film_layer="block1_conv", **address)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not has_slider(app):
        if time.monotonic() > deadline:
            raise TimeoutError("no film")
        time.sleep(0.2)
        app.run()
    assert not app.exception
    assert not app.error
    return app


def has_slider(app: AppTest) -> bool:
    return any(slider.key == "film_epoch" for slider in app.select_slider)


def words(app: AppTest) -> str:
    return " ".join(text.value for text in (*app.markdown, *app.caption))


def test_a_run_that_kept_no_epochs_says_how_to_get_a_film(tmp_path):
    app = open_film(write_run(tmp_path / "bare"))
    assert not app.exception
    assert "film frames" in app.info[0].value


def test_the_film_opens_at_its_last_epoch_and_says_how_good_it_was(run_folder):
    app = shown(run_folder)
    assert app.select_slider(key="film_epoch").value == 3
    assert "validation accuracy **0.700**" in words(app)


def test_the_epoch_of_the_address_is_shown(run_folder):
    app = shown(run_folder, film_epoch="1")
    assert app.select_slider(key="film_epoch").value == 1
    assert "validation accuracy **0.800**" not in words(app)
    assert "validation accuracy **0.600**" in words(app)


def test_the_network_before_its_training_has_no_accuracy(run_folder):
    app = shown(run_folder, film_epoch="0")
    assert "Before training" in words(app)
    assert "no accuracy measured" in words(app)


def test_the_buttons_step_through_the_epochs_that_there_are(run_folder):
    app = shown(run_folder, film_epoch="1")
    app.button(key="film_epoch-right").click().run()
    assert app.select_slider(key="film_epoch").value == 3
    app.button(key="film_epoch-right").click().run()
    assert app.select_slider(key="film_epoch").value == 3
    app.button(key="film_epoch-left").click().run()
    assert app.select_slider(key="film_epoch").value == 1


def test_the_film_starts_with_a_telling_channel_until_another_is_chosen(run_folder, monkeypatch):
    monkeypatch.setattr("dashboard.film_parts.telling_channel", lambda maps: maps.shape[2] - 1)
    app = shown(run_folder)
    assert app.slider(key="film_channel").value == 5
    app.slider(key="film_channel").set_value(0).run()
    assert app.query_params["film_channel"] in ("0", ["0"])


def test_a_telling_channel_is_neither_dead_nor_on_everywhere():
    maps = np.zeros((4, 4, 4), np.float32)
    maps[..., 1] = 5 + np.arange(16).reshape(4, 4)  # brightness: on everywhere
    maps[:2, :, 2] = 3
    maps[:1, :, 3] = 1
    assert telling_channel(maps) == 2
    assert telling_channel(maps[..., :2]) == 1


def test_moving_the_slider_starts_no_work(run_folder, monkeypatch):
    app = shown(run_folder)

    def refuse(*_, **__):
        raise RuntimeError("asked again")

    monkeypatch.setattr("cnn_core.training.film._frame", refuse)
    monkeypatch.setattr("dashboard.jobs.Jobs.start", refuse)
    app.select_slider(key="film_epoch").set_value(0).run()
    assert not app.error
    assert "Before training" in words(app)
    app.session_state["film_maps"] = "all"
    app.run()
    assert not app.error


def test_cancel_leads_to_a_way_to_start_again(run_folder):
    other = str((shown(run_folder).slider(key="film_channel").value + 1) % 6)
    go_on = threading.Event()
    jobs().start("hold", lambda progress, cancelled: go_on.wait(PATIENCE_SECONDS), "another session")
    app = open_film(run_folder, film_layer="block1_conv", film_channel=other)
    app.button(key="film-cancel").click().run()
    app.run()
    assert any("Stopped" in info.value for info in app.info)
    app.button(key="film-again").click().run()
    go_on.set()
    shown(run_folder, film_channel=other)


@pytest.mark.parametrize("left_for", ["section", "page"])
@pytest.mark.usefixtures("fresh_folders")
def test_a_film_nobody_looks_at_any_more_is_stopped(open_app, left_for):
    write_run(places.runs_folder() / "tiny_run", film=FILM)
    go_on = threading.Event()
    jobs().start("hold", lambda progress, cancelled: go_on.wait(PATIENCE_SECONDS), "another session")
    app = open_app("train", section="film", run="tiny_run", film_layer="block1_conv", film_channel="1")
    assert app.button(key="film-cancel")
    film = jobs().find(app.session_state["_job_film"])
    if left_for == "page":
        app.switch_page("pages/overview.py").run()
    else:
        app.segmented_control(key="section").set_value("compare").run()
    go_on.set()
    assert film.cancelled.is_set()
    assert film.finished.wait(PATIENCE_SECONDS)
    assert film.result is None


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


def test_the_section_says_that_a_pattern_is_plain(run_folder):
    assert "no picture drives this filter" in words(shown(run_folder))  # grey, as the patterns of this file


def test_a_line_keeps_a_white_picture_apart_from_a_white_page():
    white = np.full((60, 60, 3), 255, np.uint8)
    lined = outlined(white)
    assert lined.shape == white.shape
    assert lined[0].max() == lined[:, -1].max() < 200
    assert lined[2:-2, 2:-2].min() == 255


def test_a_film_can_be_taken_away_and_its_code_runs(run_folder, monkeypatch):
    made = {}

    def row(name, *, png, npz, code, key="export"):
        made[key] = (png(), npz(), code)

    monkeypatch.setattr("dashboard.film_view.export_row", row)
    shown(run_folder)
    picture, arrays, code = made["film-export"]
    with Image.open(io.BytesIO(picture)) as page:
        assert min(page.size) > 60
    with np.load(io.BytesIO(arrays)) as archive:
        assert list(archive["epochs"]) == list(FILM)
        assert len(archive["maps"]) == len(archive["patterns"]) == len(archive["evidence"]) == 3
    exec(compile(code, "snippet", "exec"), {})


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
