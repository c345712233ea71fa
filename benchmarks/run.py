"""Run ours and the peers in turn and write a report: ``python -m benchmarks.run maps --rounds 5``.

Every script runs in a process of its own, one at a time; a round runs each script once. The figures
go to ``--out`` as JSON lines and the report to standard output as Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.record import Record, parsed
from benchmarks.report import report
from cnn_core.paths import PROJECT

DEFAULT_NETWORK, BASELINE = "cats_dogs", "report_baseline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A script to run once per round."""

    script: str
    peer: bool = False
    network: str = DEFAULT_NETWORK
    batch: int | None = None  # of a training script
    precision: str = "float32"


def training_jobs(batch: int) -> tuple[Job, ...]:
    """Ours in both precisions, and the documents' way between them."""
    network = f"report_regularized, batch {batch}"
    return (
        Job(script="training_ours", network=network, batch=batch, precision="mixed_bfloat16"),
        Job(script="training_documents", peer=True, network=network, batch=batch),
        Job(script="training_ours", network=network, batch=batch),
    )


GROUPS: dict[str, tuple[Job, ...]] = {
    "activations": (
        Job(script="activations_ours"),
        Job(script="activations_notebook", peer=True),
        Job(script="activations_ours", network=BASELINE),
        Job(script="activations_notebook", peer=True, network=BASELINE),
    ),
    "maps": (
        Job(script="maps_ours"),
        Job(script="maps_tf_keras_vis", peer=True),
        Job(script="maps_xplique", peer=True),
        Job(script="maps_compared"),
    ),
    "methods": (
        Job(script="methods_ours", network=BASELINE),
        Job(script="methods_tf_keras_vis", peer=True, network=BASELINE),
        Job(script="methods_xplique", peer=True, network=BASELINE),
    ),
    "strongest": (Job(script="strongest_ours"),),
    "patterns": (Job(script="patterns_ours"), Job(script="patterns_tf_keras_vis", peer=True)),
    "epochs": (Job(script="epochs_ours", network="report_regularized"),),
    "dashboard": (Job(script="dashboard"),),
    "training": (*training_jobs(32), *training_jobs(64)),
    "training_large": (
        Job(script="training_large", network="report_regularized", batch=32, precision="mixed_bfloat16"),
    ),
}


def main() -> None:
    """Run the groups that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("groups", nargs="+", choices=GROUPS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--channels", type=int, default=3)
    parser.add_argument("--photos", type=int, help="default 300, in training_large 25,000")
    parser.add_argument("--seconds", type=float, default=15, help="of training that is measured")
    parser.add_argument("--data", type=Path, default=os.environ.get("CONVSCOPE_DATA"))
    parser.add_argument("--peers", type=Path, default=Path(".venv-peers/bin/python"))
    parser.add_argument("--out", type=Path, help="file that takes all figures, appended as JSON lines")
    chosen = parser.parse_args()
    records: list[Record] = []
    with tempfile.TemporaryDirectory() as values:
        for number in range(chosen.rounds):
            for job in (job for group in chosen.groups for job in GROUPS[group]):
                records += [replace(record, round=number) for record in _run(job, chosen, values)]
    if chosen.out is not None:
        with chosen.out.open("a", encoding="utf-8") as stream:
            stream.writelines(json.dumps(asdict(record)) + "\n" for record in records)
    sys.stdout.write(report(records))


def _run(job: Job, chosen: argparse.Namespace, values: str) -> list[Record]:
    """Run one script; the load of the machine when it starts is a figure of its own."""
    options = _options(job, chosen, values)
    command = [str(chosen.peers) if job.peer else sys.executable, "-m", f"benchmarks.{job.script}"]
    command += [f"--{name}={value}" for name, value in options.items() if value is not None]
    load = Record(who="machine", what="load average", value=os.getloadavg()[0])
    sys.stderr.write(f"{job.script} ({job.network}), load {load.value:.1f}\n")
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env={"TF_CPP_MIN_LOG_LEVEL": "2", **os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return [replace(record, network=job.network) for record in (load, *parsed(done.stdout))]


def _options(job: Job, chosen: argparse.Namespace, values: str) -> dict[str, object]:
    if job.batch is None:
        names: tuple[str, ...] = ("repeats", "channels", "photos")
        own: dict[str, object] = {"model": job.network, "values": values}
    else:
        names = ("data", "seconds", "photos")
        own = {"batch": job.batch, "precision": job.precision}
    return {**{name: getattr(chosen, name) for name in names}, **own}


if __name__ == "__main__":
    main()
