"""The first view is there before anybody asks for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnn_core.activations import LAYER_SUMMARIES
from cnn_core.analysis import Request
from cnn_core.attribution import GRAD_CAM
from cnn_core.prediction import PREDICTION
from dashboard.session.photos import samples
from dashboard.session.resources import explorer
from dashboard.session.warm_up import warm_up


def test_what_the_first_page_asks_is_known_afterwards():
    request = Request(model_key="tiny", image=samples()[0].image())
    warm_up()
    for analysis in (PREDICTION, LAYER_SUMMARIES, GRAD_CAM):
        assert explorer().known(analysis, request) is not None, analysis.key


def test_a_server_without_networks_starts_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CONVSCOPE_MODELS", str(tmp_path))
    explorer.clear()
    warm_up()
    explorer.clear()
