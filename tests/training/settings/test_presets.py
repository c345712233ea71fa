"""The presets are the documents' networks with the documents' settings."""

from __future__ import annotations

import keras
import pytest

from cnn_core.architectures import transfer
from cnn_core.datasets import lines
from cnn_core.errors import DataError
from cnn_core.training.loop.network import architecture_of, plan_of
from cnn_core.training.settings.config import BASES, Augmentation
from cnn_core.training.settings.presets import PRESETS, Preset, preset_named, preset_title


@pytest.fixture(scope="module", autouse=True)
def no_download() -> object:
    """The bases without their ImageNet weights."""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transfer, "pretrained_base", transfer.untrained_base)
        yield


def classes_of(preset: Preset) -> tuple[str, ...]:
    return lines.CLASSES if preset.data == "lines" else tuple(map(str, range(preset.classes)))


def network(preset: Preset) -> keras.Model:
    return architecture_of(preset.config).for_training(plan_of(preset.config, classes_of(preset)))


def dropout_rates(model: keras.Model) -> dict[str, float]:
    """Rate of each dropout, by the name of the layer before it."""
    names = [layer.name for layer in model.layers]
    return {
        names[place - 1]: pytest.approx(layer.rate)
        for place, layer in enumerate(model.layers)
        if isinstance(layer, keras.layers.Dropout)
    }


def test_there_are_the_presets_that_were_promised() -> None:
    first = "lecture_baseline lecture_regularized article_cnn article_cnn_augmented"
    others = "report_baseline report_regularized photo_cnn transfer"
    small = "digits lines lines_heads"
    assert [preset.key for preset in PRESETS] == [*first.split(), *others.split(), *small.split()]


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.key)
def test_a_preset_tells_its_true_number_of_parameters(preset: Preset) -> None:
    trained = network(preset)
    plan, architecture = plan_of(preset.config, classes_of(preset)), architecture_of(preset.config)
    finished = architecture.finished(trained, plan)
    assert finished.count_params() == preset.parameters
    assert finished.input_shape[1:] == (preset.config.input_size_px,) * 2 + (architecture.channels,)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.key)
def test_a_preset_is_known_by_its_key_and_trains_itself(preset: Preset) -> None:
    assert preset_named(preset.key) is preset
    assert preset.config.preset == preset.key
    assert preset.title
    assert preset.summary.endswith(".")
    assert preset.several_heads == architecture_of(preset.config).several_heads


def test_an_unknown_preset_is_refused_with_those_there_are() -> None:
    with pytest.raises(DataError, match=r"lecture_baseline.*lines_heads\. Received: 'vgg'"):
        preset_named("vgg")


def test_the_lecture_drops_after_the_first_and_last_pooling_and_after_the_hidden_layer() -> None:
    expected = {"relu1": 0.3, "relu3": 0.3, "hidden": 0.1}  # ReLU of the pooled maps, in training
    assert dropout_rates(network(preset_named("lecture_regularized"))) == expected
    assert dropout_rates(network(preset_named("lecture_baseline"))) == {}


def test_article_and_report_drop_half_after_flattening() -> None:
    for key in ("article_cnn", "article_cnn_augmented", "report_regularized"):
        assert dropout_rates(network(preset_named(key))) == {"flatten": 0.5}
    assert dropout_rates(network(preset_named("report_baseline"))) == {}


NOTHING = Augmentation()
TURNED = Augmentation(flip=True, rotation_degrees=45, zoom=0.5, shift_fraction=0.15)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("lecture_baseline", ("adam", 1e-3, 150, NOTHING)),
        ("lecture_regularized", ("adam", 1e-3, 150, TURNED)),
        ("article_cnn", ("adam", 1e-4, 150, NOTHING)),
        ("report_baseline", ("rmsprop", 1e-4, 150, NOTHING)),
    ],
)
def test_the_settings_are_those_of_the_documents(key: str, expected: tuple[object, ...]) -> None:
    """Rows A3, A6, A7, A8 and A9; B4 and B5; C2 to C4 of the reference."""
    config = preset_named(key).config
    found = (config.optimizer, config.learning_rate, config.input_size_px, config.augmentation)
    assert found == expected
    if key.startswith("lecture"):
        assert (config.epochs, config.batch_size) == (15, 128)


def test_article_and_report_are_augmented_and_the_report_keeps_its_best_epoch() -> None:
    article = preset_named("article_cnn_augmented").config.augmentation
    amounts = ("rotation_degrees", "shift_fraction", "zoom", "brightness", "contrast")
    assert article.flip
    assert min(getattr(article, name) for name in amounts) > 0
    report = preset_named("report_regularized").config
    assert (report.optimizer, report.learning_rate, report.keep) == ("rmsprop", 1e-4, "best")
    assert report.augmentation != NOTHING


@pytest.mark.parametrize("preset", PRESETS[:6], ids=lambda preset: preset.key)
def test_a_documents_preset_has_nothing_that_the_documents_lack(preset: Preset) -> None:
    config = preset.config
    assert (config.schedule, config.warmup_epochs, config.early_stopping_epochs) == ("constant", 0, 0)
    assert (config.weight_decay, config.label_smoothing, config.average_decay) == (0, 0, 0)
    assert (config.sizes_px, config.class_weights, config.fine_tuning_epochs) == ((), "none", 0)


def test_the_bases_of_the_form_are_those_that_can_be_trained() -> None:
    assert set(BASES) == set(transfer.BASES)


def test_a_preset_of_another_version_is_called_by_its_key() -> None:
    assert preset_title("photo_cnn") == "Deep, with batch normalisation"
    assert preset_title("retired_cnn") == "retired_cnn"
