"""``cytoloop cluster``: certificates, scheduler and workers of a cluster, and the files that others start it by."""

import json
import signal
import threading
from typing import Annotated

import typer
import yaml

from cytoloop.core.errors import NotFoundError
from cytoloop.jobs.cluster.certificates import Certificates
from cytoloop.jobs.cluster.kubernetes import Pods, objects
from cytoloop.jobs.cluster.plan import QUEUES, Plan, QueueOrder, kind_named
from cytoloop.runtime.settings import Settings

from .options import HomeOption, JsonOption, settings_with

cluster_app = typer.Typer(help="A cluster that runs jobs.", no_args_is_help=True, rich_markup_mode=None)

KindArgument = Annotated[str, typer.Argument(help="local, slurm, lsf, sge, or open (workers join by themselves).")]
WorkersOption = Annotated[int, typer.Option(help="Workers; each does one task at a time.")]
MemoryOption = Annotated[int, typer.Option(help="Memory to ask the queue for, MiB for each worker.")]
HostOption = Annotated[str | None, typer.Option(help="Address of the scheduler; this machine's own unless given.")]
PortOption = Annotated[int, typer.Option(help="Port of the scheduler; 0: any free one.")]
QueueOption = Annotated[str | None, typer.Option(help="Queue or partition.")]
AccountOption = Annotated[str | None, typer.Option(help="Account or project to be charged.")]
TimeOption = Annotated[str, typer.Option(help="Time of a job of the queue, HH:MM:SS; ended ones are replaced.")]
PerJobOption = Annotated[int, typer.Option(help="Workers that one job of the queue starts.")]
DirectiveOption = Annotated[
    list[str] | None, typer.Option("--directive", help="A further line for the queue; may be repeated.")
]
PrologueOption = Annotated[
    list[str] | None, typer.Option("--prologue", help="A shell line before the workers start; may be repeated.")
]


@cluster_app.command("certificates")
def certificates(
    home: HomeOption = None,
    renew: Annotated[bool, typer.Option("--renew", help="Replace the certificate that is there.")] = False,
) -> None:
    """Make the certificate that lets machines into the cluster."""
    _check_installed()
    settings = settings_with(home=home)
    made = Certificates(settings.certificates_folder)
    made.make(renew=renew)
    typer.echo(f"Made {made.certificate} and {made.key}, valid until {made.valid_until():%Y-%m-%d}.")
    typer.echo("Who has the key can run programs on every machine of the cluster: keep it as you keep passwords.")


@cluster_app.command("start")
def start(
    kind: KindArgument,
    home: HomeOption = None,
    workers: WorkersOption = 2,
    memory: MemoryOption = 6144,
    host: HostOption = None,
    port: PortOption = 0,
    queue: QueueOption = None,
    account: AccountOption = None,
    walltime: TimeOption = "04:00:00",
    per_job: PerJobOption = 1,
    directive: DirectiveOption = None,
    prologue: PrologueOption = None,
) -> None:
    """Run a cluster until interrupted. A server on the same home folder finds it."""
    _check_installed()
    from cytoloop.jobs.cluster import running

    settings = settings_with(home=home)
    order = _order(queue, account, walltime, per_job, directive, prologue)
    plan = Plan(kind_named(kind), settings.home.resolve(), workers, memory, host, port, order)
    known = Certificates(settings.certificates_folder.resolve())
    if not known.exist():
        known.make()
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    with running.running(plan, known) as cluster:
        typer.echo(f"The cluster's scheduler is at {cluster.scheduler_address}. Press Ctrl+C to stop.")
        running.keep(cluster, plan, stopping)


@cluster_app.command("script")
def script(
    kind: KindArgument,
    home: HomeOption = None,
    memory: MemoryOption = 6144,
    address: Annotated[str, typer.Option(help="Address of the scheduler.")] = "tls://SCHEDULER:8786",
    queue: QueueOption = None,
    account: AccountOption = None,
    walltime: TimeOption = "04:00:00",
    per_job: PerJobOption = 1,
    directive: DirectiveOption = None,
    prologue: PrologueOption = None,
) -> None:
    """Show the job script that 'start' would hand to slurm, lsf or sge."""
    _check_installed()
    from cytoloop.jobs.cluster import running

    settings = settings_with(home=home)
    wanted = kind_named(kind)
    if wanted not in QUEUES:
        raise NotFoundError(f"There is no job script for {kind!r}: {', '.join(QUEUES)} have one.")
    order = _order(queue, account, walltime, per_job, directive, prologue)
    plan = Plan(wanted, settings.home.resolve(), memory_mib=memory, order=order)
    known = Certificates(settings.certificates_folder.resolve())
    typer.echo(running.job_script(plan, known, address), nl=False)


@cluster_app.command("manifest")
def manifest(
    image: Annotated[str, typer.Option(help="Container image with Cytoloop.")] = "cytoloop:latest",
    workers: WorkersOption = 2,
    memory: Annotated[int, typer.Option(help="Memory of a call on a worker, MiB.")] = 6144,
    cores: Annotated[int, typer.Option(help="Cores to ask for, for each worker.")] = 1,
    claim: Annotated[str, typer.Option(help="Volume claim of the home folder (ReadWriteMany).")] = "cytoloop-home",
    name: Annotated[str, typer.Option(help="Beginning of the objects' names.")] = "cytoloop",
) -> None:
    """Show the cluster as Kubernetes objects, for 'kubectl apply -f -'."""
    pods = Pods(image, workers, memory, cores, claim, name)
    texts = [yaml.safe_dump(json.loads(json.dumps(one)), sort_keys=False) for one in objects(pods)]  # without aliases
    typer.echo("---\n".join(texts), nl=False)


@cluster_app.command("show")
def show(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show who is in the cluster and how many tasks each worker has."""
    _check_installed()
    from cytoloop.jobs.cluster import running

    settings: Settings = settings_with(home=home)
    address = settings.cluster_address or running.announced_address(settings.home)
    found = running.described(address, Certificates(settings.certificates_folder))
    if as_json:
        typer.echo(json.dumps(found))
        return
    typer.echo(f"{found['address']}: {len(found['workers'])} workers")
    for one in found["workers"]:
        typer.echo(f"  {one['name']:30} {one['threads']} at a time, {one['tasks']} at hand")


def _order(
    queue: str | None,
    account: str | None,
    walltime: str,
    per_job: int,
    directive: list[str] | None,
    prologue: list[str] | None,
) -> QueueOrder:
    return QueueOrder(queue, account, walltime, per_job, tuple(directive or ()), tuple(prologue or ()))


def _check_installed() -> None:
    try:
        import cryptography
        import distributed
    except ImportError:
        raise NotFoundError("Clusters need Dask. Install it with: pip install 'cytoloop[cluster]'") from None
    assert cryptography
    assert distributed
