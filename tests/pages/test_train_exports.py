"""Every section of the page Train can be taken away: pictures open, arrays are right, code runs."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from data_section import with_folder
from finished_run import write_run
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnn_core.datasets.source import DataSource
from cnn_core.training.settings.config import Augmentation
from cnn_core.training.settings.presets import PRESETS
from dashboard.figures.pictures.pictures import png
from dashboard.training.augmentation import VARIANTS
from dashboard.training.settings_export import settings_code

Made = dict[str, tuple[bytes, bytes, str]]
OpenApp = Callable[..., AppTest]
MODULES = ("curves_export", "data_export", "augmentation_export", "settings_export")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    """What the export rows of a page give, by their key: PNG, NPZ and code."""
    rows: Made = {}

    def row(name, *, png, npz, code, key="export"):
        rows[key] = (png(), npz(), code)

    for module in MODULES:
        monkeypatch.setattr(f"dashboard.{module}.export_row", row)
    return rows


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


def check(files: tuple[bytes, bytes, str]) -> dict[str, np.ndarray]:
    """The picture opens and shows something, the code runs; gives the arrays."""
    picture, arrays, code = files
    with Image.open(io.BytesIO(picture)) as page:
        assert min(page.size) > 60
        assert len(page.convert("L").getcolors(256) or ()) > 2
    exec(compile(code, "snippet", "exec"), {})
    with np.load(io.BytesIO(arrays)) as archive:
        return {name: archive[name] for name in archive.files}


def test_the_curves_of_a_run_can_be_taken_away(open_app: OpenApp, made: Made, own_runs: Path, capsys):
    folder = write_run(own_runs / "mine", title="Mine", accuracies=(0.6, 0.8, 0.7))
    (folder / "steps.csv").write_text("epoch,step,steps,loss,accuracy\n1,5,10,0.6,0.7\n", encoding="utf-8")
    app = open_app("train", section="progress", run="mine")
    assert not app.exception
    arrays = check(made["curves-export-mine"])
    np.testing.assert_allclose(arrays["val_accuracy"], (0.6, 0.8, 0.7))
    np.testing.assert_allclose(arrays["loss"], (1, 1 / 2, 1 / 3))
    np.testing.assert_allclose(arrays["step_accuracy"], [0.7])
    assert "val_accuracy [0.6 0.8 0.7]" in capsys.readouterr().out


def test_a_run_that_has_measured_nothing_offers_no_curves(open_app: OpenApp, made: Made, own_runs: Path):
    write_run(own_runs / "new", accuracies=(), state="paused")
    assert not open_app("train", section="progress", run="new").exception
    assert made == {}


def test_samples_and_sizes_of_a_data_set_can_be_taken_away(
    open_app: OpenApp, made: Made, photos: Path, capsys
):
    app = with_folder(open_app("train", section="data"), photos)
    assert not app.exception
    samples = check(made["samples-export"])
    told = capsys.readouterr().out
    assert samples["classes"].tolist() == ["cats", "dogs"]
    assert samples["counts"].sum() == 14
    assert samples["pictures"].shape[1:] == (150, 150, 3)
    assert len(samples["pictures"]) == len(samples["labels"]) == told.count(".png")
    sizes = check(made["sizes-export"])
    assert sum(len(values) for name, values in sizes.items() if name.startswith("sizes_px_")) == 14
    assert sizes["problem_kinds"].tolist() == ["unreadable"]
    assert f"unreadable {photos / 'dogs' / '6.png'}" in capsys.readouterr().out


def test_the_variants_of_a_photo_can_be_taken_away_and_the_code_makes_the_same(open_app: OpenApp, made: Made):
    app = open_app("train", section="augmentation", variants="3", start="rotation")
    assert not app.exception
    files = made["augmentation-export"]
    arrays = check(files)
    scope: dict[str, object] = {}
    exec(compile(files[2], "snippet", "exec"), scope)
    assert scope["params"] == Augmentation(rotation_degrees=45.0)
    assert len(arrays["variants"]) == VARIANTS
    np.testing.assert_array_equal(scope["variants"], arrays["variants"])


def test_the_settings_can_be_taken_away_and_the_code_makes_the_same(
    open_app: OpenApp, made: Made, own_runs: Path
):
    app = open_app("train", section="settings", preset="report_regularized", set_epochs="7")
    assert not app.exception
    files = made["settings-export"]
    arrays = check(files)
    assert dict(zip(arrays["names"], arrays["values"], strict=True))["Epochs"] == "7"
    scope: dict[str, object] = {}
    exec(compile(files[2], "snippet", "exec"), scope)
    assert (scope["config"].preset, scope["config"].epochs) == ("report_regularized", 7)
    assert not own_runs.exists() or not list(own_runs.iterdir())


def test_the_code_of_settings_names_the_data_that_was_chosen(own_runs: Path):
    source = DataSource(folders=("/photos",), validation=0.3)
    scope: dict[str, object] = {}
    exec(compile(settings_code(PRESETS[0].config, source), "snippet", "exec"), scope)
    assert (scope["config"], scope["source"]) == (PRESETS[0].config, source)
