"""Any model on any folder: the same answers as one by one, computed once, what cannot be read left out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from tiny_model import write_model, write_tiny_model
from tiny_photos import COLD, write_class_folders, write_photo

from cnn_core import open_explorer, open_image
from cnn_core.datasets.folders import labelled_files
from cnn_core.errors import Cancelled, DataError, InvalidRequestError
from cnn_core.evaluation.class_matching import matched_classes
from cnn_core.evaluation.file_answers import BATCH, FileAnswers
from cnn_core.evaluation.folder_evaluation import (
    GROUP,
    FolderRequest,
    answers_key,
    answers_of,
    known_answers,
    labelled,
    not_evaluable,
    pictures_of,
)
from cnn_core.evaluation.scores import evaluate
from cnn_core.explorer import Explorer
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress

REST = BATCH + 6  # files beyond the first group: no whole number of batches
COUNT = (GROUP + REST) // 2  # of each class


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model, one of three classes that may take a picture of any size, and two without classes."""
    folder = write_tiny_model(tmp_path_factory.mktemp("models"))
    inputs = keras.Input((16, 16, 1))
    mean = layers.GlobalAveragePooling2D()(layers.Conv2D(3, 3)(inputs))
    for key, output, classes in (
        ("three", layers.Dense(3, "softmax")(mean), ("dogs", "birds", "cats")),
        ("age", layers.Dense(1)(mean), ("years",)),
        ("tags", layers.Dense(3, "sigmoid")(mean), ("dogs", "birds", "cats")),
    ):
        write_model(folder, key, keras.Model(inputs, output), classes)
    return folder


@pytest.fixture
def explorer(models: Path, tmp_path: Path) -> Explorer:
    return open_explorer(models, tmp_path / "cache")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return write_class_folders(tmp_path / "photos", COUNT)


def asked(
    explorer: Explorer, photos: Path, key: str = "tiny", class_of: Mapping[str, int] | None = None
) -> FolderRequest:
    files = labelled_files([photos])
    known = matched_classes(files.classes, explorer.heads(key)[0].class_names)
    class_of = known if class_of is None else class_of
    return FolderRequest(model_key=key, files=pictures_of(files, class_of), class_of=class_of)


@pytest.mark.parametrize(("key", "labels"), [("tiny", (0, 1)), ("three", (2, 0))])
def test_a_picture_gets_the_answer_that_it_gets_alone(
    explorer: Explorer, photos: Path, key: str, labels: tuple[int, int]
) -> None:
    request = asked(explorer, photos, key)
    found = labelled(explorer, request, answers_of(explorer, request))
    assert found.classes == explorer.card(key).classes
    assert found.labels.tolist() == [labels[0]] * COUNT + [labels[1]] * COUNT
    for index in (0, COUNT, 2 * COUNT - 1):
        alone = explorer.predict(key, open_image(found.paths[index])).heads[0]
        np.testing.assert_allclose(found.probabilities[index], alone.probabilities, atol=1e-5)
    assert evaluate(found).pictures == 2 * COUNT


def test_the_second_look_comes_at_once_also_under_another_name_of_the_classes(
    explorer: Explorer, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asked(explorer, photos)
    assert known_answers(explorer, answers_key(explorer, request)) is None
    first = labelled(explorer, request, answers_of(explorer, request))
    monkeypatch.setattr(Probe, "scores", None)
    swapped = asked(explorer, photos, class_of={"cats": 1, "dogs": 0})
    second = labelled(explorer, swapped, answers_of(explorer, swapped))
    np.testing.assert_array_equal(first.probabilities, second.probabilities)
    np.testing.assert_array_equal(first.labels, 1 - second.labels)


def test_another_photo_another_model_and_a_changed_photo_are_other_questions(
    explorer: Explorer, photos: Path
) -> None:
    keys = {answers_key(explorer, asked(explorer, photos, key)) for key in ("tiny", "three")}
    write_photo(photos / "dogs" / "dogs.0.jpg", COLD, seed=77)
    keys.add(answers_key(explorer, asked(explorer, photos)))
    (photos / "cats" / "cats.0.jpg").unlink()
    keys.add(answers_key(explorer, asked(explorer, photos)))
    assert len(keys) == 4


def test_what_cannot_be_read_is_left_out_and_counted(explorer: Explorer, photos: Path) -> None:
    (photos / "cats" / "cats.0.jpg").write_bytes(b"no picture")
    (photos / "dogs" / "dogs.1.jpg").write_bytes((photos / "dogs" / "dogs.2.jpg").read_bytes()[:200])
    request = asked(explorer, photos)
    answers = answers_of(explorer, request)
    assert [request.files.paths[index].name for index in answers.unread] == ["cats.0.jpg", "dogs.1.jpg"]
    found = labelled(explorer, request, answers)
    assert found.pictures == 2 * COUNT - 2
    assert [Path(path).parent.name for path in found.paths] == [found.classes[i] for i in found.labels]


def test_folders_that_stand_for_no_class_are_not_shown_to_the_network(
    explorer: Explorer, photos: Path
) -> None:
    write_photo(photos / "birds" / "a.jpg", COLD, seed=78)
    assert [path.parent.name for path in asked(explorer, photos).files.paths] == ["cats"] * COUNT + [
        "dogs"
    ] * COUNT
    assert len(asked(explorer, photos, "three").files.paths) == 2 * COUNT + 1


def test_on_the_way_the_answers_so_far_are_a_sample_of_all_classes(explorer: Explorer, photos: Path) -> None:
    told: list[tuple[float, FileAnswers | None]] = []
    request = asked(explorer, photos)
    answers = answers_of(explorer, request, Progress(tell=lambda share, found: told.append((share, found))))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    first = next(found for _, found in told if found is not None)
    assert len(first.indices) == GROUP
    assert set(labelled(explorer, request, first).labels.tolist()) == {0, 1}
    np.testing.assert_array_equal(first.probabilities, answers.probabilities[first.indices])


@pytest.mark.parametrize("count", [1, 2])
def test_very_few_photos_are_enough(explorer: Explorer, tmp_path: Path, count: int) -> None:
    request = asked(explorer, write_class_folders(tmp_path / "few", count), class_of={"cats": 0})
    assert answers_of(explorer, request).indices.tolist() == list(range(count))


def test_what_was_answered_before_somebody_stopped_is_not_asked_again(
    explorer: Explorer, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, answered = asked(explorer, photos), []
    scores = Probe.scores
    monkeypatch.setattr(
        Probe, "scores", lambda probe, inputs: answered.append(len(inputs)) or scores(probe, inputs)
    )
    with pytest.raises(Cancelled):
        answers_of(explorer, request, Progress(cancelled=lambda: sum(answered) > GROUP))
    assert known_answers(explorer, answers_key(explorer, request)) is None
    stopped = sum(answered)
    answers_of(explorer, request)
    assert stopped == GROUP + BATCH
    assert sum(answered) - stopped == 2 * BATCH


def test_folders_without_a_class_or_without_a_readable_picture_are_refused_in_a_sentence(
    explorer: Explorer, photos: Path
) -> None:
    with pytest.raises(DataError, match=r"cats, dogs\. Received: none"):
        answers_of(explorer, asked(explorer, photos, class_of={}))
    for path in photos.rglob("*.jpg"):
        path.write_bytes(b"no picture")
    with pytest.raises(DataError, match=f"none among {2 * COUNT} files"):
        answers_of(explorer, asked(explorer, photos))
    with pytest.raises(InvalidRequestError, match="Received: 2"):
        answers_of(explorer, asked(explorer, photos, class_of={"cats": 2}))


@pytest.mark.parametrize(("key", "said"), [("age", "a number"), ("tags", "do not exclude one another")])
def test_answers_that_are_not_right_or_wrong_are_not_evaluated(
    explorer: Explorer, photos: Path, key: str, said: str
) -> None:
    assert not_evaluable(explorer.heads("three")[0]) is None
    with pytest.raises(InvalidRequestError, match=said):
        answers_of(explorer, asked(explorer, photos, key, class_of={"cats": 0}))


@pytest.mark.needs_data
def test_the_bundled_model_is_as_good_as_its_card_says(data_folder: Path) -> None:
    explorer = open_explorer()
    request = asked(explorer, data_folder / "cats_and_dogs_filtered" / "validation", "cats_dogs")
    found = evaluate(labelled(explorer, request, answers_of(explorer, request)))
    card = explorer.card("cats_dogs").metadata["validation"]
    assert found.pictures == card["pictures"]
    # Another processor rounds differently, which may turn an answer at 0.5.
    assert found.accuracy == pytest.approx(card["accuracy"], abs=0.002)
    assert found.loss == pytest.approx(card["loss"], abs=1e-3)
