"""What a first visitor sees is computed before anybody asks for it."""

from __future__ import annotations

from cnn_core.analysis import Request
from dashboard.session.photos import samples
from dashboard.session.resources import explorer
from dashboard.session.unforeseen import log_failure


def warm_up() -> None:
    """Load the framework, open the first network, and have the answers of the first page for the first photo.

    They are kept where the page looks for them. Whatever fails here is told by the page once it is asked.
    """
    from cnn_core.activations import LAYER_SUMMARIES  # here, since these load the framework
    from cnn_core.attribution import GRAD_CAM

    try:
        cards, photos = explorer().models(), samples()
        if not cards or not photos:
            return
        request = Request(model_key=cards[0].key, image=photos[0].image())
        explorer().run(LAYER_SUMMARIES, request)
        if GRAD_CAM.inapplicable(explorer().outline(request.model_key), request.head) is None:
            explorer().run(GRAD_CAM, request)
    except Exception:
        log_failure("The first view could not be prepared")
