"""What a first visitor needs is there before anybody asks for it."""

from __future__ import annotations

import threading

from cnn_core.activations import LAYER_SUMMARIES
from cnn_core.analysis import Request
from cnn_core.attribution import GRAD_CAM
from cnn_core.prediction import PREDICTION
from dashboard.session.photos import samples_for
from dashboard.session.resources import explorer, framework_ready, runs
from dashboard.session.unforeseen import log_failure

PATIENCE_SECONDS = 60.0  # with a framework that others load
FIRST_PAGE = (PREDICTION, LAYER_SUMMARIES, GRAD_CAM)

serving = threading.Event()  # set by a server that is to be quick, rather than small


def prepare_training() -> None:
    """Where a page offers to start a run: load the framework for it, in the process that will train."""
    if serving.is_set() and framework_ready():
        runs().prepare()


def warm_up() -> None:
    """Have the first page for the first photo, load the framework, and open the first network.

    Results are kept where the page looks for them. Whatever fails here is told by the page once it is asked.
    """
    try:
        cards = explorer().models()
        photos = samples_for(cards[0].key) if cards else ()
        if not cards or not photos:
            return
        request = Request(model_key=cards[0].key, image=photos[0].image())
        if not explorer().stored(FIRST_PAGE, request):
            for analysis in FIRST_PAGE:
                if analysis.inapplicable(explorer().outline(request.model_key), request.head) is None:
                    explorer().run(analysis, request)
        framework_ready(PATIENCE_SECONDS)
        explorer().model(request.model_key)
    except Exception:
        log_failure("The first view could not be prepared")
