"""The epochs of a run: chosen in the sidebar for every page, and side by side on a page of their own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from finished_run import KEPT_EPOCHS, write_model, write_run
from streamlit.testing.v1 import AppTest
from taken_away import check, taken_away

from cnn_core import paths
from cnn_core.activations import ACTIVATIONS
from cnn_core.analysis import Request
from cnn_core.models.card import checkpoint_folder
from dashboard.figures.colours import percent
from dashboard.over_the_epochs.over_the_epochs import most_active_channel
from dashboard.session.photos import samples
from dashboard.session.resources import explorer

PATIENCE_SECONDS = 240
SLIDER = "model_epoch"


@pytest.fixture(scope="module", autouse=True)
def runs() -> None:
    """A finished run with three kept epochs, one that still trains, and one that kept none."""
    write_run(paths.runs_folder() / "finished", checkpoints=KEPT_EPOCHS)
    write_model(paths.runs_folder() / "finished")
    write_run(paths.runs_folder() / "training", checkpoints=(0, 1))
    write_run(paths.runs_folder() / "bare")


def opened(open_app, model: str, page: str = "over_the_epochs", **address: str) -> AppTest:
    return open_app(page, model=model, layer="block1_conv", **address)


def found(app: AppTest) -> AppTest:
    """The page once all is found."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not rows(app) or any(button.key == "epochs-cancel" for button in app.button):
        if time.monotonic() > deadline:
            raise TimeoutError("nothing found")
        time.sleep(0.2)
        app.run()
    assert not app.exception
    assert not app.error
    return app


def rows(app: AppTest) -> list[str]:
    return [one.proto.body for one in app.get("html") if 'class="row-of-pictures"' in one.proto.body]


def address(app: AppTest) -> str:
    value = app.query_params["model"]
    return value[0] if isinstance(value, list) else value


def test_the_picker_offers_the_epochs_of_a_run_and_starts_with_its_saved_network(open_app):
    app = opened(open_app, "finished", page=None)
    assert app.select_slider(key=SLIDER).value == "finished"
    assert len(app.select_slider(key=SLIDER).options) == len(KEPT_EPOCHS) + 1
    app.selectbox(key="model").set_value("tiny").run()
    assert not [slider for slider in app.select_slider if slider.key == SLIDER]


def test_a_run_without_a_finished_network_is_offered_with_its_last_epoch(open_app):
    app = opened(open_app, "training", page=None)
    assert not app.exception
    assert app.select_slider(key=SLIDER).value == address(app) == "training@1"
    assert len(app.selectbox(key="model").options) == 3  # the run that kept none is not there


def test_every_page_follows_the_epoch_of_the_address_and_the_slider(open_app):
    app = opened(open_app, "finished@1", page="heat_maps")
    assert not app.exception
    assert app.select_slider(key=SLIDER).value == "finished@1"
    app.select_slider(key=SLIDER).set_value("finished@3").run()
    assert address(app) == "finished@3"
    app.switch_page("pages/activations.py").run()
    assert not app.exception
    assert app.select_slider(key=SLIDER).value == address(app) == "finished@3"
    app.selectbox(key="model").set_value("training").run()
    assert address(app) == "training@1"


def test_an_epoch_that_was_not_kept_opens_the_saved_network(open_app):
    assert address(opened(open_app, "finished@2", page=None)) == "finished"


def test_a_damaged_epoch_is_told_in_one_sentence(open_app):
    folder = checkpoint_folder(write_run(paths.runs_folder() / "damaged", checkpoints=(0, 1)), 1)
    (folder / "model.keras").write_bytes(b"no model")
    app = opened(open_app, "damaged", page=None)
    assert not app.exception
    assert any("0001/model" in error.value for error in app.error)


def test_a_network_without_kept_epochs_leads_to_those_that_have_some(open_app):
    app = opened(open_app, "tiny")
    assert not app.exception
    assert "Epochs kept to open" in app.info[0].value
    app.button(key="run-finished").click().run()
    assert address(app) == "finished"
    assert app.slider(key="channel")


def test_all_epochs_stand_side_by_side_with_what_the_network_answered(open_app):
    app = found(opened(open_app, "finished@1", channel="2"))
    patterns, maps, evidence = rows(app)
    for row in (patterns, maps, evidence):
        assert row.count("<img") == len(KEPT_EPOCHS)
        assert row.count('class="marked"') == 1  # the epoch of the sidebar
    titles = [patterns.index(title) for title in ("before training", "epoch 1", "epoch 3")]
    assert titles == sorted(titles)
    for epoch in KEPT_EPOCHS:
        answer = explorer().predict(f"finished@{epoch}", samples()[0].image()).heads[0]
        assert percent(float(answer.probabilities.max())) in evidence


def test_the_page_starts_with_the_most_active_channel_until_another_is_chosen(open_app):
    app = found(opened(open_app, "finished"))
    request = Request(model_key="finished@3", image=samples()[0].image(), layer_name="block1_conv")
    active = most_active_channel(explorer().run(ACTIVATIONS, request).maps)
    assert app.slider(key="channel").value == active
    other = (active + 1) % 6
    app.slider(key="channel").set_value(other).run()
    assert app.query_params["channel"] in (str(other), [str(other)])


def test_the_most_active_channel_is_neither_dead_nor_on_everywhere():
    maps = np.zeros((4, 4, 4), np.float32)
    maps[..., 1] = 5 + np.arange(16).reshape(4, 4)  # brightness: on everywhere
    maps[:2, :, 2] = 3
    maps[:1, :, 3] = 1
    assert most_active_channel(maps) == 2
    assert most_active_channel(maps[..., :2]) == 1


@pytest.fixture
def held_back(monkeypatch: pytest.MonkeyPatch, impatient: None) -> Iterator[threading.Event]:
    """Nothing is computed before the event is set."""
    go_on, run = threading.Event(), explorer().run

    def waiting(analysis, request, settings=None, progress=None):
        if analysis.key == "filter_patterns":
            go_on.wait(PATIENCE_SECONDS)
        return run(analysis, request, settings, *([] if progress is None else [progress]))

    monkeypatch.setattr(explorer(), "run", waiting)
    yield go_on
    go_on.set()


def test_cancel_leads_to_a_way_to_start_again_and_another_page_leaves_the_work(open_app, held_back):
    app = open_app("over_the_epochs", model="finished", layer="block2_conv", channel="4")
    app.button(key="epochs-cancel").click().run()
    app.run()
    assert any("Stopped" in info.value for info in app.info)
    app.button(key="epochs-again").click().run()
    assert app.button(key="epochs-cancel")
    app.switch_page("pages/overview.py").run()
    held_back.set()
    app.switch_page("pages/over_the_epochs.py").run()
    found(app)


def test_all_of_it_can_be_taken_away_and_its_code_runs(open_app, monkeypatch):
    taken = taken_away(monkeypatch)
    found(opened(open_app, "finished", channel="1"))
    arrays, _ = check(taken["export"])
    assert "png" in taken["export"]
    assert list(arrays["epochs"]) == list(KEPT_EPOCHS)
    assert len(arrays["maps"]) == len(arrays["patterns"]) == len(arrays["evidence"]) == len(KEPT_EPOCHS)
