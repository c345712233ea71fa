"""State in the address: kept, restored, and ignored where it makes no sense."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.session import address
from dashboard.session.photos import samples


def said(app: AppTest, key: str) -> str:
    """A parameter of the address, however AppTest wraps it."""
    value = app.query_params[key]
    return value[0] if isinstance(value, list) else value


def visit(app: AppTest, page: str) -> None:
    """Go to a page as by the menu, which empties the address."""
    app.switch_page(f"pages/{page}.py")
    app.query_params.clear()
    app.run()


NONSENSE = {
    "model": "unknown",
    "photo": "../../etc/passwd",
    "layer": "no_such_layer",
    "channel": "-4",
    "method": "magic",
    "class_": "horses",
    "head": "third",
    "scale": "huge",
    "opacity": "many",
    "seed": "1e9",
    "evidence": "none",
    "show": "nothing",
    "filter_patterns_steps": "99999",
    "more": "less",
    "compare": "apples",
    "kernels-open": "ajar",
    "_address": "overwritten",
}


@pytest.mark.parametrize("page", [None, "activations", "filter_patterns", "heat_maps"])
def test_an_address_full_of_nonsense_opens_something_else_and_says_so(open_app, page):
    app = open_app(page, **NONSENSE)
    assert not app.exception
    assert not app.error
    assert said(app, "model") == "tiny"
    named = [key for key in ("model", "photo") if any(NONSENSE[key] in one.value for one in app.warning)]
    assert named == ["model", "photo"]


def test_what_a_link_names_in_vain_is_told_until_something_else_is_chosen(open_app):
    app = open_app("activations", layer="nowhere")
    assert ["nowhere" in one.value for one in app.warning] == [True]
    app.slider(key="channel").set_value(1).run()
    assert len(app.warning) == 1
    app.select_slider(key="layer").set_value("block1_conv").run()
    assert not app.warning


def test_a_photo_that_is_not_here_is_told_also_where_one_was_uploaded(open_app, photo_bytes):
    app = open_app()
    app.file_uploader[0].upload("mine.png", photo_bytes).run()
    app.query_params["photo"] = "nowhere"
    app.run()
    assert any("nowhere" in one.value for one in app.warning)


def test_a_layer_that_another_network_lacks_is_no_broken_link(open_app):
    assert not open_app("activations", layer="block1_conv").warning


def test_layer_and_channel_of_the_address_are_open_and_choices_are_written_to_it(open_app):
    app = open_app("activations", layer="block2_conv", channel="5", scale="common", photo="eagle")
    assert app.select_slider(key="layer").value == "block2_conv"
    assert app.slider(key="channel").value == 5
    assert app.session_state["scale"] == "common"
    assert said(app, "photo") == "eagle"
    app.slider(key="channel").set_value(7).run()
    assert said(app, "channel") == "7"
    app.select_slider(key="layer").set_value("block1_conv").run()  # it has no such channel
    assert not app.exception
    assert (said(app, "layer"), said(app, "channel")) == ("block1_conv", "0")
    app.button(key="channel-right").click().run()
    assert app.slider(key="channel").value == 1
    app.button(key="layer-right").click().run()
    assert app.select_slider(key="layer").value == "block1_pool"
    assert app.slider(key="channel").value == 1


def test_an_address_that_is_behind_does_not_take_a_choice_back(open_app):
    app = open_app("activations", layer="block2_conv", channel="1")
    behind = dict(app.query_params)
    app.slider(key="channel").set_value(3).run()
    app.query_params.clear()
    app.query_params.update(behind)  # the next request was sent before the address had arrived
    app.slider(key="channel").set_value(4).run()
    assert app.slider(key="channel").value == 4
    assert said(app, "channel") == "4"


def test_a_link_to_the_page_that_is_open_is_followed_each_time(open_app):
    app = open_app("activations", layer="block2_conv", channel="1")
    for _ in range(2):
        app.query_params.clear()
        app.query_params["channel"] = "5"
        app.run()
        assert app.slider(key="channel").value == 5
        app.slider(key="channel").set_value(2).run()
        assert said(app, "channel") == "2"


def test_back_to_an_address_that_names_no_class_follows_the_answer_again(open_app, monkeypatch):
    app = open_app("heat_maps")
    answer = app.selectbox(key="class").value
    before = dict(app.query_params)
    app.selectbox(key="class").set_value({"cats": "dogs", "dogs": "cats"}[answer]).run()
    assert said(app, "class") != answer
    app.query_params.clear()
    app.query_params.update(before)
    monkeypatch.setattr(address, "_by_history", lambda: True)
    app.run()
    assert app.selectbox(key="class").value == answer
    assert "class" not in app.query_params


def test_back_to_another_page_leaves_the_settings_of_training_alone(open_app, monkeypatch):
    app = open_app("train", section="settings", set_epochs="4")
    visit(app, "heat_maps")
    assert "set_epochs" not in app.query_params
    monkeypatch.setattr(address, "_by_history", lambda: True)
    app.run()
    monkeypatch.undo()
    app.switch_page("pages/train.py")
    app.query_params.clear()
    app.query_params["section"] = "settings"
    app.run()
    assert said(app, "set_epochs") == "4"


@pytest.mark.parametrize(
    ("page", "key", "tab", "title"),
    [
        ("activations", "more", "random", "Random channels"),
        ("heat_maps", "compare", "classes", "All classes"),
    ],
)
def test_a_link_opens_a_tab_and_the_first_one_needs_no_word(open_app, page, key, tab, title):
    app = open_app(page)
    assert key not in app.query_params
    app = open_app(page, **{key: tab})
    assert app.session_state[key] == title
    assert said(app, key) == tab


def test_the_class_of_the_address_is_asked_for_even_when_it_is_class_0(open_app):
    for name in ("cats", "dogs"):
        app = open_app("heat_maps", class_=name, method="hires_cam")
        assert app.selectbox(key="class").value == name
        assert any(f"for {name}" in text.value for text in app.markdown)


def test_a_page_keeps_its_choices_while_another_is_visited_and_no_other_page_takes_them(open_app):
    app = open_app("activations")
    app.select_slider(key="layer").set_value("block1_pool").run()
    visit(app, "heat_maps")
    assert app.select_slider(key="layer").value == "block2_conv"
    visit(app, "activations")
    assert app.select_slider(key="layer").value == "block1_pool"


def test_the_class_follows_the_photos_own_answer_until_the_person_chooses(open_app, monkeypatch):
    from cnn_core.explorer import Explorer
    from cnn_core.results import HeadAnswer, Prediction

    def predict(self, model_key, image):
        logit = 2 if image.fingerprint < middle else -2
        scores = np.float32([-logit, logit])
        answer = HeadAnswer(
            head="dogs",
            kind="binary",
            class_names=("cats", "dogs"),
            scores=scores,
            probabilities=1 / (1 + np.exp(-scores)),
        )
        return Prediction(heads=(answer,))

    prints = sorted((photo.image().fingerprint, place) for place, photo in enumerate(samples()))
    middle, low, high = prints[-1][0], prints[0][1], prints[-1][1]
    monkeypatch.setattr(Explorer, "predict", predict)
    app = open_app("heat_maps", photo=samples()[low].key)
    assert app.selectbox(key="class").value == "dogs"
    app.button(key=f"photo-photos-{high}").click().run()
    assert app.selectbox(key="class").value == "cats"
    app.selectbox(key="class").set_value("dogs").run()
    app.button(key=f"photo-photos-{low}").click().run()
    app.button(key=f"photo-photos-{high}").click().run()
    assert app.selectbox(key="class").value == "dogs"
    assert said(app, "class") == "dogs"
