"""Our maps beside those that the peers' own programs gave for the same network and picture.

``benchmarks/agreement_*.py`` asked them once; their maps are kept in ``peer_maps``. Where a definition
differs, the test says whose, and shows that ours is the paper's.
"""

from __future__ import annotations

from functools import cache

import keras
import numpy as np
import pytest
from hand_made_networks import ask
from keras import layers

from benchmarks import agreement_network as network
from cnn_core.analyses import analysis_named
from cnn_core.attribution.attribution_map import correlation
from cnn_core.results import AttributionMap

SETTINGS = {
    "occlusion": {"patch": 0.25, "stride": 0.25, "fill": "grey"},
    "integrated_gradients": {"steps": 256},
    "lrp": {"epsilon": 0.0, "gamma": 0.0},  # zennit's epsilon is as good as none
}
SAME = {
    "captum": "saliency gradient_x_input integrated_gradients guided_backpropagation deconvnet occlusion",
    "xplique": "saliency gradient_x_input integrated_gradients occlusion grad_cam_shown",
    "zennit": "lrp",
    "tf_keras_vis": "saliency grad_cam layer_cam",
    "pytorch_grad_cam": "grad_cam grad_cam_plus_plus xgrad_cam hires_cam layer_cam",
}


@cache
def model() -> keras.Model:
    """The network of the peers."""
    w = network.weights()
    made = keras.Sequential(
        [
            layers.Input((network.SIDE_PX, network.SIDE_PX, 3)),
            layers.Conv2D(network.FIRST, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(network.SECOND, 3, activation="relu", name=network.LAYER),
            layers.Flatten(),
            layers.Dense(network.CLASSES),
        ]
    )
    made.set_weights([w.kernel1, w.bias1, w.kernel2, w.bias2, w.head, w.head_bias])
    return made


def ours(key: str) -> AttributionMap:
    """Our map of a method."""
    layer = network.LAYER if analysis_named(key).needs_layer else None
    settings = SETTINGS.get(key, {})
    return ask(model(), key, network.picture(), class_index=network.CLASS_INDEX, layer=layer, **settings)


def theirs(peer: str, key: str) -> np.ndarray:
    """A peer's map."""
    with np.load(network.FOLDER / f"{peer}.npz") as maps:
        return maps[key]


PAIRS = [(peer, key) for peer, keys in SAME.items() for key in keys.split()]


@pytest.mark.parametrize(("peer", "key"), PAIRS)
def test_we_agree_where_the_definitions_coincide(peer: str, key: str) -> None:
    values, other = ours(key.removesuffix("_shown")).values, theirs(peer, key)
    if peer == "tf_keras_vis" or key.endswith("_shown"):
        values = np.maximum(values, 0)  # these two leave out what speaks against the class
    if key.endswith("_shown"):  # Xplique gives it stretched only
        values = keras.ops.image.resize(values[..., None], other.shape, interpolation="bicubic")
        values = keras.ops.convert_to_numpy(values)[..., 0]
    assert correlation(values, other) > 0.999


def test_ablation_cam_is_turned_over_by_dividing_by_a_negative_score() -> None:
    """pytorch-grad-cam divides by the score, as the paper does; below zero that flips every sign."""
    found = ours("ablation_cam")
    assert found.score < 0
    assert correlation(found.values, -theirs("pytorch_grad_cam", "ablation_cam")) > 0.999


def test_eigen_cam_of_the_paper_does_not_centre_the_maps() -> None:
    """pytorch-grad-cam takes the mean off each channel first; done so, ours is theirs up to the sign."""
    maps = keras.Model(model().inputs[0], model().get_layer(network.LAYER).output)(network.picture()).numpy()[
        0
    ]
    flat = maps.reshape(-1, maps.shape[-1])
    centred = flat - flat.mean(axis=0)
    direction = np.linalg.svd(centred, full_matrices=False)[2][0]
    again = (centred @ direction).reshape(maps.shape[:2])
    assert abs(correlation(again, theirs("pytorch_grad_cam", "eigen_cam"))) > 0.99
    largest = np.linalg.svd(flat, full_matrices=False)[2][0]
    values = np.maximum((flat @ largest * np.sign((flat @ largest).sum())).reshape(maps.shape[:2]), 0)
    np.testing.assert_allclose(ours("eigen_cam").values, values, rtol=1e-4, atol=1e-4)
