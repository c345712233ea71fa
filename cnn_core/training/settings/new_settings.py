"""What is asked of the settings of a new run, and of no stored one.

A stored run may be of a version that did not ask, or its ``epochs`` may have been lowered by hand. It is
still read and trained: the last size lasts to the end, and epochs to keep beyond the end never come.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnn_core.errors import DataError
from cnn_core.training.checkpoint_epochs import check_within_run
from cnn_core.training.settings.config import TrainingConfig, config_from_json

SHARE_ROUNDING = 0.015  # three shares of 0.33 are meant to be one


def check_new_settings(config: TrainingConfig) -> None:
    """Refuse settings that go together in no run that is yet to begin.

    Raises:
        DataError: shares of stages that are not together 1, or epochs to keep beyond the last one.
    """
    shares = config.stage_shares
    if shares and abs(sum(shares) - 1) > SHARE_ROUNDING:
        raise DataError(
            f"Expected stage_shares that are together 1. Received: {list(shares)}, together "
            f"{sum(shares):g}. Raise or lower one of them."
        )
    check_within_run(config.checkpoint_epochs, config.epochs)


def new_config_from_json(facts: Mapping[str, Any]) -> TrainingConfig:
    """Settings of a new run from what a form or a command line says; missing ones keep their defaults.

    Raises:
        DataError: an unknown field, a value of the wrong kind or out of range, or some that do not go
            together.
    """
    config = config_from_json(facts)
    check_new_settings(config)
    return config
