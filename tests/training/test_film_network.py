"""The epochs of a film through one network: the same answers as from each epoch opened on its own."""

from __future__ import annotations

import shutil
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from tiny_model import write_tiny_model

from cnn_core.cache.store import ResultStore
from cnn_core.errors import ModelError
from cnn_core.feature_visualization import PatternParams, filter_patterns
from cnn_core.images.decode import RgbImage, rgb_image
from cnn_core.models import loading as model_loading
from cnn_core.models.store import MODEL_FILE, ModelStore
from cnn_core.training.film import (
    FilmFrame,
    FilmProjector,
    FilmQuestion,
    film_explorer,
    film_frames,
    frame_key,
)

EPOCHS = (0, 1, 4)
FEW_STEPS = PatternParams(steps=8)


def write_frame(run: Path, epoch: int, change: Callable[[keras.Model], keras.Model] | None = None) -> Path:
    """Write an epoch whose weights are its own; ``change`` makes another network of it."""
    folder = run / "film" / frame_key(epoch)
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_tiny_model(run)
    model = keras.models.load_model(run / "tiny" / MODEL_FILE)
    random = np.random.default_rng(epoch)
    model.set_weights([w + random.normal(0, 0.2, w.shape) for w in model.get_weights()])
    (model if change is None else change(model)).save(run / "tiny" / MODEL_FILE)
    (run / "tiny").rename(folder)
    return folder / MODEL_FILE


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that has kept three epochs."""
    run = tmp_path_factory.mktemp("run")
    for epoch in EPOCHS:
        write_frame(run, epoch)
    return run


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    """A copy to be damaged."""
    return Path(shutil.copytree(made, tmp_path / "run"))


@pytest.fixture(scope="module")
def photo() -> RgbImage:
    return rgb_image(np.random.default_rng(2).integers(0, 256, (40, 40, 3)).astype(np.uint8))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The epochs whose file was opened as a whole."""
    found: list[str] = []
    load = model_loading.load_model

    def counted(path: Path) -> keras.Model:
        found.append(path.parent.name)
        return load(path)

    monkeypatch.setattr(model_loading, "load_model", counted)
    return found


def projector(run: Path) -> FilmProjector:
    return FilmProjector(run, ResultStore(None))


def film(through: FilmProjector, photo: RgbImage, *epochs: int) -> list[FilmFrame]:
    question = FilmQuestion(image=photo, layer_name="block2_conv", channel=3, class_index=1, params=FEW_STEPS)
    return list(film_frames(through, epochs, question))


def check(frame: FilmFrame, run: Path, photo: RgbImage) -> None:
    """The frame is what its epoch answers when it is opened on its own."""
    key, alone = frame_key(frame.epoch), film_explorer(run, ResultStore(None))
    pattern = filter_patterns(alone.model(key).probe, "block2_conv", channels=[3], params=FEW_STEPS)
    assert np.abs(frame.pattern.patterns.astype(int) - pattern.patterns).max() <= 1
    np.testing.assert_allclose(frame.pattern.scores, pattern.scores, rtol=1e-4)
    maps = alone.activations(key, photo)["block2_conv"].maps
    np.testing.assert_allclose(frame.layer.maps, maps, rtol=1e-4, atol=1e-5)
    evidence = alone.attribution(key, photo, "grad_cam", class_index=1).values
    np.testing.assert_allclose(frame.evidence.values, evidence, rtol=1e-4, atol=1e-6)
    answer = alone.predict(key, photo).heads[0]
    np.testing.assert_allclose(frame.answer.scores, answer.scores, rtol=1e-4)


def test_every_epoch_answers_as_it_does_on_its_own_though_one_network_is_opened(
    made: Path, photo: RgbImage, opened: list[str]
) -> None:
    frames = film(projector(made), photo, *EPOCHS, EPOCHS[0])
    assert opened == [frame_key(EPOCHS[0])]
    for frame in frames:
        check(frame, made, photo)
    assert not np.array_equal(frames[0].pattern.patterns, frames[1].pattern.patterns)
    np.testing.assert_array_equal(frames[0].pattern.patterns, frames[3].pattern.patterns)


def test_what_a_film_found_is_kept_under_the_file_of_its_epoch(made: Path, photo: RgbImage) -> None:
    results = ResultStore(None)
    frames = film(FilmProjector(made, results), photo, *EPOCHS)
    for frame in frames:
        known = film_explorer(made, results).known_filter_patterns(
            frame_key(frame.epoch), "block2_conv", channels=[3], params=FEW_STEPS
        )
        assert known is not None
        np.testing.assert_array_equal(known.patterns, frame.pattern.patterns)


def test_a_file_that_was_replaced_answers_with_its_new_weights(run: Path, photo: RgbImage) -> None:
    through = projector(run)
    before = film(through, photo, 0)[0]
    shutil.copyfile(run / "film" / frame_key(4) / MODEL_FILE, run / "film" / frame_key(0) / MODEL_FILE)
    after = film(through, photo, 0)[0]
    assert not np.allclose(before.answer.scores, after.answer.scores)
    check(after, run, photo)


def longer(model: keras.Model) -> keras.Model:
    """The same weights in another network: its last convolution answers twice as strongly."""
    twice = keras.layers.Rescaling(2.0)
    *trunk, mean, head = model.layers
    return keras.Sequential([keras.Input(model.input_shape[1:]), *trunk, twice, mean, head])


def nameless(model: keras.Model) -> keras.Model:
    """The same network with layers that nobody gave a name: Keras counts them over the whole process."""
    conv1, pool, conv2, mean, head = model.layers
    copies = [keras.layers.Conv2D(conv1.filters, 3, padding="same", activation="relu"), pool, conv2]
    renamed = keras.Sequential([keras.Input(model.input_shape[1:]), *copies, mean, head])
    renamed.layers[0].set_weights(conv1.get_weights())
    return renamed


@pytest.mark.parametrize("change", [longer, nameless], ids=lambda change: change.__name__)
def test_an_epoch_of_another_architecture_is_opened_on_its_own(
    run: Path, photo: RgbImage, opened: list[str], change: Callable[[keras.Model], keras.Model]
) -> None:
    shutil.rmtree(run / "film" / frame_key(1))
    write_frame(run, 1, change)
    other = film(projector(run), photo, 0, 1)[1]
    assert opened == [frame_key(0), frame_key(1)]
    check(other, run, photo)


def with_nameless_maps(model: keras.Model) -> keras.Model:
    """Heat maps are taken behind an activation that Keras has named by its number in the process."""
    *trunk, mean, head = model.layers
    layers = [*trunk, keras.layers.ReLU(max_value=6.0), mean, head]
    return keras.Sequential([keras.Input(model.input_shape[1:]), *layers])


def test_an_answer_names_its_layer_as_its_own_epoch_does(tmp_path: Path, photo: RgbImage) -> None:
    for epoch in EPOCHS[:2]:
        write_frame(tmp_path, epoch, with_nameless_maps)
    frames = film(projector(tmp_path), photo, *EPOCHS[:2])
    alone = film_explorer(tmp_path, ResultStore(None))
    names = [frame.evidence.layer_name for frame in frames]
    assert names == [alone.default_layer(frame_key(epoch)) for epoch in EPOCHS[:2]]
    assert names[0] != names[1]


def as_training_writes_it(model: keras.Model) -> keras.Model:
    """With padding as an operation, which has no name of its own, and an initializer used twice."""
    initial = keras.initializers.HeNormal(seed=1)
    conv1, pool, conv2, mean, _ = model.layers
    x = inputs = keras.Input(model.input_shape[1:])
    for layer in (conv1, pool, conv2):
        x = layer(keras.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))))
    for name in ("more1", "more2"):
        x = keras.layers.Conv2D(6, 1, kernel_initializer=initial, name=name)(x)
    return keras.Model(inputs, keras.layers.Dense(1, "sigmoid", name="dogs")(mean(x)), name="written")


def test_parts_without_a_name_and_weights_are_the_same_in_all_epochs(
    tmp_path: Path, photo: RgbImage, opened: list[str]
) -> None:
    for epoch in EPOCHS[:2]:
        path = write_frame(tmp_path, epoch, as_training_writes_it)
        with zipfile.ZipFile(path) as archive:
            written = archive.read("config.json")
        assert b"shared_object_id" in written
        assert b'"Pad"' in written
    last = film(projector(tmp_path), photo, *EPOCHS[:2])[-1]
    assert opened == [frame_key(EPOCHS[0])]
    check(last, tmp_path, photo)


def adapted(model: keras.Model) -> keras.Model:
    """The network behind a normalisation whose figures differ from epoch to epoch."""
    normalise = keras.layers.Normalization(name="normalise")
    spread = float(np.abs(model.get_weights()[0]).max())
    normalise.adapt(np.float32([[[[0.1, 0.2, 0.3]]], [[[spread, 1.0, 0.9]]]]))
    return keras.Sequential([keras.Input(model.input_shape[1:]), normalise, *model.layers])


def test_a_normalisation_keeps_the_figures_of_its_own_epoch(tmp_path: Path, photo: RgbImage) -> None:
    for epoch in EPOCHS[:2]:
        write_frame(tmp_path, epoch, adapted)
    check(film(projector(tmp_path), photo, *EPOCHS[:2])[1], tmp_path, photo)


def test_packed_weights_are_opened_as_always(run: Path, photo: RgbImage, opened: list[str]) -> None:
    path = run / "film" / frame_key(1) / MODEL_FILE
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    packed = film(projector(run), photo, *EPOCHS)[1]
    assert opened == [frame_key(0), frame_key(1)]
    check(packed, run, photo)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2000])


def without_a_weight(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["model.weights.h5"] = b"no weights at all"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


@pytest.mark.parametrize("damage", [cut_short, without_a_weight], ids=lambda damage: damage.__name__)
def test_a_damaged_epoch_is_told_and_the_others_stay_right(
    run: Path, photo: RgbImage, damage: Callable[[Path], None]
) -> None:
    damage(run / "film" / frame_key(1) / MODEL_FILE)
    through = projector(run)
    film(through, photo, 0)
    with pytest.raises(ModelError, match=frame_key(1)):
        film(through, photo, 1)
    check(film(through, photo, 4)[0], run, photo)


def test_two_films_at_once_do_not_mix_their_epochs(made: Path, photo: RgbImage) -> None:
    through, frames = projector(made), []
    orders = [EPOCHS * 3, EPOCHS[::-1] * 3]
    threads = [
        threading.Thread(target=lambda order=order: frames.extend(film(through, photo, *order)))
        for order in orders
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = {frame.epoch: frame for frame in film(projector(made), photo, *EPOCHS)}
    assert len(frames) == sum(map(len, orders))
    for frame in frames:
        np.testing.assert_allclose(frame.layer.maps, alone[frame.epoch].layer.maps, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(frame.pattern.patterns, alone[frame.epoch].pattern.patterns)


def test_the_models_folder_opens_models_of_their_own(made: Path) -> None:
    store = ModelStore(made / "film")
    first, second = store.open(frame_key(0)), store.open(frame_key(1))
    assert first.probe.model is not second.probe.model
