"""The page puts runs in an order only where they were judged on the same photos."""

from __future__ import annotations

import json
from pathlib import Path

from run_folders import write_run
from streamlit.testing.v1 import AppTest

PATIENCE_SECONDS = 120


def judged_on(folder: Path, key: str, fingerprint: str) -> None:
    card = {"pictures": {"cats": 4, "dogs": 4}, "file_list_sha256": fingerprint}
    model = write_run(folder, key, "finished", title=key) / "model"
    model.mkdir()
    (model / "card.json").write_text(json.dumps({"data": {"validation": card}}))


def comparison_section() -> None:
    from pathlib import Path

    import streamlit as st

    from cnn_core.runs.run_view import RunReader
    from dashboard.run_comparison.comparison import draw_comparison
    from dashboard.session import address
    from dashboard.widgets.page_fragment import page_fragment

    address.enter("Train")
    folders = sorted(Path(st.session_state["runs_folder"]).glob("*/config.json"))
    page_fragment(draw_comparison)(tuple(RunReader().view(path.parent) for path in folders))


def open_comparison(folder: Path) -> AppTest:
    app = AppTest.from_function(comparison_section, default_timeout=PATIENCE_SECONDS)
    app.session_state["runs_folder"] = str(folder)
    app.run()
    assert not app.exception
    return app


def test_the_page_names_a_winner_only_among_runs_judged_alike(tmp_path: Path) -> None:
    for key, fingerprint in (("one", "aa"), ("two", "aa")):
        judged_on(tmp_path / "alike", key, fingerprint)
    alike = open_comparison(tmp_path / "alike")
    assert not alike.warning
    assert any("reached the highest validation accuracy" in text.value for text in alike.markdown)
    for key, fingerprint in (("one", "aa"), ("two", "bb")):
        judged_on(tmp_path / "apart", key, fingerprint)
    apart = open_comparison(tmp_path / "apart")
    assert "different validation photos" in apart.warning[0].value
    assert not any("reached the highest" in text.value for text in apart.markdown)
