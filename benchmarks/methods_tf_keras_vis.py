"""tf-keras-vis: time of its attribution methods beside a forward pass."""

from __future__ import annotations

import keras
import tensorflow as tf
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
from tf_keras_vis.layercam import Layercam
from tf_keras_vis.saliency import Saliency
from tf_keras_vis.scorecam import Scorecam
from tf_keras_vis.utils.model_modifiers import ReplaceToLinear

from benchmarks.maps_tf_keras_vis import cats
from benchmarks.subject import keras_model, options, photo_input
from benchmarks.timing import emit_times
from cnn_core.probe.probe import Probe


def main() -> None:
    """Measure."""
    chosen = options()
    original = keras_model(chosen.model)
    model = keras.Model(original.inputs, original.outputs)  # a Sequential has no names of outputs
    layer = Probe(original).default_cam_layer()
    inputs = photo_input(chosen.model, chosen.photo, model.input_shape[1:])
    forward = tf.function(lambda x: model(x, training=False))
    where = {"penultimate_layer": layer, "seek_penultimate_conv_layer": False}
    kinds = {
        "grad_cam": Gradcam,
        "grad_cam_plus_plus": GradcamPlusPlus,
        "layer_cam": Layercam,
        "score_cam": Scorecam,
    }
    linear = ReplaceToLinear()
    made = {key: kind(model, model_modifier=linear) for key, kind in kinds.items()}
    slopes = Saliency(model, model_modifier=linear)
    calls = {key: lambda method=method: method(cats, inputs, **where) for key, method in made.items()}
    whole = {
        "forward pass": lambda: forward(tf.constant(inputs)).numpy(),
        **calls,
        "saliency": lambda: slopes(cats, inputs),
        "smooth_grad": lambda: slopes(cats, inputs, smooth_samples=50, smooth_noise=0.15),
    }
    emit_times("tf-keras-vis", whole, chosen.repeats)


if __name__ == "__main__":
    main()
