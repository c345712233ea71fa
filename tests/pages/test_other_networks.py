"""Networks unlike the bundled one: without maps, with a head that is not linear, with odd names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import keras
import pytest
import streamlit as st
from keras import layers
from streamlit.testing.v1 import AppTest

SIDE_PX = 16
ODD_CLASSES = ["<b>a*", "same", "same", "[x](y)", "e", "f", "g", "h"]


def write_model(folder: Path, key: str, model: keras.Model, classes: list[str]) -> None:
    (folder / key).mkdir()
    model.save(folder / key / "model.keras")
    card = {
        "title": f"*{key}*",
        "classes": classes,
        "input": {"height_px": SIDE_PX, "width_px": SIDE_PX},
        "preprocessing": {"scale": [1 / 255], "offset": [0.0]},
        "parameters": model.count_params(),
    }
    (folder / key / "card.json").write_text(json.dumps(card), encoding="utf-8")


def odd_model() -> keras.Model:
    return keras.Sequential(
        [
            layers.Input((SIDE_PX, SIDE_PX, 3)),
            layers.Conv2D(4, 3, activation="relu", name="conv_1_"),
            layers.Flatten(),
            layers.Dense(6, "relu", bias_initializer=keras.initializers.RandomNormal(stddev=3.0)),
            layers.Dense(8, "softmax", name="answer"),
        ]
    )


def dense_model() -> keras.Model:
    return keras.Sequential(
        [layers.Input((SIDE_PX, SIDE_PX, 3)), layers.Flatten(), layers.Dense(1, "sigmoid", name="dogs")]
    )


@pytest.fixture(scope="module")
def odd_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd")
    keras.utils.set_random_seed(11)
    write_model(folder, "odd", odd_model(), ODD_CLASSES)
    write_model(folder, "dense", dense_model(), ["cats", "dogs"])
    return folder


@pytest.fixture(autouse=True)
def these_models(odd_models: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CONVSCOPE_MODELS", str(odd_models))
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def words(app: AppTest) -> str:
    """All text of a page."""
    boxes = (*app.markdown, *app.caption, *app.info, *app.get("html"))
    return "\n".join(str(getattr(box, "value", None) or box.proto.body) for box in boxes)


@pytest.mark.parametrize("page", [None, "activations", "filter_patterns", "heat_maps"])
def test_a_network_without_maps_is_told_in_a_sentence_on_every_page(open_app, page):
    app = open_app(page, model="dense")
    assert not app.exception
    assert not app.error
    if page != "activations":
        assert len(app.info) == 1
    if page in (None, "heat_maps"):
        assert any(f">{name}<" in words(app) for name in ("cats", "dogs"))


def test_saliency_goes_with_a_network_without_maps_and_claims_no_sum(open_app):
    app = open_app("heat_maps", model="dense", method="saliency")
    assert not app.error
    assert not app.info
    assert "sensitivity" in words(app)
    assert "sum" not in words(app).lower().replace("summary", "")


@pytest.mark.parametrize("page", [None, "activations", "filter_patterns", "heat_maps"])
def test_odd_names_are_shown_as_they_are(open_app, page):
    app = open_app(page, model="odd", layer="conv_1_", class_="<b>a*")
    assert not app.exception
    assert not app.error
    assert "<b>a" not in words(app)


def test_a_class_whose_name_another_has_too_is_asked_for_by_its_index(open_app):
    app = open_app("heat_maps", model="odd", class_="2")
    assert app.selectbox(key="class").value == "2"
    assert app.query_params["class"] in ("2", ["2"])
    assert "for same" in words(app)
    app.selectbox(key="class").set_value("1").run()
    assert app.query_params["class"] in ("1", ["1"])


def test_a_head_that_is_not_linear_is_not_told_as_a_sum(open_app):
    app = open_app(model="odd")
    assert "does not add up" in words(app)
    assert "task_alt" not in words(app)


def test_all_classes_are_the_six_with_the_highest_scores_and_it_is_said(open_app):
    app = open_app("heat_maps", model="odd")
    app.session_state["compare"] = "All classes"
    app.run()
    assert not app.error
    assert "The 6 classes with the highest scores, of 8" in words(app)
    assert len([text for text in app.markdown if text.value.startswith("**for ")]) == 6


def test_of_a_segmentation_a_part_can_be_asked_about(tmp_path, monkeypatch, open_app):
    x = layers.Input((SIDE_PX, SIDE_PX, 3))
    y = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")(x)
    model = keras.Model(x, layers.Conv2D(3, 1, activation="softmax", name="places")(y))
    write_model(tmp_path, "unet", model, ["sky", "tree", "road"])
    monkeypatch.setenv("CONVSCOPE_MODELS", str(tmp_path))
    st.cache_resource.clear()
    app = open_app("heat_maps", model="unet")
    assert not app.exception
    app.selectbox(key="region").set_value("top-left").run()
    assert not app.exception
    assert not app.error
    assert app.query_params["region"] == "top-left"
