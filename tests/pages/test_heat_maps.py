"""Heat maps side by side: all methods, all classes, each on its own scale or all on one."""

from __future__ import annotations

import numpy as np
import pytest

from cnn_core.results import AttributionMap
from dashboard.heat_maps.comparisons import common_scales


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
    scales = common_scales([attribution(2), attribution(-5), attribution(90, layer_name=None)])
    assert (scales[False].low, scales[False].high) == (-5, 5)
    assert (scales[True].low, scales[True].high) == (0, 90)
    assert not scales[True].signed


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
