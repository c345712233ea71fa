"""The best of a few settings: what is tried, and that a gain is told for what it is."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest
from hand_made_networks import linear, photo, weights_of
from toy_analysis import TOY, ToySettings

from cnn_core.analysis import Analysis, NoSettings, Target, incomparable
from cnn_core.attribution import METHODS
from cnn_core.attribution.attribution_map import PERTURBATION, attribution_map
from cnn_core.errors import Cancelled, InvalidRequestError
from cnn_core.faithfulness.best_settings import (
    MOST_TRIED,
    SettingsTrials,
    TrialSettings,
    best_settings_of,
    gained,
    tried_changes,
)
from cnn_core.probe.probe import Probe
from cnn_core.progress import SILENT, Progress
from cnn_core.results import AttributionMap
from cnn_core.settings import number, settings_from_text, switch

SHAPE = (8, 8, 3)
QUICK = TrialSettings(steps=8, fill="black")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dirt:
    dirt: float = number(1.0, "Dirt", "How much of the map is noise.", 0.0, 2.0, 0.5)
    whole: int = number(3, "Whole", "Does nothing.", 1, 4, 1)
    seed: int = number(0, "Seed", "Of the noise.", 0, 9999, 1)
    on: bool = switch(True, "On", "Does nothing.")


def dirty(probe, target, settings, progress):  # type: ignore[no-untyped-def]
    """The truth of a linear network under noise: the less of it, the better the map."""
    truth = (weights_of(probe.model, target.label) * target.picture[0]).sum(axis=-1)
    noise = np.random.default_rng(settings.seed).normal(size=truth.shape) * np.abs(truth).max()
    return attribution_map(probe, target, DIRTY, truth + settings.dirt * noise, 0.0)


DIRTY = Analysis(
    key="dirty",
    title="Dirty truth",
    group=PERTURBATION,
    summary="The truth under noise.",
    reference="Nobody 2000",
    result=AttributionMap,
    compute=dirty,
    check=incomparable("Nothing."),
    settings=Dirt,
    signed=True,
)


def compared(method: Analysis, progress: Progress = SILENT) -> SettingsTrials:
    target, analysis = Target(inputs=photo(SHAPE), class_index=0), best_settings_of(method)
    found: SettingsTrials = analysis.compute(Probe(linear(SHAPE)), target, QUICK, progress)
    return found


def test_each_number_is_doubled_and_halved_within_its_range_and_the_seed_is_left_alone() -> None:
    assert tried_changes(Dirt) == ("dirt=2.0", "whole=4", "dirt=0.5", "whole=2")
    assert tried_changes(ToySettings) == ("masks=32", "masks=8")
    assert tried_changes(NoSettings) == ()


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.key)
def test_all_that_is_tried_of_any_method_is_allowed_and_no_more_than_six(method: Analysis) -> None:
    changes = tried_changes(method.settings)
    assert len(changes) < MOST_TRIED
    for change in changes:
        changed = settings_from_text(method.settings(), [change], InvalidRequestError)
        assert changed != method.settings()
    if not changes:
        with pytest.raises(InvalidRequestError, match="Choose another"):
            best_settings_of(method)


def test_the_cleaner_map_wins_and_the_gain_is_told_beside_that_of_another_seed() -> None:
    found = compared(DIRTY)
    assert found.changes[0] == ""
    assert found.changes[found.best] == "dirt=0.5"
    assert found.gain == pytest.approx(found.gap.max() - found.gap[0])
    assert found.gap[found.changes.index("whole=4")] == found.gap[0]
    assert found.seed_noise is not None
    assert found.seed_noise > 0
    assert "dirt = 0.5" in gained(found).sentence


@pytest.mark.parametrize(
    ("gap", "noise", "words"),
    [
        ([1.0, 0.5], None, "None of 1 other"),
        ([1.0, 1.0], 0.2, "None of 1 other"),
        ([1.0, 1.1], 0.2, "no reason"),
        ([1.0, 1.5], 0.2, "does better"),
        ([1.0, 1.5], None, "does better"),
        ([0.0, 0.0], 0.0, "None of 1 other"),
    ],
)
def test_a_gain_within_the_noise_of_a_seed_is_no_reason(gap: list[float], noise: float, words: str) -> None:
    found = SettingsTrials(
        method="toy", changes=("", "masks=8"), gap=np.float32(gap), seconds=(1.0, 1.0), seed_noise=noise
    )
    assert words in gained(found).sentence


def test_it_grows_setting_by_setting_and_can_be_stopped() -> None:
    told: list[tuple[float, object]] = []
    found = compared(TOY, Progress(tell=lambda *step: told.append(step)))
    counts = [len(one.changes) for _, one in told if isinstance(one, SettingsTrials)]
    assert counts == [1, 2, 3, 3]
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert dataclasses.fields(found)
    with pytest.raises(Cancelled):
        compared(TOY, Progress(cancelled=lambda: True))
