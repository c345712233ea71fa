"""The section Evaluation alone over one run, and what can be read off it."""

from __future__ import annotations

import time
from pathlib import Path

from streamlit.testing.v1 import AppTest

PATIENCE_SECONDS = 240


CLASSES = ("cats", "dogs")


def evaluation_section() -> None:
    """The section alone."""
    from pathlib import Path

    import streamlit as st

    from cnn_core.runs.run_view import RunReader
    from dashboard.evaluation.evaluated_set import Network
    from dashboard.evaluation.evaluation import draw_evaluation
    from dashboard.session import address
    from dashboard.widgets.page_fragment import page_fragment

    address.enter("Train")
    run = RunReader().view(Path(st.session_state["run_folder"]))
    network = Network(key=run.key, title=run.title, model_key=run.model_key, run=run)
    page_fragment(draw_evaluation)(network)


def open_evaluation(folder: Path, **address: str) -> AppTest:
    app = AppTest.from_function(evaluation_section, default_timeout=PATIENCE_SECONDS)
    app.session_state["run_folder"] = str(folder)
    for key, value in address.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    return app


def wait_for_maps(app: AppTest) -> AppTest:
    """Run the section until the heat maps of the mistakes are there."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(button.key == "mistakes-cancel" for button in app.button):
        if time.monotonic() > deadline:
            raise TimeoutError("no heat maps")
        time.sleep(0.2)
        app.run()
    assert not app.error
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    parts = (*app.markdown, *app.caption, *app.subheader)
    return " ".join(str(part.value) for part in parts)


def figures(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def tiles(app: AppTest) -> list[str]:
    return [button.label for button in app.button if str(button.key).startswith("photo-cell-")]
