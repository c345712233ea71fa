"""Settings of a run: which size is trained when."""

from __future__ import annotations

import dataclasses
import json

import pytest

from cnn_core.training.config import TrainingConfig


def sizes(**settings: object) -> list[int]:
    config = TrainingConfig(**settings)  # type: ignore[arg-type]
    return [config.size_at(epoch) for epoch in range(config.epochs)]


def test_small_pictures_come_first_for_their_share_of_the_epochs() -> None:
    assert sizes(epochs=10, sizes_px=(96, 128), stage_shares=(0.6, 0.4)) == [96] * 6 + [128] * 4


def test_three_stages_follow_each_other() -> None:
    assert (
        sizes(epochs=8, sizes_px=(64, 96, 128), stage_shares=(0.5, 0.25, 0.25))
        == [64] * 4 + [96] * 2 + [128] * 2
    )


def test_the_bundled_preset_never_goes_back_to_a_smaller_size() -> None:
    chosen = sizes()
    assert chosen == sorted(chosen)
    assert set(chosen) == {96, 128}


@pytest.mark.parametrize("epochs", range(1, 12))
def test_rounding_leaves_no_epoch_without_a_size(epochs: int) -> None:
    chosen = sizes(epochs=epochs, sizes_px=(96, 128), stage_shares=(0.65, 0.35))
    assert len(chosen) == epochs
    assert chosen == sorted(chosen)


def test_epochs_past_the_end_keep_the_last_size() -> None:
    assert TrainingConfig(epochs=4).size_at(100) == 128


def test_shares_that_sum_to_less_end_with_the_last_size() -> None:
    assert sizes(epochs=4, sizes_px=(96, 128), stage_shares=(0.25, 0.25)) == [96, 128, 128, 128]


def test_as_many_shares_as_sizes_are_needed() -> None:
    with pytest.raises(ValueError, match="shorter"):
        TrainingConfig(epochs=4, sizes_px=(96, 128), stage_shares=(0.1,)).size_at(3)


def test_settings_survive_json() -> None:
    config = TrainingConfig()
    assert json.loads(json.dumps(dataclasses.asdict(config)))["augmentation"]["flip"] is True
