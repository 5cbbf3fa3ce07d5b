"""A cluster that runs: Dask's scheduler in this process, and workers wherever the plan says."""

import contextlib
import importlib
import json
import logging
import socket
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any
from uuid import uuid4

import dask.config as dask_config
from distributed import LocalCluster, SpecCluster

from cytoloop.core.errors import CytoloopError, NotFoundError, UnavailableError

from .certificates import Certificates
from .plan import QUEUES, Plan, queue_options

logger = logging.getLogger(__name__)

KEEP_EVERY_S = 10.0
"""How often jobs of the queue that ended are replaced."""
_WEB_PAGE = "127.0.0.1:0"
"""Dask's web page has no login and is off; the port that it would have is on loopback."""

_CONFIG = {
    "distributed.scheduler.allowed-failures": 0,  # the ledger tries again, and fences what comes late
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.worker-ttl": "60 s",  # a worker's own process only waits, so it always answers
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.comm.require-encryption": True,
}


def announcement(home: Path) -> Path:
    """Where a running cluster tells its address."""
    return home / "cluster" / "scheduler.json"


def announced_address(home: Path) -> str:
    """The address of the cluster that was started for a home folder."""
    path = announcement(home)
    try:
        address = json.loads(path.read_text())["address"]
    except FileNotFoundError:
        raise UnavailableError(
            "No cluster runs for this home folder. Start one with 'cytoloop cluster start', or name the "
            "scheduler's address in CYTOLOOP_CLUSTER_ADDRESS."
        ) from None
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise UnavailableError(f"{path} cannot be read ({type(error).__name__}). Start the cluster anew.") from None
    return str(address)


@contextlib.contextmanager
def running(plan: Plan, certificates: Certificates) -> Generator[SpecCluster]:
    """Run the cluster and announce it; it ends with the context."""
    security = certificates.security()
    with dask_config.set(_CONFIG):
        cluster = _cluster(plan, security)
        try:
            _announce(plan.home, cluster.scheduler_address)
            yield cluster
        finally:
            _withdraw(plan.home, cluster.scheduler_address)
            cluster.close(timeout=30)


def keep(cluster: Any, plan: Plan, stopping: threading.Event) -> None:
    """Replace jobs of the queue that ended, by their time limit say, until told to stop."""
    while not stopping.wait(KEEP_EVERY_S):
        if plan.kind in QUEUES:
            cluster.scale(jobs=plan.queue_jobs)


def job_script(plan: Plan, certificates: Certificates, address: str) -> str:
    """What is handed to the site's queue for each of the cluster's jobs."""
    job = _queue_cluster(plan).job_cls
    security = certificates.security()
    return job(address, name="cytoloop-0", security=security, **queue_options(plan)).job_script()


def _cluster(plan: Plan, security: Any) -> SpecCluster:
    try:
        if plan.kind in QUEUES:
            return _in_queue(plan, security)
        return _here(plan, security)
    except OSError as error:
        raise UnavailableError(f"The cluster's scheduler cannot listen on {plan.host}:{plan.port}: {error}.") from error


def _here(plan: Plan, security: Any) -> LocalCluster:
    """The scheduler, and its workers where they are this machine's own."""
    options: dict[str, Any] = {
        "n_workers": plan.workers if plan.kind == "local" else 0,
        "threads_per_worker": 1,
        "processes": True,
        "host": plan.host or ("127.0.0.1" if plan.kind == "local" else _own_address()),
        "scheduler_port": plan.port,
        "security": security,
        "protocol": "tls://",
        "dashboard_address": None,
        "worker_dashboard_address": None,
        "scheduler_kwargs": {"dashboard": False, "dashboard_address": _WEB_PAGE},
        "memory_limit": 0,  # calls run in processes of their own, with a limit of their own
    }
    return LocalCluster(**options)


def _in_queue(plan: Plan, security: Any) -> Any:
    scheduler = {
        "host": plan.host or _own_address(),
        "port": plan.port,
        "dashboard": False,
        "dashboard_address": _WEB_PAGE,
    }
    cluster = _queue_cluster(plan)(n_workers=0, security=security, scheduler_options=scheduler, **queue_options(plan))
    cluster.scale(jobs=plan.queue_jobs)
    return cluster


def _queue_cluster(plan: Plan) -> Any:
    try:
        queues: Any = importlib.import_module("dask_jobqueue")
    except ImportError:
        raise NotFoundError("This needs dask-jobqueue. Install it with: pip install 'cytoloop[cluster]'") from None
    return {"slurm": queues.SLURMCluster, "lsf": queues.LSFCluster, "sge": queues.SGECluster}[plan.kind]


def _own_address() -> str:
    """The address of this machine in the network."""
    from distributed.utils import get_ip

    return str(get_ip())


def _announce(home: Path, address: str) -> None:
    path = announcement(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".scheduler.{uuid4().hex}")
    staged.write_text(json.dumps({"address": address, "machine": socket.gethostname()}))
    staged.replace(path)


def _withdraw(home: Path, address: str) -> None:
    """Unless another cluster was announced since."""
    with contextlib.suppress(UnavailableError):
        if announced_address(home) == address:
            announcement(home).unlink(missing_ok=True)


def described(cluster_address: str, certificates: Certificates) -> dict[str, Any]:
    """Who is in a cluster: its workers with how many tasks each has at hand."""
    from distributed import Client

    try:
        with Client(cluster_address, security=certificates.security(), timeout=10, set_as_default=False) as client:
            info: Any = client.scheduler_info()
            processing: Any = client.processing()
    except CytoloopError:
        raise
    except Exception as error:
        raise UnavailableError(
            f"The cluster at {cluster_address} does not answer ({type(error).__name__}). See that it runs, and that "
            "the certificate here is the cluster's own."
        ) from None
    return {
        "address": cluster_address,
        "workers": [
            {"address": key, "name": str(one["name"]), "threads": one["nthreads"], "tasks": len(processing[key])}
            for key, one in info["workers"].items()
        ],
    }
