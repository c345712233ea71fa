"""Heat maps side by side: all methods, all classes, each on its own scale or all on one."""

from __future__ import annotations

import numpy as np
import pytest

from cnn_core.results import AttributionMap
from dashboard.heat_maps.comparisons import common_scales


def attribution(reach: float, method: str = "grad_cam") -> AttributionMap:
    return AttributionMap(
        method=method,
        layer_name=None if method == "saliency" else "conv",
        head=0,
        class_index=0,
        values=np.float32([[reach, 0], [0, 0]]),
        signed=method != "saliency",
        score=1.0,
        extent=(0, 0, 8, 8),
    )


def test_a_common_scale_reaches_as_far_as_the_largest_map_of_the_same_unit():
    """HiRes-CAM is in logits per cell as Grad-CAM is, Ablation-CAM is not."""
    asked = {"grad_cam": 2, "hires_cam": -5, "saliency": 90, "ablation_cam": 7}
    scales = common_scales([attribution(reach, method) for method, reach in asked.items()])
    assert [scale.high for scale in scales] == [5, 5, 90, 7]
    assert [scale.signed for scale in scales] == [True, True, False, True]


@pytest.mark.parametrize("name", ["methods", "classes", "layers", "photos"])
def test_each_comparison_can_be_put_on_one_scale_and_taken_away(open_app, name):
    app = open_app("heat_maps")
    app.session_state["compare"] = f"All {name}"
    app.run()
    assert not app.error
    assert not app.exception
    assert len(app.get("download_button")) == 4  # of the map, and of the comparison
    app.session_state[f"{name}-scale"] = "common"
    app.run()
    assert not app.error
    assert app.session_state[f"{name}-scale"] == "common"
