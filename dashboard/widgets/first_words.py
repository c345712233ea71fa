"""What the words of the field mean, for somebody who meets a CNN for the first time; shown as help."""

from __future__ import annotations

LAYERS = (
    "A layer holds many channels, each with a filter: a small pattern that a convolution looks for all over "
    "the picture. The map of a channel shows where its filter found the pattern: bright where it did. ReLU "
    "sets what is negative to zero, so dark means not found. Pooling makes maps smaller, keeping the "
    "strongest find (max) or the mean of each neighbourhood. A blank map is zero everywhere."
)
PATTERNS = (
    "Starting from noise, the picture is changed a little at each step so that the channel fires more "
    "(gradient ascent). What comes out is what the filter looks for."
)
CURVES = (
    "One epoch is once through all training photos. The loss says how wrong and unsure the answers are, "
    "0 at best; accuracy is the share of right answers. Validation photos are never trained on: where only "
    "the training curve still gets better, the network learns its photos by heart (it over-fits)."
)
