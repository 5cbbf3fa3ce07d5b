"""What a cluster is to be: where its workers come from, how many, and how large."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from cytoloop.core.errors import InvalidInputError

Kind = Literal["local", "slurm", "lsf", "sge", "open"]
KINDS: tuple[Kind, ...] = get_args(Kind)
QUEUES = ("slurm", "lsf", "sge")
MAX_WORKERS = 10_000
_WORD = re.compile(r"[\w.@:+/-]+")


@dataclass(frozen=True, slots=True)
class QueueOrder:
    """What the site's queue is asked for. Everything goes into a shell script, so it is checked."""

    queue: str | None = None
    account: str | None = None
    walltime: str = "04:00:00"
    per_job: int = 1
    """Workers that one job of the queue starts."""
    directives: tuple[str, ...] = ()
    """Lines for the queue, without their #SBATCH, #BSUB or #$."""
    prologue: tuple[str, ...] = ()
    """Shell lines before the workers start."""

    def __post_init__(self) -> None:
        for name in ("queue", "account"):
            value = getattr(self, name)
            if value is not None and not _WORD.fullmatch(value):
                raise InvalidInputError(f"{value!r} is no name of {'a queue' if name == 'queue' else 'an account'}.")
        if not re.fullmatch(r"\d{1,4}:[0-5]\d:[0-5]\d", self.walltime):
            raise InvalidInputError(f"The time {self.walltime!r} is not HH:MM:SS.")
        if not 1 <= self.per_job <= 512:
            raise InvalidInputError(f"{self.per_job} workers in a job of the queue are not from 1 to 512.")
        for line in (*self.directives, *self.prologue):
            if "\n" in line or "\r" in line:
                raise InvalidInputError("A line for the job script may not hold a line break; give several lines.")


@dataclass(frozen=True, slots=True)
class Plan:
    """A cluster of ``workers`` processes that each do one task at a time."""

    kind: Kind
    home: Path
    workers: int = 2
    memory_mib: int = 6144
    """What the queue is asked for, for each worker."""
    host: str | None = None
    """Address to listen on; unless given, this machine alone for ``local``, else its address in the network."""
    port: int = 0
    order: QueueOrder = QueueOrder()

    def __post_init__(self) -> None:
        if not 0 <= self.workers <= MAX_WORKERS:
            raise InvalidInputError(f"{self.workers} workers are not from 0 to {MAX_WORKERS}.")
        if not 256 <= self.memory_mib <= 16 << 20:
            raise InvalidInputError(f"{self.memory_mib} MiB for a worker are not from 256 MiB to 16 TiB.")
        if self.kind in QUEUES and not _WORD.fullmatch(str(self.home)):
            raise InvalidInputError(
                f"The home folder {str(self.home)!r} goes into a script: only letters, digits and . _ - / may be in it."
            )

    @property
    def queue_jobs(self) -> int:
        """Jobs of the queue that give the workers."""
        return -(-self.workers // self.order.per_job)


def kind_named(name: str) -> Kind:
    """The kind of cluster of this name."""
    for kind in KINDS:
        if kind == name:
            return kind
    raise InvalidInputError(f"There is no kind of cluster {name!r}. There are: {', '.join(KINDS)}.")


def worker_arguments() -> list[str]:
    """How Dask's worker program is started anywhere: its web page is off, and its port for it on loopback."""
    return ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"]


def queue_options(plan: Plan) -> dict[str, Any]:
    """The plan as what dask-jobqueue calls it."""
    order, log_folder = plan.order, plan.home / "cluster" / "logs"
    options: dict[str, Any] = {
        "cores": order.per_job,
        "processes": order.per_job,
        "memory": f"{plan.memory_mib * order.per_job} MiB",
        "queue": order.queue,
        "walltime": order.walltime,
        "job_name": "cytoloop-worker",
        "log_directory": str(log_folder),
        "death_timeout": 120,
        "worker_extra_args": worker_arguments(),
        "job_extra_directives": list(order.directives),
        "job_script_prologue": list(order.prologue),
        "protocol": "tls://",
    }
    match plan.kind:
        case "slurm":
            return {**options, "account": order.account}
        case "lsf":  # its clock has no seconds; scripts are read from stdin
            walltime = order.walltime.rpartition(":")[0]
            return {**options, "project": order.account, "walltime": walltime, "use_stdin": True}
        case _:
            return {**options, "project": order.account}
