"""tf-keras-vis' maps of the network of ``agreement_network``; run with the peers' Python."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
from tf_keras_vis.layercam import Layercam
from tf_keras_vis.saliency import Saliency
from tf_keras_vis.scorecam import Scorecam

from benchmarks import agreement_network as network


def score(outputs: Any) -> Any:
    """The logit of the class that is asked about."""
    return outputs[:, network.CLASS_INDEX]


def main() -> None:
    """Ask every method that we have too."""
    w, x = network.weights(), network.picture()
    model = keras.Sequential(
        [
            layers.Input(x.shape[1:]),
            layers.Conv2D(network.FIRST, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(network.SECOND, 3, activation="relu", name=network.LAYER),
            layers.Flatten(),
            layers.Dense(network.CLASSES),
        ]
    )
    model.set_weights([w.kernel1, w.bias1, w.kernel2, w.bias2, w.head, w.head_bias])
    raw = {"expand_cam": False, "normalize_cam": False, "penultimate_layer": network.LAYER}
    cams = {
        "grad_cam": Gradcam,
        "grad_cam_plus_plus": GradcamPlusPlus,
        "layer_cam": Layercam,
        "score_cam": Scorecam,
    }
    maps = {key: kind(model)(score, x, **raw)[0] for key, kind in cams.items()}
    maps["saliency"] = Saliency(model)(score, x, normalize_map=False)[0]
    network.keep("tf_keras_vis", maps)


if __name__ == "__main__":
    main()
