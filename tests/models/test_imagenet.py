"""The ImageNet classifier that comes with the project: whole, licensed, right about the samples."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnn_core import open_image
from cnn_core.analysis import Request
from cnn_core.attribution import GRAD_CAM
from cnn_core.cache.store import ResultStore
from cnn_core.explorer import Explorer
from cnn_core.models.store import ModelStore
from cnn_core.prediction import PREDICTION

KEY = "efficientnet_lite0"


@pytest.fixture(scope="module")
def explorer(project_root: Path) -> Explorer:
    """The bundled networks without any stored result."""
    return Explorer(ModelStore(project_root / "models"), ResultStore(None))


def test_its_card_names_a_thousand_classes_its_source_and_its_licence(explorer: Explorer) -> None:
    card = explorer.card(KEY)
    assert len(set(card.classes)) == 1000
    assert "Tan and Le 2019" in card.metadata["source"]
    assert card.metadata["licence"].startswith("Apache-2.0")


@pytest.mark.parametrize(
    ("photo", "expected"),
    [
        ("coffee.jpg", {"espresso", "cup"}),
        ("eagle.jpg", {"bald eagle", "kite"}),
        ("chelsea_cat.jpg", {"tabby", "tiger cat", "Egyptian cat"}),
    ],
)
def test_it_names_what_is_in_the_sample_photos(
    explorer: Explorer, sample_images: Path, photo: str, expected: set[str]
) -> None:
    request = Request(model_key=KEY, image=open_image(sample_images / photo))
    (head,) = explorer.run(PREDICTION, request).heads
    names = explorer.card(KEY).classes
    assert names[int(head.probabilities.argmax())] in expected  # type: ignore[call-overload]


def test_its_heat_map_starts_at_the_last_convolution_block(explorer: Explorer, sample_images: Path) -> None:
    image = open_image(sample_images / "eagle.jpg")
    heat_map = explorer.run(GRAD_CAM, Request(model_key=KEY, image=image))
    assert heat_map.values.shape == (7, 7)
