"""Train, section Augmentation: the variants of a photo, and what of them goes into training."""

from __future__ import annotations

import numpy as np
import pytest
from launch_settings import clean, words
from streamlit.testing.v1 import AppTest

from cnn_core.training.input.pipeline import kept_size_px
from cnn_core.training.settings.config import Augmentation
from cnn_core.training.settings.presets import preset_named
from dashboard.run_setup.settings_choice import in_words
from dashboard.training import augmentation as train_augmentation
from dashboard.training.augmentation import STARTS, VARIANTS, variants

pytestmark = pytest.mark.usefixtures("fresh_folders")


def pictures(app: AppTest) -> list[str]:
    """The sources of the pictures of the preview."""
    pieces = [element.proto.body for element in app.get("html")]
    rows = [piece for piece in pieces if "<figure" in piece]
    return rows[0].split("<figure")[1:] if rows else []


def test_it_opens_on_all_together_where_training_uses_nothing_and_can_be_changed(open_app):
    app = clean(open_app("train", section="augmentation", preset="lecture_baseline"))
    assert app.selectbox(key="start").value == "together"
    first = pictures(app)
    assert len(first) == len(set(first)) == 1 + VARIANTS
    assert "never augmented" in words(app)
    app.slider(key="try_rotation_degrees").set_value(5.0).run()
    second = pictures(clean(app))
    app.button(key="variants-next").click().run()
    third = pictures(clean(app))
    assert first[0] == second[0] == third[0]
    assert first[1] != second[1] != third[1]


def test_without_any_change_all_variants_are_the_photo(open_app):
    app = clean(open_app("train", section="augmentation", start="none"))
    bodies = [picture.split('alt="')[0] for picture in pictures(app)]
    assert len(set(bodies)) == 1


def test_a_copied_link_shows_the_same_variants(open_app):
    first = open_app("train", section="augmentation", start="together", try_zoom="0.3", variants="4")
    second = open_app("train", section="augmentation", start="together", try_zoom="0.3", variants="4")
    assert pictures(first) == pictures(second)
    assert pictures(first) != pictures(
        open_app("train", section="augmentation", start="together", variants="4")
    )


def test_what_the_preview_shows_can_be_used_for_training(open_app, photos, launched):
    app = open_app("train", section="augmentation", start="rotation", preset="lecture_baseline")
    app.button(key="use-augmentation").click().run()
    assert app.button(key="use-augmentation").disabled
    app.segmented_control(key="section").set_value("settings").run()
    assert "rotation up to 45°" in words(app)
    clean(app.button(key="start-training").click().run())
    assert launched[0][0].augmentation == Augmentation(rotation_degrees=45.0)


def test_the_preview_is_made_by_the_code_that_trains_and_by_a_seed():
    pixels = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    made = [variants(pixels, STARTS["together"][1], seed=seed, side_px=64) for seed in (0, 0, 1)]
    assert all(np.array_equal(one, other) for one, other in zip(made[0], made[1], strict=True))
    assert not np.array_equal(made[0][0], made[2][0])
    assert [picture.shape for picture in made[0]] == [(64, 64, 3)] * VARIANTS


def test_an_augmentation_is_told_in_words():
    assert in_words(Augmentation()) == "no augmentation"
    assert in_words(Augmentation(flip=True, zoom=0.5)) == "flip, zoom 0.5"


def test_it_opens_on_what_training_uses_at_the_size_of_the_last_epochs(open_app, monkeypatch):
    sizes: list[tuple[int, ...]] = []

    def noted(pixels, params, *, seed, side_px):
        sizes.append(pixels.shape)
        return variants(pixels, params, seed=seed, side_px=side_px)

    monkeypatch.setattr(train_augmentation, "variants", noted)
    config = preset_named("photo_cnn").config
    assert config.input_size_px == 144
    app = clean(open_app("train", section="augmentation", preset="photo_cnn"))
    assert app.selectbox(key="start").value == "settings"
    assert app.slider(key="try_rotation_degrees").value == config.augmentation.rotation_degrees
    assert app.button(key="use-augmentation").disabled
    assert len(set(pictures(app))) == 1 + VARIANTS
    assert "128 × 128 px, as in the last epochs of training" in words(app)
    # The variants are made of a small picture, however large the photo is.
    kept_px = kept_size_px(128, config.augmentation)
    assert {side for shape in sizes for side in shape[:2]} == {kept_px}
    assert 128 <= kept_px < 1.5 * 128
