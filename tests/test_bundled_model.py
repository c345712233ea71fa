"""What the model that comes with Convscope promises, read from its folder and seen on sample photos."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cnn_core import open_explorer, open_image
from cnn_core.analyses import analysis_named
from cnn_core.analysis import Request
from cnn_core.datasets.folders import labelled_files
from cnn_core.explorer import Explorer

KEY = "cats_dogs"


@pytest.fixture(scope="module")
def explorer(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Explorer:
    return open_explorer(project_root / "models", tmp_path_factory.mktemp("cache"))


def test_its_file_is_small_enough_to_be_bundled(project_root: Path) -> None:
    assert (project_root / "models" / KEY / "model.keras").stat().st_size <= 20 * 2**20


def test_its_card_tells_how_it_was_trained_and_how_good_it_is(explorer: Explorer) -> None:
    card = explorer.model(KEY).card
    confusion = np.array(card.metadata["validation"]["confusion"])

    assert card.classes == ("cats", "dogs")
    assert card.accuracy >= 0.955
    assert card.accuracy == pytest.approx(np.trace(confusion) / confusion.sum())
    assert confusion.sum() == 1000
    assert {"seed", "seconds"} <= set(card.metadata["training"])
    assert len(card.metadata["data"]["training"]["file_list_sha256"]) == 64


def test_at_most_one_channel_in_twenty_never_fires_on_the_validation_photos(explorer: Explorer) -> None:
    active = np.concatenate([layer.active for layer in explorer.model(KEY).statistics.values()])

    assert active.size == explorer.model(KEY).card.metadata["channels"]["convolution"]
    assert (~active).mean() <= 0.05


@pytest.mark.parametrize(("photo", "expected"), [("chelsea_cat", "cats"), ("dog", "dogs")])
def test_it_knows_the_sample_photos(
    explorer: Explorer, sample_images: Path, photo: str, expected: str
) -> None:
    answer = explorer.predict(KEY, open_image(sample_images / f"{photo}.jpg")).heads[0]

    assert answer.class_names[answer.best] == expected
    assert answer.probabilities.max() > 0.8


@pytest.mark.parametrize("method", ["grad_cam", "hires_cam"])
def test_its_heat_map_adds_up_to_the_logit(explorer: Explorer, sample_images: Path, method: str) -> None:
    analysis, photo = analysis_named(method), open_image(sample_images / "dog.jpg")
    found = explorer.run(analysis, Request(model_key=KEY, image=photo))

    assert found.residual == pytest.approx(0, abs=1e-4)
    assert analysis.check(found).holds


def test_the_heat_map_of_a_cat_beside_a_dog_tells_them_apart(explorer: Explorer, sample_images: Path) -> None:
    photo = open_image(sample_images / "cat_and_dog.jpg")

    request = Request(model_key=KEY, image=photo, class_index=0)
    values = explorer.run(analysis_named("grad_cam"), request).values

    width = values.shape[1]
    assert values[:, : width // 2].sum() > values[:, -(width // 2) :].sum()


# ---- The two networks of the report, to be looked at side by side ----

PAIR = ("report_baseline", "report_regularized")


@pytest.mark.parametrize("key", PAIR)
def test_the_networks_of_the_report_have_its_parameters_and_are_small_enough(
    explorer: Explorer, project_root: Path, key: str
) -> None:
    assert (project_root / "models" / key / "model.keras").stat().st_size <= 14e6
    assert explorer.model(key).probe.model.count_params() == 3_453_121


def test_dropout_and_augmentation_answer_new_photos_better(explorer: Explorer) -> None:
    cards = {card.key: card for card in explorer.models()}
    over_fitted, regularised = (cards[key] for key in PAIR)
    assert (
        over_fitted.metadata["training"]["kept_epoch"] == over_fitted.metadata["training"]["epochs_trained"]
    )
    assert regularised.accuracy > over_fitted.accuracy + 0.05
    assert regularised.metadata["validation"]["loss"] < over_fitted.metadata["validation"]["loss"]


@pytest.mark.needs_data
@pytest.mark.parametrize("key", PAIR)
def test_their_cards_say_what_they_answer_to_the_validation_photos(
    explorer: Explorer, data_folder: Path, key: str
) -> None:
    model = explorer.model(key)
    files = labelled_files([data_folder / "cats_and_dogs_filtered" / "validation"]).chosen(range(0, 1000, 20))
    inputs = np.concatenate([explorer.model_input(key, open_image(path)) for path in files.paths])
    (scores,) = model.probe.scores(inputs)
    right = np.mean(scores.argmax(axis=1) == np.asarray(files.labels))
    assert right == pytest.approx(model.card.accuracy, abs=0.15)  # fifty photos: two standard errors
    assert files.classes == model.card.classes
