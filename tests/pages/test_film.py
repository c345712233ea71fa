"""The film of a run: made ahead as a job, then moved through by a slider, on one scale."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from finished_run import FILM, write_run
from grey_patterns import patterns_of
from held_workers import hold_the_workers
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnn_core import paths
from dashboard.over_the_epochs.film_parts import telling_channel
from dashboard.session.jobs import jobs

PATIENCE_SECONDS = 240


def film_section() -> None:
    """The section alone, with the first sample as photo."""
    from pathlib import Path

    import streamlit as st

    from cnn_core.runs.run_view import RunReader
    from dashboard.over_the_epochs.film_parts import draw_film
    from dashboard.session import address
    from dashboard.session.photos import samples
    from dashboard.session.view import View
    from dashboard.widgets.page_fragment import page_fragment

    address.enter("Train")
    run = RunReader().view(Path(st.session_state["run_folder"]))
    page_fragment(draw_film)(View("tiny", samples()[0]), run)


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
    assert "validation accuracy **70.0\u00a0%**" in words(app)


def test_what_the_heat_map_says_of_the_answer_stands_below_it(run_folder):
    """As under Heat maps: the places for and against, or that the map is a hint only."""
    found = words(shown(run_folder))
    assert "logits, places for" in found or "does not add up to the score here" in found


def test_the_epoch_of_the_address_is_shown(run_folder):
    app = shown(run_folder, film_epoch="1")
    assert app.select_slider(key="film_epoch").value == 1
    assert "validation accuracy **80.0\u00a0%**" not in words(app)
    assert "validation accuracy **60.0\u00a0%**" in words(app)


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
    monkeypatch.setattr(
        "dashboard.over_the_epochs.film_parts.telling_channel", lambda maps: maps.shape[2] - 1
    )
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
    monkeypatch.setattr("dashboard.session.jobs.Jobs.start", refuse)
    app.select_slider(key="film_epoch").set_value(0).run()
    assert not app.error
    assert "Before training" in words(app)
    app.session_state["film_maps"] = "all"
    app.run()
    assert not app.error


def test_cancel_leads_to_a_way_to_start_again(run_folder):
    other = str((shown(run_folder).slider(key="film_channel").value + 1) % 6)
    go_on = hold_the_workers()
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
    write_run(paths.runs_folder() / "tiny_run", film=FILM)
    go_on = hold_the_workers()
    app = open_app("train", section="film", run="tiny_run", film_layer="block1_conv", film_channel="1")
    assert app.button(key="film-cancel")
    film = jobs().find(app.session_state["_waiting"]["film"].key)
    if left_for == "page":
        app.switch_page("pages/overview.py").run()
    else:
        app.segmented_control(key="section").set_value("compare").run()
    go_on.set()
    assert film.cancelled.is_set()
    assert film.finished.wait(PATIENCE_SECONDS)
    assert film.result is None


def test_the_section_says_that_a_pattern_is_plain(run_folder):
    assert "no picture drives this filter" in words(shown(run_folder))  # grey, as the patterns of this file


def test_a_film_can_be_taken_away_and_its_code_runs(run_folder, monkeypatch):
    made = {}

    def row(name, *, png, npz, code, key="export"):
        made[key] = (png(), npz(), code)

    monkeypatch.setattr("dashboard.over_the_epochs.film_view.export_row", row)
    shown(run_folder)
    picture, arrays, code = made["film-export"]
    with Image.open(io.BytesIO(picture)) as page:
        assert min(page.size) > 60
    with np.load(io.BytesIO(arrays)) as archive:
        assert list(archive["epochs"]) == list(FILM)
        assert len(archive["maps"]) == len(archive["patterns"]) == len(archive["evidence"]) == 3
    exec(compile(code, "snippet", "exec"), {})
