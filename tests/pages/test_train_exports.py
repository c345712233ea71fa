"""Every section of the page Train can be taken away: pictures open, arrays are right, code runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from data_section import with_folder
from finished_run import write_run
from streamlit.testing.v1 import AppTest
from taken_away import Taken, check, taken_away

from cnn_core.datasets.source import DataSource
from cnn_core.training.settings.config import Augmentation
from cnn_core.training.settings.presets import PRESETS
from dashboard.figures.pictures.pictures import png
from dashboard.training.augmentation import VARIANTS
from dashboard.training.settings import settings_export

OpenApp = Callable[..., AppTest]


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Taken:
    return taken_away(monkeypatch)


@pytest.fixture
def own_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for the runs of one test."""
    monkeypatch.setenv("CONVSCOPE_RUNS", str(tmp_path / "runs"))
    st.cache_resource.clear()
    yield tmp_path / "runs"
    st.cache_resource.clear()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Seven pictures of each of two classes, no two the same, one of them damaged."""
    rng = np.random.default_rng(3)
    for name in ("cats", "dogs"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(7):
            pixels = rng.integers(0, 256, (40 + number, 60, 3)).astype(np.uint8)
            (tmp_path / "pets" / name / f"{number}.png").write_bytes(png(pixels))
    (tmp_path / "pets" / "dogs" / "6.png").write_bytes(b"no picture")
    return tmp_path / "pets"


def test_the_curves_of_a_run_can_be_taken_away(open_app: OpenApp, taken: Taken, own_runs: Path, capsys):
    folder = write_run(own_runs / "mine", title="Mine", accuracies=(0.6, 0.8, 0.7))
    (folder / "steps.csv").write_text("epoch,step,steps,loss,accuracy\n1,5,10,0.6,0.7\n", encoding="utf-8")
    app = open_app("train", section="progress", run="mine")
    assert not app.exception
    arrays, _ = check(taken["curves-export-mine"])
    np.testing.assert_allclose(arrays["val_accuracy"], (0.6, 0.8, 0.7))
    np.testing.assert_allclose(arrays["loss"], (1, 1 / 2, 1 / 3))
    np.testing.assert_allclose(arrays["step_accuracy"], [0.7])
    assert "val_accuracy [0.6 0.8 0.7]" in capsys.readouterr().out


def test_a_run_that_has_measured_nothing_offers_no_curves(open_app: OpenApp, taken: Taken, own_runs: Path):
    write_run(own_runs / "new", accuracies=(), state="paused")
    assert not open_app("train", section="progress", run="new").exception
    assert not any(key.startswith("curves") for key in taken)


def test_samples_and_sizes_of_a_data_set_can_be_taken_away(
    open_app: OpenApp, taken: Taken, photos: Path, capsys
):
    app = with_folder(open_app("train", section="data"), photos)
    assert not app.exception
    samples, _ = check(taken["samples-export"])
    told = capsys.readouterr().out
    assert samples["classes"].tolist() == ["cats", "dogs"]
    assert samples["counts"].sum() == 14
    assert samples["pictures"].shape[1:] == (150, 150, 3)
    assert len(samples["pictures"]) == len(samples["labels"]) == told.count(".png")
    sizes, _ = check(taken["sizes-export"])
    assert sum(len(values) for name, values in sizes.items() if name.startswith("sizes_px_")) == 14
    assert sizes["problem_kinds"].tolist() == ["unreadable"]
    assert f"unreadable {photos / 'dogs' / '6.png'}" in capsys.readouterr().out


def test_the_variants_of_a_photo_can_be_taken_away_and_the_code_makes_the_same(
    open_app: OpenApp, taken: Taken
):
    app = open_app("train", section="augmentation", variants="3", start="rotation")
    assert not app.exception
    arrays, scope = check(taken["augmentation-export"])
    assert scope["params"] == Augmentation(rotation_degrees=45.0)
    assert len(arrays["variants"]) == VARIANTS
    np.testing.assert_array_equal(scope["variants"], arrays["variants"])


def test_the_settings_can_be_taken_away_and_the_code_makes_the_same(
    open_app: OpenApp, taken: Taken, own_runs: Path
):
    app = open_app("train", section="settings", preset="report_regularized", set_epochs="7")
    assert not app.exception
    arrays, scope = check(taken["settings-export"])
    assert dict(zip(arrays["names"], arrays["values"], strict=True))["Epochs"] == "7"
    assert (scope["config"].preset, scope["config"].epochs) == ("report_regularized", 7)
    assert not own_runs.exists() or not list(own_runs.iterdir())


def test_the_code_of_settings_names_the_data_that_was_chosen(own_runs: Path):
    source = DataSource(folders=("/photos",), validation=0.3)
    scope: dict[str, object] = {}
    code = settings_export(PRESETS[0].config, source, "any").code
    exec(compile(code, "snippet", "exec"), scope)
    assert (scope["config"], scope["source"]) == (PRESETS[0].config, source)
