"""Edit and retest: what a map predicts against what a change of the picture really does."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hand_made_networks import ask, linear, mean_head, photo, weights_of
from keras import layers

from cnn_core.analysis import Target
from cnn_core.attribution.edited import EDIT, Edited, EditSettings, cell_shares, predicted_change, top_region
from cnn_core.errors import InvalidRequestError
from cnn_core.images.preprocessing import Preprocessing
from cnn_core.images.regions import polygon_region, region_of_runs, region_runs
from cnn_core.probe.probe import Probe
from cnn_core.progress import SILENT
from cnn_core.results import AttributionMap

HOW = ["blurred", "grey", "black", "colour"]


def edit(model: keras.Model, x: np.ndarray, *, class_index: int = 0, **settings: Any) -> Edited:
    target = Target(inputs=x, class_index=class_index)
    return EDIT.compute(Probe(model), target, EditSettings(**settings), SILENT)


def attribution(values: np.ndarray, extent: tuple[float, float, float, float]) -> AttributionMap:
    return AttributionMap(
        method="m",
        layer_name=None,
        head=0,
        class_index=0,
        values=np.float32(values),
        signed=True,
        score=1.0,
        extent=extent,
        constant=0.0,
    )


@pytest.mark.parametrize("class_index", [0, 1])
@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_gradient_times_input_of_a_linear_model_predicts_what_black_really_does(
    class_index: int, share: float
) -> None:
    model, x = linear(), photo()
    found = ask(model, "gradient_x_input", x, class_index=class_index)
    region = top_region(found, (6, 5), share)
    real = edit(model, x, class_index=class_index, region=region_runs(region), how="black")

    by_hand = -(weights_of(model, class_index) * x[0])[region].sum()
    assert region.sum() == round(30 * share)
    assert predicted_change(found, region) == pytest.approx(float(by_hand), abs=1e-4)
    assert real.change == pytest.approx(float(by_hand), abs=1e-4)
    assert real.scores[0] == pytest.approx(found.score, abs=1e-5)
    assert real.after.scores[class_index] == pytest.approx(float(real.scores[1]))


def test_a_method_that_adds_up_to_nothing_predicts_nothing() -> None:
    assert predicted_change(ask(linear(), "saliency", photo()), np.ones((6, 5), bool)) is None


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("channels", [1, 3, 4, 6])
def test_only_the_region_is_changed(how: str, channels: int) -> None:
    x = photo((6, 5, channels))
    region = np.zeros((6, 5), bool)
    region[1:3, 2:] = True
    found = edit(linear((6, 5, channels)), x, region=region_runs(region), how=how)
    original = Preprocessing().invert(x[0])
    np.testing.assert_array_equal(found.pixels[~region], original[~region])
    assert (found.pixels[region] != original[region]).any()
    assert np.isfinite(found.change)


def test_the_colour_is_the_one_that_is_asked_for() -> None:
    found = edit(linear(), photo(), how="colour", red=200, green=100, blue=7)
    assert (found.pixels == [200, 100, 7]).all()
    caffe = Preprocessing(scale=(1.0,), offset=(-104.0, -117.0, -124.0), channel_order="bgr")
    probe = Probe(linear(), preprocessing=caffe)
    settings = EditSettings(how="colour", red=200, green=100, blue=7)
    again = EDIT.compute(probe, Target(inputs=photo(), class_index=0), settings, SILENT)
    assert (again.pixels == [200, 100, 7]).all()


@pytest.mark.parametrize("how", ["blurred", "colour"])
def test_a_picture_of_one_colour_painted_in_itself_changes_nothing(how: str) -> None:
    x = np.full((1, 6, 5, 3), 40 * np.float32(1 / 255))
    found = edit(mean_head(), x, how=how, red=40, green=40, blue=40)
    assert found.change == pytest.approx(0, abs=1e-5)


def test_one_class_and_opposite_classes_of_a_sigmoid_unit() -> None:
    one = keras.Sequential([layers.Input((6, 5, 3)), layers.Flatten(), layers.Dense(1)])
    assert edit(one, photo()).before.scores.shape == (1,)
    model = mean_head(1, "sigmoid")
    first, second = (edit(model, photo(), class_index=each).change for each in (0, 1))
    assert first == -second != 0


def test_a_cell_counts_by_the_share_of_its_pixels_in_the_region() -> None:
    """Two cells of two pixels each and one pixel beyond them at either side, which belongs to the cell."""
    region = np.array([[True, True, False, False, False, True]])
    found = attribution(np.array([[3.0, 6.0]]), (0, 1, 1, 5))
    np.testing.assert_allclose(cell_shares(found, region), [[2 / 3, 1 / 3]])
    assert predicted_change(found, region) == pytest.approx(-(2 + 2))


@pytest.mark.parametrize("shape", [(2, 3), (6, 5), (13, 17)])
def test_a_whole_picture_holds_the_whole_map_however_fine_it_is(shape: tuple[int, int]) -> None:
    values = np.random.default_rng(0).normal(size=shape)
    whole = np.ones((6, 5), bool)
    found = attribution(values, (1, 1, 5, 4))
    assert predicted_change(found, whole) == pytest.approx(-values.sum(), abs=1e-5)
    assert predicted_change(found, ~whole) == 0


def test_a_region_survives_as_runs_of_pixels() -> None:
    region = np.random.default_rng(1).random((7, 9)) < 0.5
    np.testing.assert_array_equal(region_of_runs(region_runs(region), (7, 9)), region)
    assert region_runs(np.ones((2, 3), bool)) == (0, 6)
    assert region_runs(np.zeros((2, 3), bool)) == ()


@pytest.mark.parametrize("runs", [(0, 31), (5,), (29, 2)])
def test_a_region_of_another_picture_is_refused(runs: tuple[int, ...]) -> None:
    with pytest.raises(InvalidRequestError, match="Expected"):
        edit(linear(), photo(), region=runs)


def test_a_drawn_box_and_a_drawn_triangle_hold_the_pixels_within() -> None:
    box = [(0.25, 0.5), (0.75, 0.5), (0.75, 1.0), (0.25, 1.0)]
    np.testing.assert_array_equal(polygon_region([box], (2, 4)), [[0, 0, 0, 0], [0, 1, 1, 0]])
    triangle = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)]
    np.testing.assert_array_equal(polygon_region([triangle], (4, 4)).sum(axis=1), [3, 2, 1, 0])
    assert polygon_region([box, triangle], (2, 4)).sum() == 2 + 4
    assert not polygon_region([], (2, 4)).any()
