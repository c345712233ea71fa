"""Results that come with a model: they need no framework, and are what computing gives."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tiny_model import write_tiny_model

from cnn_core import open_explorer, open_image
from cnn_core.__main__ import main
from cnn_core.activations import LAYER_SUMMARIES
from cnn_core.analysis import Request, Target
from cnn_core.attribution import GRAD_CAM
from cnn_core.explorer import Explorer
from cnn_core.feature_visualization import FILTER_PATTERNS, FilterPatternSettings, filter_patterns
from cnn_core.feature_visualization.engine.objectives import ChannelMean
from cnn_core.feature_visualization.engine.visualization import measure
from cnn_core.prediction import PREDICTION
from cnn_core.targets import fitting_layers

BUNDLED = ("cats_dogs", "report_baseline", "report_regularized")
FIRST_VIEW = (PREDICTION, LAYER_SUMMARIES, GRAD_CAM)
MOST_BYTES_OF_PATTERNS = 8_000_000
WITHOUT_FRAMEWORK = """
import sys
for name in ("keras", "tensorflow"):
    sys.modules[name] = None  # importing it fails from here on
from pathlib import Path
from cnn_core import open_explorer, open_image
from cnn_core.activations import LAYER_SUMMARIES
from cnn_core.analysis import Request
from cnn_core.attribution import GRAD_CAM
from cnn_core.feature_visualization import FILTER_PATTERNS
from cnn_core.prediction import PREDICTION
from cnn_core.targets import fitting_layers
explorer = open_explorer(Path("models"), Path(sys.argv[1]))
for model_key in sys.argv[2:]:
    for path in sorted(Path("sample_images").glob("*.jpg")):
        request = Request(model_key=model_key, image=open_image(path))
        assert explorer.stored((PREDICTION, LAYER_SUMMARIES, GRAD_CAM), request), (model_key, path)
    for info in fitting_layers(FILTER_PATTERNS, explorer.outline(model_key)):
        request = Request(model_key=model_key, layer_name=info.name)
        assert len(explorer.run(FILTER_PATTERNS, request).patterns) == info.output_shape[-1]
"""


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory, sample_images: Path) -> Path:
    """A models folder with the tiny model and the results that ``ship`` stored with it."""
    folder = write_tiny_model(tmp_path_factory.mktemp("models"))
    photos = tmp_path_factory.mktemp("photos")
    shutil.copy(sample_images / "dog.jpg", photos)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONVSCOPE_MODELS", str(folder))
        patch.setenv("CONVSCOPE_PRECISION", "")
        assert main(["ship", "tiny", "--photos", str(photos)]) == 0
    return folder


@pytest.fixture
def explorer(shipped: Path, tmp_path: Path) -> Explorer:
    return open_explorer(shipped, tmp_path / "cache")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Explorer:
    """The tiny model without results."""
    return open_explorer(write_tiny_model(tmp_path_factory.mktemp("bare")), tmp_path_factory.mktemp("cache"))


def test_the_bundled_models_show_their_first_views_and_all_patterns_without_the_framework(
    project_root: Path, tmp_path: Path
) -> None:
    subprocess.run(
        [sys.executable, "-c", WITHOUT_FRAMEWORK, tmp_path, *BUNDLED],
        cwd=project_root,
        check=True,
    )


def test_the_patterns_of_the_bundled_models_take_little_room(
    project_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONVSCOPE_PRECISION", "float32")
    explorer, size_bytes = open_explorer(project_root / "models", tmp_path), 0
    for model_key in BUNDLED:
        for info in fitting_layers(FILTER_PATTERNS, explorer.outline(model_key)):
            key = explorer.result_key(FILTER_PATTERNS, Request(model_key=model_key, layer_name=info.name))
            size_bytes += (explorer.shipped_folder(model_key) / f"{key}.npz").stat().st_size

    assert size_bytes <= MOST_BYTES_OF_PATTERNS


@pytest.mark.parametrize("model_key", BUNDLED)
def test_what_comes_with_a_bundled_model_is_what_it_computes(
    model_key: str, project_root: Path, sample_images: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "models"
    shutil.copytree(project_root / "models" / model_key, bare / model_key)
    shutil.rmtree(bare / model_key / "results")
    stored, computed = (
        open_explorer(project_root / "models", tmp_path / "a"),
        open_explorer(bare, tmp_path / "b"),
    )
    request = Request(model_key=model_key, image=open_image(sample_images / "chelsea_cat.jpg"))

    assert stored.outline(model_key) == computed.outline(model_key)
    scores, expected = (one.run(PREDICTION, request).heads[0].scores for one in (stored, computed))
    np.testing.assert_allclose(scores, expected, rtol=1e-3)
    values, expected = (one.run(GRAD_CAM, request).values for one in (stored, computed))
    np.testing.assert_allclose(values, expected, atol=1e-3 * np.abs(expected).max())
    for layer, other in zip(
        *(one.run(LAYER_SUMMARIES, request).layers for one in (stored, computed)), strict=True
    ):
        np.testing.assert_allclose(layer.maps, other.maps, atol=1e-3 * max(1.0, float(other.maximum.max())))


def test_shipped_patterns_have_the_scores_of_the_pictures_that_are_shown(explorer: Explorer) -> None:
    request = Request(model_key="tiny", layer_name="block2_conv")
    assert explorer.is_shipped(FILTER_PATTERNS, request)

    found = explorer.run(FILTER_PATTERNS, request)

    objective = ChannelMean(layer_name="block2_conv", index=tuple(range(8)))
    measured = measure(explorer.model("tiny").probe, objective, found.patterns)
    np.testing.assert_allclose(found.scores, measured, rtol=1e-5)
    np.testing.assert_array_equal(found.history[-1], found.scores)


def test_shipped_patterns_look_like_those_that_are_computed(explorer: Explorer, fresh: Explorer) -> None:
    found = explorer.run(FILTER_PATTERNS, Request(model_key="tiny", layer_name="block2_conv"))

    target = Target(layer_name="block2_conv")
    expected = filter_patterns(fresh.model("tiny").probe, target, FilterPatternSettings())

    apart = np.abs(found.patterns.astype(float) - expected.patterns).mean()
    assert apart < 0.3 * expected.patterns.std()
    assert found.growth.shape == (0, *expected.patterns.shape)


def test_other_settings_and_other_channels_are_computed(explorer: Explorer) -> None:
    request = Request(model_key="tiny", layer_name="block1_conv")
    assert explorer.is_shipped(FILTER_PATTERNS, request)
    assert not explorer.is_shipped(FILTER_PATTERNS, request, FilterPatternSettings(seed=1))
    assert explorer.known(FILTER_PATTERNS, request, FilterPatternSettings(seed=1)) is None


def test_results_of_another_network_are_not_taken(shipped: Path, tmp_path: Path, sample_images: Path) -> None:
    other = tmp_path / "models"
    shutil.copytree(shipped, other)
    card = other / "tiny" / "card.json"
    card.write_text(card.read_text(encoding="utf-8").replace("cats", "owls"), encoding="utf-8")
    explorer = open_explorer(other, tmp_path / "cache")
    photo = open_image(sample_images / "dog.jpg")

    assert not explorer.stored(FIRST_VIEW, Request(model_key="tiny", image=photo))
    assert explorer.predict("tiny", photo).heads[0].class_names == ("owls", "dogs")


def test_a_damaged_result_is_computed(shipped: Path, tmp_path: Path, sample_images: Path) -> None:
    damaged = tmp_path / "models"
    shutil.copytree(shipped, damaged)
    for path in (damaged / "tiny" / "results").iterdir():
        path.write_bytes(path.read_bytes()[:-40])
    explorer = open_explorer(damaged, tmp_path / "cache")
    photo = open_image(sample_images / "dog.jpg")

    assert not explorer.stored(FIRST_VIEW, Request(model_key="tiny", image=photo))
    assert explorer.predict("tiny", photo).heads[0].class_names == ("cats", "dogs")
