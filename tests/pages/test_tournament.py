"""The tab Tournament of the heat maps: the ranking, its curves, and the best settings of a method."""

from __future__ import annotations

import time

import numpy as np
from taken_away import check, taken_away

from cnn_core.faithfulness.over_photos import MethodMean
from cnn_core.faithfulness.tournament import Tournament
from dashboard.heat_maps.tournament import best_different
from dashboard.heat_maps.tournament_over_photos import means_text


def finished(app):
    """The page once its jobs are over."""
    assert not app.exception
    for _ in range(200):
        if not app.get("progress"):
            break
        time.sleep(0.2)
        app.run()
    assert not app.error
    return app


def test_the_tournament_ranks_the_methods_and_gives_its_files(open_app):
    app = open_app("heat_maps")
    app.session_state["compare"] = "Tournament"
    app.session_state["tournament_randomization"] = False
    app.run()
    finished(app)
    (table,) = [each.value for each in app.dataframe]
    assert {"Grad-CAM", "Random map", "Edges of the photo"} < set(table["Map"])
    gaps = table["Insertion minus deletion (logits)"].tolist()
    assert gaps == sorted(gaps, reverse=True)


def test_the_best_settings_of_a_method_with_numbers_are_found_when_the_box_is_opened(open_app, monkeypatch):
    taken = taken_away(monkeypatch)
    app = open_app("heat_maps", method="smooth_grad", compare="tournament", tournament_randomization="False")
    finished(app)
    assert len(app.dataframe) == 1
    assert "best-settings-export" not in taken
    app.session_state["best-settings"] = True
    app.run()
    finished(app)
    table = app.dataframe[-1].value
    assert table["With"].tolist().count("the usual settings") == 1
    assert any(words.endswith("instead of 50") for words in table["With"])
    gaps = table["Insertion minus deletion (logits)"].tolist()
    assert gaps == sorted(gaps, reverse=True)
    arrays, scope = check(taken["best-settings-export"])
    np.testing.assert_allclose(scope["result"].gap, arrays["gap"], rtol=1e-5)
    assert taken["best-settings-export"]["csv"]().count("\n") == len(gaps) + 1


def test_a_method_without_a_number_has_no_box_of_best_settings(open_app):
    app = finished(open_app("heat_maps", method="grad_cam", compare="tournament"))
    assert not [box for box in app.expander if "Best settings" in box.label]


def test_the_curves_of_maps_that_are_nearly_the_same_are_drawn_once():
    agreement = np.float32([[1, 0.99, 0.2, 0.1], [0.99, 1, 0.2, 0.1], [0.2, 0.2, 1, 0.1], [0.1, 0.1, 0.1, 1]])
    curves = np.zeros((4, 2, 3), np.float32)
    found = Tournament(
        head=0,
        class_index=0,
        methods=("grad_cam", "hires_cam", "random", "saliency"),
        seconds=(0.0,) * 4,
        logits=curves,
        probabilities=curves,
        deletion=np.zeros(4, np.float32),
        insertion=np.zeros(4, np.float32),
        gap=np.zeros(4, np.float32),
        shuffled=np.zeros((4, 0), np.float32),
        agreement=agreement,
        left_out=(),
        score=0.0,
        hidden_score=0.0,
    )
    assert best_different(found, 3) == ["grad_cam", "saliency"]
    assert best_different(found, 1) == ["grad_cam"]


def test_over_all_photos_every_map_has_a_mean_and_its_files(open_app, monkeypatch):
    taken = taken_away(monkeypatch)
    app = finished(open_app("heat_maps", compare="tournament", tournament_randomization="False"))
    assert "tournament-photos-export" not in taken
    app.session_state["tournament-photos"] = True
    app.run()
    finished(app)
    said = [each.value for each in app.markdown if "ahead on average" in each.value]
    assert len(said) == 1
    arrays, scope = check(taken["tournament-photos-export"])
    assert len(scope["results"]) > 2
    assert list(arrays["mean"]) == sorted(arrays["mean"], reverse=True)
    assert (arrays["low"] <= arrays["mean"]).all()
    assert (arrays["mean"] <= arrays["high"]).all()
    lines = taken["tournament-photos-export"]["csv"]().splitlines()
    assert len(lines) == 1 + len(scope["results"]) * len(arrays["methods"])


def mean_of(method, mean, low, high, photos=4):
    return MethodMean(method=method, mean=mean, low=low, high=high, above_random=3, photos=photos)


def test_nobody_is_called_the_best_while_another_may_be_as_good():
    clear = (mean_of("grad_cam", 0.5, 0.4, 0.6), mean_of("saliency", 0.1, 0.0, 0.2))
    close = (mean_of("grad_cam", 0.5, 0.4, 0.6), mean_of("saliency", 0.4, 0.2, 0.55))
    assert "end below" in means_text(clear, 4)
    assert "Saliency may be as good" in means_text(close, 4)
    assert "says nothing about others" in means_text((mean_of("cam", 0.5, None, None, 1),), 1)
    assert "nothing to compare" in means_text((), 3)
