"""What a cluster is started by: certificates, job scripts for queues, Kubernetes objects."""

import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cytoloop.core.clock import utc_now
from cytoloop.core.errors import ConflictError, CytoloopError, InvalidInputError, NotFoundError, UnavailableError
from cytoloop.jobs.cluster import certificates as module
from cytoloop.jobs.cluster.certificates import Certificates
from cytoloop.jobs.cluster.kubernetes import HOME, Pods, objects
from cytoloop.jobs.cluster.plan import Plan, QueueOrder, kind_named
from cytoloop.jobs.cluster.running import announced_address, announcement, job_script


@pytest.fixture
def known(tmp_path: Path) -> Certificates:
    made = Certificates(tmp_path / "home" / "certificates")
    made.make()
    return made


def test_the_key_is_its_owners_only_and_is_not_replaced_by_mistake(known: Certificates) -> None:
    assert stat.S_IMODE(known.key.stat().st_mode) == 0o600
    assert stat.S_IMODE(known.folder.stat().st_mode) == 0o700
    before = known.key.read_bytes()
    with pytest.raises(ConflictError, match="--renew"):
        known.make()
    assert known.key.read_bytes() == before
    known.make(renew=True)
    assert known.key.read_bytes() != before
    known.check()


def test_a_certificate_that_cannot_be_used_is_told(
    known: Certificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotFoundError, match="cytoloop cluster certificates"):
        Certificates(tmp_path / "none").security()
    known.key.chmod(0o640)
    with pytest.raises(InvalidInputError, match="chmod 600"):
        known.security()
    known.key.chmod(0o600)
    known.certificate.write_text("nothing")
    with pytest.raises(InvalidInputError, match="PEM"):
        known.security()
    monkeypatch.setattr(module, "VALID", timedelta(minutes=-30))
    known.make(renew=True)
    assert known.valid_until() < utc_now()
    with pytest.raises(InvalidInputError, match="ended on"):
        known.security()


SCRIPTS = {
    "slurm": ("#SBATCH -p short", "#SBATCH -A lab", "#SBATCH -t 02:00:00", "#SBATCH --mem=8G", "#SBATCH --extra"),
    "lsf": ("#BSUB -q short", '#BSUB -P "lab"', "#BSUB -W 02:00", "#BSUB -n 4", "#BSUB --extra"),
    "sge": ("#$ -q short", "#$ -P lab", "#$ -l h_rt=02:00:00", "#$ --extra"),
}


@pytest.mark.parametrize("kind", sorted(SCRIPTS))
def test_scripts_for_queues(kind: str, known: Certificates, tmp_path: Path) -> None:
    order = QueueOrder("short", "lab", "02:00:00", 4, ("--extra",), ("module load python",))
    plan = Plan(kind_named(kind), tmp_path / "home", workers=10, memory_mib=2048, order=order)
    script = job_script(plan, known, "tls://head:8786").splitlines()
    assert script[0] == "#!/usr/bin/env bash"
    assert set(SCRIPTS[kind]) <= set(script)
    prologue, worker = script[-2:]
    assert prologue == "module load python"
    for part in (
        "distributed.cli.dask_worker tls://head:8786",
        "--nthreads 1",
        "--nworkers 4",
        "--protocol tls://",
        f"--tls-key {known.key}",
        f"--tls-ca-file {known.certificate}",
        "--dashboard-address 127.0.0.1:0",
    ):
        assert part in worker
    assert plan.queue_jobs == 3


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: QueueOrder(queue="short; rm -rf ~"),
        lambda: QueueOrder(account="$(id)"),
        lambda: QueueOrder(walltime="4 hours"),
        lambda: QueueOrder(directives=("-x\nrm",)),
        lambda: QueueOrder(per_job=0),
        lambda: Plan("slurm", Path("/home/my data")),
        lambda: Plan("local", Path("/data"), workers=-1),
        lambda: Plan("local", Path("/data"), memory_mib=1),
        lambda: kind_named("condor"),
        lambda: Pods(image="a b"),
        lambda: Pods(claim="Home_1"),
        lambda: Pods(workers=-1),
    ],
)
def test_orders_that_make_no_sense_are_refused(wrong: Any) -> None:
    with pytest.raises(InvalidInputError):
        wrong()


def test_a_home_without_a_cluster_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="cytoloop cluster start"):
        announced_address(tmp_path)
    announcement(tmp_path).parent.mkdir()
    announcement(tmp_path).write_text("{}")
    with pytest.raises(CytoloopError, match="cannot be read"):
        announced_address(tmp_path)


def test_kubernetes_objects_fit_together() -> None:
    made = {
        (one["kind"], one["metadata"]["name"]): one for one in objects(Pods("lab/cytoloop:1", 5, 4096, claim="home"))
    }
    service = made["Service", "cytoloop-scheduler"]["spec"]
    policy = made["NetworkPolicy", "cytoloop-cluster"]["spec"]
    assert made["Deployment", "cytoloop-worker"]["spec"]["replicas"] == 5
    for part in ("scheduler", "worker"):
        spec = made["Deployment", f"cytoloop-{part}"]["spec"]
        labels = spec["template"]["metadata"]["labels"]
        pod = spec["template"]["spec"]
        (container,) = pod["containers"]
        assert spec["selector"]["matchLabels"] == labels
        assert (service["selector"] == labels) == (part == "scheduler")
        assert policy["podSelector"]["matchLabels"].items() <= labels.items()
        assert labels["cytoloop/part"] in policy["podSelector"]["matchExpressions"][0]["values"]
        assert {one["name"] for one in container["volumeMounts"]} == {one["name"] for one in pod["volumes"]}
        assert pod["volumes"][0]["persistentVolumeClaim"] == {"claimName": "home"}
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["image"] == "lab/cytoloop:1"
    command = made["Deployment", "cytoloop-worker"]["spec"]["template"]["spec"]["containers"][0]["command"]
    assert f"tls://cytoloop-scheduler:{service['ports'][0]['port']}" in command
    assert f"{HOME}/cluster/certificates/key.pem" in command
