"""What every test shares: a quiet TensorFlow, folders of its own, and two reasons to skip."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# Read by TensorFlow and Keras when they are imported, so set before any test module is.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ["CONVSCOPE_UPLOADS"] = str(
    Path(tempfile.gettempdir()) / f"convscope-tests-without-uploads-{os.getpid()}"
)

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DATA_SUBFOLDER = "cats_and_dogs_filtered"


def find_data_folder() -> Path | None:
    """The folder that holds ``cats_and_dogs_filtered``, or None where this machine has none."""
    named = os.environ.get("CONVSCOPE_DATA")
    folder = Path(named) if named else PROJECT_ROOT.parent / "shared" / "data"
    if folder.name == DATA_SUBFOLDER:
        folder = folder.parent
    return folder if (folder / DATA_SUBFOLDER).is_dir() else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a browser or the photos where they are absent, saying so."""
    reasons = {}
    if shutil.which("chromium") is None:
        reasons["needs_chromium"] = "no program `chromium` (Debian: apt install chromium)"
    if find_data_folder() is None:
        reasons["needs_data"] = f"no folder with {DATA_SUBFOLDER} (set CONVSCOPE_DATA)"
    for item in items:
        for name, reason in reasons.items():
            if item.get_closest_marker(name) is not None:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or fills the cache and the runs of the person who starts it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONVSCOPE_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("CONVSCOPE_RUNS", str(tmp_path_factory.mktemp("runs")))
        yield


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more analysis, registered in one place: the toy of ``toy_analysis``."""
    from toy_analysis import TOY

    from cnn_core import attribution

    monkeypatch.setattr(attribution, "METHODS", (*attribution.METHODS, TOY))


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The folder of ``app.py``."""
    return PROJECT_ROOT


@pytest.fixture(scope="session")
def sample_images(project_root: Path) -> Path:
    """The folder of the photos that come with the project."""
    return project_root / "sample_images"


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder with ``cats_and_dogs_filtered``; mark such a test ``needs_data``."""
    folder = find_data_folder()
    if folder is None:
        pytest.skip(f"no folder with {DATA_SUBFOLDER} (set CONVSCOPE_DATA)")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser; mark such a test ``needs_chromium``."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no program `chromium` (Debian: apt install chromium)")
    return path
