"""What the page says of settings and a start."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from cnn_core.datasets.source import DataSource
from cnn_core.training.settings.config import TrainingConfig

Launched = list[tuple[TrainingConfig, DataSource, str | None]]


def clean(app: AppTest) -> AppTest:
    assert not app.exception
    assert [error.value for error in app.error] == []
    return app


def words(app: AppTest) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption))


def number(app: AppTest) -> dict[str, float]:
    return {str(each.key): each.value for each in app.number_input}
