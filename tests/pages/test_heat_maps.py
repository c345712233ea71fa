"""Heat maps side by side: all methods, all classes, each on its own scale or all on one."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest

from cnn_core.attribution import METHODS
from cnn_core.results import AttributionMap
from dashboard.heat_maps.comparisons import common_scales
from dashboard.heat_maps.heat_map import settings_in_code


def attribution(reach: float, *, layer_name: str | None = "conv") -> AttributionMap:
    return AttributionMap(
        method="m",
        layer_name=layer_name,
        head=0,
        class_index=0,
        values=np.float32([[reach, 0], [0, 0]]),
        signed=layer_name is not None,
        score=1.0,
        extent=(0, 0, 8, 8),
    )


def test_a_common_scale_reaches_as_far_as_the_largest_map_of_the_same_unit():
    scales = common_scales([attribution(2), attribution(-5), attribution(90, layer_name=None)], signed=True)
    assert (scales[False].low, scales[False].high) == (-5, 5)
    assert (scales[True].low, scales[True].high) == (0, 90)
    assert not common_scales([attribution(2)], signed=False)[False].signed


@pytest.mark.parametrize(("tab", "name"), [("All methods", "methods"), ("All classes", "classes")])
def test_each_comparison_can_be_put_on_one_scale_and_taken_away(open_app, tab, name):
    app = open_app("heat_maps")
    app.session_state["compare"] = tab
    app.run()
    assert not app.error
    assert not app.exception
    assert len(app.get("download_button")) == 4  # of the map, and of the comparison
    app.session_state[f"{name}-scale"] = "common"
    app.run()
    assert not app.error
    assert app.session_state[f"{name}-scale"] == "common"


@dataclass(frozen=True, kw_only=True)
class Steps:
    """Settings of a method that has some."""

    steps: int = 8


@pytest.mark.parametrize(("params", "told"), [(Steps(), False), (Steps(steps=16), True)])
def test_the_code_holds_the_settings_that_are_not_the_usual_ones(params, told):
    method = dataclasses.replace(METHODS[0], settings=Steps)
    lines = settings_in_code(method, params)
    assert lines == (
        (f"\nfrom {__name__} import Steps\n", "    params=Steps(steps=16),\n") if told else ("", "")
    )
