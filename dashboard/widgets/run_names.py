"""What runs are called, so that those of one title are told apart everywhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from dashboard.widgets.run_words import started, state_word

if TYPE_CHECKING:
    from cnn_core.runs.run_view import RunView

DETAILS: tuple[Callable[[RunView], str], ...] = (lambda run: f"seed\u00a0{run.config.seed}", started)


def run_names(runs: Sequence[RunView]) -> dict[str, str]:
    """A name for each run by its key: its title, and what tells it from others of that title.

    That is the seed where all differ in it, else when they were started, else the key.
    """
    namesakes = defaultdict(list)
    for run in runs:
        namesakes[run.title].append(run)
    return {run.key: _name(run, namesakes[run.title]) for run in runs}


def _name(run: RunView, namesakes: Sequence[RunView]) -> str:
    if len(namesakes) == 1:
        return run.title
    for described in DETAILS:
        if len({described(one) for one in namesakes}) == len(namesakes):
            return f"{run.title} · {described(run)}"
    return f"{run.title} · {run.key}"


def listed_names(runs: Sequence[RunView]) -> dict[str, str]:
    """The same with start and state, for a list; of one that goes on, the state is told live beneath."""
    names = run_names(runs)
    return {run.key: _listed(run, names[run.key]) for run in runs}


def _listed(run: RunView, name: str) -> str:
    when = "" if name == f"{run.title} · {started(run)}" else f" · {started(run)}"
    ended = "" if run.is_alive else f" · {state_word(run)}"
    return f"{name}{when}{ended}"
