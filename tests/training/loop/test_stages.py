"""The two steps of a run, and that stopping early shortens a step but leaves none out."""

from __future__ import annotations

import pytest

from cnn_core.training.loop.stages import Stages
from cnn_core.training.settings.config import TrainingConfig

TWO_STEPS = Stages(epochs=8, fine_tuning=3, patience=2)
FALLS_NO_MORE = [0.5, 0.4, 0.4, 0.45]  # the third and the fourth are no lower than the second


def one_step(patience: int = 2) -> Stages:
    return Stages(epochs=8, fine_tuning=0, patience=patience)


def test_without_losses_the_steps_are_as_long_as_planned() -> None:
    assert (TWO_STEPS.start([]), TWO_STEPS.end([]), TWO_STEPS.is_over([])) == (5, 8, False)
    assert (one_step().start([]), one_step().end([]), one_step().is_over([])) == (8, 8, False)


def test_a_first_step_whose_loss_falls_no_more_gives_way_to_fine_tuning() -> None:
    assert TWO_STEPS.start(FALLS_NO_MORE[:3]) == 5
    assert TWO_STEPS.start(FALLS_NO_MORE) == 4
    assert TWO_STEPS.end(FALLS_NO_MORE) == 4 + 3
    assert not TWO_STEPS.is_over(FALLS_NO_MORE)


def test_a_run_of_one_step_is_over_then() -> None:
    assert not one_step().is_over(FALLS_NO_MORE[:3])
    assert one_step().is_over(FALLS_NO_MORE)
    assert not one_step(patience=0).is_over(FALLS_NO_MORE)


def test_patience_counts_anew_in_fine_tuning_whose_losses_may_begin_higher() -> None:
    losses = [*FALLS_NO_MORE, 0.9]
    assert not TWO_STEPS.is_over(losses)
    assert not TWO_STEPS.is_over([*losses, 0.91])
    assert TWO_STEPS.is_over([*losses, 0.91, 0.92])  # both too long without a lower one, and the last
    longer = Stages(epochs=12, fine_tuning=6, patience=2)
    assert not longer.is_over([*losses, 0.91])
    assert longer.is_over([*losses, 0.91, 0.92])
    assert not longer.is_over([*losses, 0.91, 0.8])


def test_a_first_step_that_goes_on_falling_is_as_long_as_planned_and_so_is_the_run() -> None:
    falling = [1 / epoch for epoch in range(1, 9)]
    assert TWO_STEPS.start(falling[:5]) == 5
    assert not TWO_STEPS.is_over(falling[:7])
    assert TWO_STEPS.is_over(falling)


def test_no_loss_of_fine_tuning_moves_its_beginning() -> None:
    starts = {TWO_STEPS.start([*FALLS_NO_MORE, *later]) for later in ([], [0.1], [0.1, 0.2], [0.9, 0.9, 0.9])}
    assert starts == {4}
    risen_later = [0.5, 0.4, 0.3, 0.2, 0.1, 0.9, 0.9]  # epochs 6 and 7 are fine-tuning
    assert TWO_STEPS.start(risen_later) == 5


def test_the_epochs_that_were_cut_off_are_passed_over_in_what_is_planned_by_epoch() -> None:
    assert [TWO_STEPS.planned_epoch(epoch, FALLS_NO_MORE) for epoch in range(7)] == [0, 1, 2, 3, 5, 6, 7]
    assert [TWO_STEPS.planned_epoch(epoch, []) for epoch in range(8)] == list(range(8))


@pytest.mark.parametrize(
    ("epochs", "fine_tuning", "fine_tunes", "start"), [(4, 2, True, 2), (4, 2, False, 4), (3, 9, True, 0)]
)
def test_the_settings_say_where_fine_tuning_begins(
    epochs: int, fine_tuning: int, fine_tunes: bool, start: int
) -> None:
    config = TrainingConfig(epochs=epochs, fine_tuning_epochs=fine_tuning, early_stopping_epochs=1)
    stages = Stages.of(config, fine_tunes=fine_tunes)
    assert (stages.planned_start, stages.end([]), stages.patience) == (start, epochs, 1)
