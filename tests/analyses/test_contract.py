"""What every analysis promises, over every kind of model; new ones join by themselves."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from model_matrix import MATRIX, entry_named
from opened_models import matrix, opened, state_of
from toy_analysis import TOY

from cnn_core.analyses import all_analyses
from cnn_core.analysis import Analysis, Request, Target
from cnn_core.errors import Cancelled, InvalidRequestError
from cnn_core.images.decode import rgb_image
from cnn_core.probe.probe import Probe
from cnn_core.progress import SILENT, Progress
from cnn_core.results import AttributionMap
from cnn_core.settings import check_fields, settings_from_json, settings_to_json
from cnn_core.targets import resolved

ALL = (*all_analyses(), TOY)
PHOTO = rgb_image(np.zeros((8, 8, 3), np.uint8))

# An ascent compiles for seconds and sees layers alone: one model per kind of these and per kind of head.
ASCENDED = frozenset(
    "sequential_never_called functional nested_two_deep nested_model_called_twice residual_add size_none "
    "operators_and_bare_operations batch_normalisation separable_and_depthwise upsampling_and_transposed "
    "two_sigmoid_units linear_units regression outputs_from_the_middle grey_input".split()
)

# As few steps and patches as are allowed.
SHORTEST = {name: "minimum" for name in ("steps", "masks", "samples")} | {
    "patch": "maximum",
    "stride": "maximum",
}

# Without a sign for against, the two classes of a sigmoid unit rightly share a map, except where only growth
# of the score counts; Eigen-CAM takes no notice of the class at all.
ONE_SIDED = frozenset(
    "grad_cam_plus_plus layer_cam guided_backpropagation deconvnet guided_grad_cam tournament".split()
)
CLASSLESS = frozenset({"eigen_cam"})

every_analysis = pytest.mark.parametrize("analysis", ALL, ids=lambda analysis: analysis.key)


def target_of(analysis: Analysis, probe: Probe, inputs: np.ndarray, head: int, class_index: int) -> Target:
    """What the explorer would make of a request that names nothing but the class."""
    request = Request(
        model_key="m",
        image=PHOTO,
        head=head,
        class_index=class_index,
        channels=(0,) if analysis.takes_channels else None,
    )
    return dataclasses.replace(resolved(analysis, request, probe.outline, lambda: 0), inputs=inputs)


def arrays_of(value: Any) -> list[np.ndarray]:
    """All arrays of a result, in order."""
    if isinstance(value, np.ndarray):
        return [value]
    if dataclasses.is_dataclass(value):
        value = [getattr(value, field.name) for field in dataclasses.fields(value)]
    if isinstance(value, tuple | list):
        return [array for part in value for array in arrays_of(part)]
    return []


def ask(analysis: Analysis, probe: Probe, inputs: np.ndarray, head: int, class_index: int) -> Any | None:
    """The result for a class, or None where the analysis says that it is inapplicable."""
    if analysis.inapplicable(probe.outline, head) is not None:
        return None
    target = target_of(analysis, probe, inputs, head, class_index)
    return analysis.compute(probe, target, short(analysis), SILENT)


def short(analysis: Analysis) -> Any:
    """The usual settings, with as few steps or samples as are allowed."""
    fields = {field.name: field.metadata for field in dataclasses.fields(analysis.settings)}
    ends = {name: fields[name][end] for name, end in SHORTEST.items() if name in fields}
    return analysis.settings(**ends | ({"randomization": False} if "randomization" in fields else {}))


@matrix
def test_every_analysis_answers_for_every_class_of_every_head(entry: Any) -> None:
    probe, inputs = opened(entry), entry.inputs(1)
    state, before = state_of(probe.model), inputs.tobytes()
    quick = [each for each in ALL if each.needs_image and not each.fast]
    for analysis in ALL if entry.name in ASCENDED else quick:
        for head, classes in enumerate(entry.classes):
            for class_index in range(classes if analysis.needs_class else 1):
                found, again = (ask(analysis, probe, inputs, head, class_index) for _ in range(2))
                if found is not None:
                    same_and_sound(analysis, found, again)
                if isinstance(found, AttributionMap):
                    holds_for_maps(analysis, probe, inputs, found, head, class_index)
    assert state_of(probe.model) == state
    assert inputs.tobytes() == before


def same_and_sound(analysis: Analysis, found: Any, again: Any) -> None:
    """Two results for the same target are the same, finite, and of the type promised."""
    assert isinstance(found, analysis.result)
    for array, same in zip(arrays_of(found), arrays_of(again), strict=True):
        assert array.dtype != np.float64
        assert np.isfinite(array).all()
        assert array.tobytes() == same.tobytes()
    check = analysis.check(found)
    assert check.sentence.endswith(".")
    assert (check.figure is None) is (check.holds is None)


def holds_for_maps(
    analysis: Analysis,
    probe: Probe,
    inputs: np.ndarray,
    found: AttributionMap,
    head: int,
    class_index: int,
) -> None:
    """A map is the one of its class, as large as its layer, and signed if its method is."""
    assert (found.method, found.head, found.class_index) == (analysis.key, head, class_index)
    assert found.values.dtype == np.float32
    assert found.score == pytest.approx(float(probe.scores(inputs)[head][0, class_index]), abs=1e-5)
    assert found.signed is analysis.signed
    assert analysis.signed or found.values.min() >= 0
    assert found.layer_name == (probe.default_cam_layer(head) if analysis.needs_layer else None)
    size = inputs.shape[1:3]
    if found.layer_name is not None:
        size = probe.activations(inputs, [found.layer_name])[found.layer_name].shape[1:3]
    assert found.values.shape == size


@matrix
def test_class_zero_gets_a_result_of_its_own(entry: Any) -> None:
    """An analysis that takes index 0 for "no class" would answer with the result of another class."""
    for analysis in ALL:
        if analysis.needs_class and (not analysis.fast or entry.name in ASCENDED):
            holds_for_class_zero(analysis, entry)


def holds_for_class_zero(analysis: Analysis, entry: Any) -> None:
    """The results of two classes differ."""
    probe, inputs = opened(entry), entry.inputs(1)
    for head, (kind, classes) in enumerate(zip(entry.heads, entry.classes, strict=True)):
        first, second = (ask(analysis, probe, inputs, head, c) for c in (0, min(1, classes - 1)))
        if first is not None and classes > 1:
            mine, others = arrays_of(first)[0], arrays_of(second)[0]
            shared = kind == "binary" and not analysis.signed and analysis.key not in ONE_SIDED
            blank = not (mine.any() or others.any())
            assert not blank or analysis.key in ONE_SIDED
            assert np.array_equal(mine, others) == (shared or blank or analysis.key in CLASSLESS)


@every_analysis
def test_a_cancelled_analysis_stops_and_a_long_one_comes_to_its_end(analysis: Analysis) -> None:
    probe, inputs = opened_for(analysis)
    target = target_of(analysis, probe, inputs, 0, 0)
    told: list[tuple[float, object]] = []
    final = analysis.compute(
        probe, target, analysis.settings(), Progress(tell=lambda *step: told.append(step))
    )
    if not told:
        return  # quick: nothing to tell
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)
    assert all(preview is None or isinstance(preview, type(final)) for _, preview in told)
    with pytest.raises(Cancelled):
        analysis.compute(probe, target, analysis.settings(), Progress(cancelled=lambda: True))


def opened_for(analysis: Analysis) -> tuple[Probe, np.ndarray]:
    """The first network of the matrix that an analysis can be done for."""
    for entry in (entry_named("functional"), *MATRIX):
        probe = opened(entry)
        if analysis.inapplicable(probe.outline, 0) is None:
            return probe, entry.inputs(1)
    raise AssertionError(f"Nothing in the matrix for {analysis.key}.")


@every_analysis
def test_settings_out_of_their_range_are_refused(analysis: Analysis) -> None:
    usual = analysis.settings()
    for field in dataclasses.fields(usual):
        if "minimum" in field.metadata:
            wrong = dataclasses.replace(usual, **{field.name: field.metadata["minimum"] - 1})
            with pytest.raises(InvalidRequestError, match=field.name):
                check_fields(wrong, InvalidRequestError)
    check_fields(usual, InvalidRequestError)


@every_analysis
def test_settings_survive_json(analysis: Analysis) -> None:
    usual = analysis.settings()
    written = json.loads(json.dumps(settings_to_json(usual)))
    assert settings_from_json(analysis.settings, written, InvalidRequestError) == usual


@every_analysis
def test_an_analysis_says_what_it_is(analysis: Analysis) -> None:
    assert analysis.summary.endswith(".")
    assert analysis.reference[-4:].isdigit()
    assert analysis.title
    assert analysis.group
    assert analysis.compute.__doc__
    for field in dataclasses.fields(analysis.settings):
        assert field.metadata["label"]
        assert field.metadata["help"].endswith(".")


def test_keys_are_unique() -> None:
    assert len({analysis.key for analysis in ALL}) == len(ALL)
