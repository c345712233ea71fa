"""Parts of an index computed by Ray actors, each of which holds the model."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnn_core import open_explorer
from cnn_core.errors import ConvscopeError, InvalidRequestError
from cnn_core.indexed_model import indexed_model
from cnn_core.neurons.part_computation import Files, IndexedModel, computed_parts
from cnn_core.neurons.parts import Part

WAIT_SECONDS = 0.5  # between two looks whether somebody has stopped it
WAITING_EACH = 2  # parts that an actor has before it, so that it never waits
PASSED_ON = (
    "CONVSCOPE_MODELS",
    "CONVSCOPE_RUNS",
    "CONVSCOPE_UPLOADS",
    "CONVSCOPE_CODE",
    "TF_CPP_MIN_LOG_LEVEL",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RayParts:
    """Computes parts as ``computed_parts`` does, on a Ray cluster that sees the same folders.

    An actor that dies is started anew with what it had before it.

    Attributes:
        address: of the cluster, ``auto``, or ``local`` for one on this machine.
        workers: how many actors; None: one per GPU, or per machine where there is none.
    """

    address: str
    workers: int | None = None

    def __call__(
        self, model: IndexedModel, folder: Path, plans: Sequence[Files], tell: Callable[[int], None]
    ) -> Iterator[Part]:
        """The parts of ``plans``, in the order in which they are done; arguments as ``computed_parts``."""
        ray = _ray(self.address)
        actors = self._actors(ray, model) if plans else []
        upcoming = iter(plans)
        waiting: dict[Any, tuple[Any, Files]] = {}  # actor and photos by task

        def give(actor: Any) -> None:
            files = next(upcoming, None)
            if files is not None:
                waiting[actor.part.remote(str(folder), list(files))] = (actor, files)

        try:
            for actor in actors * WAITING_EACH:
                give(actor)
            while waiting:
                done, _ = ray.wait(list(waiting), num_returns=1, timeout=WAIT_SECONDS)
                tell(0)
                for task in done:
                    actor, files = waiting.pop(task)
                    give(actor)
                    part: Part = _got(ray, task)
                    tell(len(files))
                    yield part
        finally:
            for actor in actors:
                ray.kill(actor)

    def _actors(self, ray: Any, model: IndexedModel) -> list[Any]:
        resources = ray.cluster_resources()
        gpus = int(resources.get("GPU", 0))
        nodes = sum(node["Alive"] for node in ray.nodes())
        kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment = {"env_vars": {**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}}
        remote = ray.remote(
            num_cpus=1,
            num_gpus=1 if gpus else 0,
            max_restarts=-1,
            max_task_retries=-1,
            scheduling_strategy="SPREAD",
            runtime_env=environment,
        )(_PartWorker)
        count = self.workers or gpus or nodes
        return [remote.remote(model.key, model.fingerprint) for _ in range(count)]


class _PartWorker:
    """Holds the model, and computes a part at a time."""

    def __init__(self, model_key: str, fingerprint: str) -> None:
        self._model = indexed_model(open_explorer(), model_key, fingerprint)

    def part(self, folder: str, files: Files) -> Part:
        """The part of these photos."""
        return next(computed_parts(self._model, Path(folder), [files], lambda count: None))


def _got(ray: Any, task: Any) -> Any:
    try:
        return ray.get(task)
    except ray.exceptions.RayError as error:
        cause = getattr(error, "cause", None)
        if isinstance(cause, ConvscopeError):
            raise cause from None
        raise InvalidRequestError(
            f"Expected a worker of the cluster that opens the model and sees the photos. Received: "
            f"{type(error).__name__}: {str(error).splitlines()[-1]}. See that its machine has Convscope, the "
            "models folder and the photos under the same paths."
        ) from error


def _ray(address: str) -> Any:
    """Ray, connected to a cluster.

    Raises:
        InvalidRequestError: it is not installed, or no cluster is there.
    """
    try:
        import ray
    except ImportError:
        raise InvalidRequestError(
            "Expected Ray for a cluster. Received: it is not installed. "
            "Install it: pip install 'convscope[cluster]'."
        ) from None
    if not ray.is_initialized():
        try:
            ray.init(address, log_to_driver=False)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise InvalidRequestError(
                f"Expected the address of a Ray cluster. Received: {address!r} ({error}). "
                "Start one: ray start --head."
            ) from error
    return ray
