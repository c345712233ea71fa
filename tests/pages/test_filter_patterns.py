"""Filter patterns: a climb beside the page, its progress, Cancel, and what comes of it."""

from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnn_core.feature_visualization import FILTER_PATTERNS, FilterPatternSettings
from cnn_core.results import FilterPatterns
from dashboard.feature_visualization.patterns import PatternsOfLayer, summary_of
from dashboard.session.jobs import jobs
from dashboard.session.state import KEY

PATIENCE_SECONDS = 60


def wait_for_patterns(app: AppTest) -> AppTest:
    """Run the page until the patterns are there, and how one of them grew."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if "channel" in app.query_params and not any(b.key == "channel-cancel" for b in app.button):
            return app
        time.sleep(0.2)
        app.run()
    raise TimeoutError("no patterns")


def test_patterns_appear_by_themselves_with_their_verdict(open_app):
    app = wait_for_patterns(open_app("filter_patterns", layer="block1_conv", filter_patterns_steps="8"))
    assert not app.error
    assert not app.exception
    assert any("6 of 6 channels" in caption.value for caption in app.caption)


def test_a_channel_in_the_address_is_opened(open_app):
    app = wait_for_patterns(
        open_app("filter_patterns", layer="block1_conv", filter_patterns_steps="8", channel="4")
    )
    assert app.query_params["channel"] in ("4", ["4"])


def test_moving_the_layer_slider_there_and_back_is_no_cancel(open_app, hold_workers):
    go_on = hold_workers()
    app = open_app(
        "filter_patterns", layer="block1_conv", filter_patterns_seed="5", filter_patterns_steps="8"
    )
    app.select_slider(key="layer").set_value("block2_conv").run()
    app.select_slider(key="layer").set_value("block1_conv").run()
    said = [info.value for info in app.info]
    go_on.set()
    assert not any("Stopped" in text for text in said)
    wait_for_patterns(app)


def test_nothing_of_a_layer_that_was_left_is_climbed_to(open_app, hold_workers):
    app = wait_for_patterns(
        open_app("filter_patterns", layer="block1_conv", filter_patterns_seed="7", filter_patterns_steps="8")
    )
    go_on = hold_workers()
    other = int(app.query_params["channel"][0]) ^ 1
    app.query_params["channel"] = str(other)
    app.run()
    followed = jobs().find(app.session_state[KEY].waiting["channel"].key)
    assert followed is not None
    app.select_slider(key="layer").set_value("block2_conv").run()
    assert followed.cancelled.is_set()
    go_on.set()
    wait_for_patterns(app)


@pytest.mark.parametrize(("asked_px", "said"), [(None, False), (16, False), (24, True)])
def test_another_canvas_than_asked_for_is_told(asked_px, said):
    channels = np.arange(2)
    patterns = FilterPatterns(
        layer_name="conv",
        channels=channels,
        patterns=np.zeros((2, 16, 16, 3), np.uint8),
        scores=np.ones(2, np.float32),
        history=np.ones((2, 2), np.float32),
        z_scores=np.ones(2, np.float32),
        has_z_scores=True,
        exceeds_dataset_maximum=channels == 0,
        active=channels >= 0,
        growth=np.zeros((0, 2, 16, 16, 3), np.uint8),
        growth_steps=np.zeros(0, np.int64),
    )
    text = summary_of(
        PatternsOfLayer(
            view=None,
            analysis=FILTER_PATTERNS,
            info=SimpleNamespace(title="Block 1", output_shape=(8, 8, 2)),
            request=None,
            settings=FilterPatternSettings(canvas_px=asked_px),
            patterns=patterns,
            shown=patterns,
        )
    )
    assert ("24 px do not suit this layer" in text) is said
    assert "16 × 16 px" in text
