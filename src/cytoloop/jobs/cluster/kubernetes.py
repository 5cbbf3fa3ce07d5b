"""The cluster as Kubernetes objects: a scheduler, its service, workers, and who may reach them.

All share one volume, the server's home folder, where the certificate lies too. No operator and no rights in the
Kubernetes API are needed: the number of workers is that of the deployment.
"""

import re
from dataclasses import dataclass
from typing import Any

from cytoloop.core.errors import InvalidInputError

from .plan import worker_arguments

PORT = 8786
HOME = "/data"
USER = 10001
"""The user of the container image."""
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?")
_IMAGE = re.compile(r"[\w][\w./:@-]{0,250}")


@dataclass(frozen=True, slots=True)
class Pods:
    """What the pods are made of."""

    image: str = "cytoloop:latest"
    workers: int = 2
    memory_mib: int = 6144
    cores: int = 1
    claim: str = "cytoloop-home"
    """The volume claim of the home folder; several nodes mount it, so ReadWriteMany."""
    name: str = "cytoloop"

    def __post_init__(self) -> None:
        for what in (self.claim, self.name):
            if not _NAME.fullmatch(what):
                raise InvalidInputError(f"{what!r} is no name of a Kubernetes object: small letters, digits and '-'.")
        if not _IMAGE.fullmatch(self.image):
            raise InvalidInputError(f"{self.image!r} is no name of a container image.")
        if not (0 <= self.workers <= 10_000 and 256 <= self.memory_mib <= 16 << 20 and 1 <= self.cores <= 512):
            raise InvalidInputError("Workers are from 0 to 10000, of 256 MiB to 16 TiB and 1 to 512 cores each.")


def objects(pods: Pods) -> list[dict[str, Any]]:
    """What ``kubectl apply`` takes."""
    address = f"tls://{pods.name}-scheduler:{PORT}"
    certificate, key = (f"{HOME}/cluster/certificates/{file}.pem" for file in ("certificate", "key"))
    tls = ["--tls-ca-file", certificate, "--tls-cert", certificate, "--tls-key", key]
    scheduler = ["cytoloop", "cluster", "start", "open", "--host", "0.0.0.0", "--port", str(PORT)]  # noqa: S104 - its service leads there
    worker = ["python", "-m", "distributed.cli.dask_worker", address, "--protocol", "tls://", *tls]
    worker += ["--nthreads", "1", "--nworkers", "1", "--memory-limit", "0", "--death-timeout", "120"]
    worker += [*worker_arguments(), "--local-directory", "/tmp"]  # noqa: S108 - an empty folder of the pod
    return [
        _deployment(pods, "scheduler", 1, scheduler, memory_mib=1024, cores=1, port=PORT),
        _service(pods),
        _deployment(pods, "worker", pods.workers, worker, memory_mib=pods.memory_mib + 512, cores=pods.cores),
        _policy(pods),
    ]


def _labels(pods: Pods, part: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": "cytoloop", "app.kubernetes.io/instance": pods.name, "cytoloop/part": part}


def _head(pods: Pods, kind: str, api: str, part: str) -> dict[str, Any]:
    metadata = {"name": f"{pods.name}-{part}", "labels": _labels(pods, part)}
    return {"apiVersion": api, "kind": kind, "metadata": metadata}


def _deployment(
    pods: Pods, part: str, replicas: int, command: list[str], *, memory_mib: int, cores: int, port: int | None = None
) -> dict[str, Any]:
    room = {"memory": f"{memory_mib}Mi", "cpu": str(cores)}
    container: dict[str, Any] = {
        "name": part,
        "image": pods.image,
        "command": command,
        "env": [{"name": "CYTOLOOP_HOME", "value": HOME}, {"name": "HOME", "value": "/tmp"}],  # noqa: S108
        "resources": {"requests": room, "limits": {"memory": room["memory"]}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "home", "mountPath": HOME}, {"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108
    }
    if port is not None:
        container["ports"] = [{"containerPort": port}]
        container["readinessProbe"] = {"tcpSocket": {"port": port}}
    spec: dict[str, Any] = {
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "automountServiceAccountToken": False,
        "containers": [container],
        "volumes": [
            {"name": "home", "persistentVolumeClaim": {"claimName": pods.claim}},
            {"name": "tmp", "emptyDir": {}},
        ],
    }
    labels = _labels(pods, part)
    return {
        **_head(pods, "Deployment", "apps/v1", part),
        "spec": {
            "replicas": replicas,
            "strategy": {"type": "Recreate"} if part == "scheduler" else {"type": "RollingUpdate"},
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def _service(pods: Pods) -> dict[str, Any]:
    selector = _labels(pods, "scheduler")
    return {
        **_head(pods, "Service", "v1", "scheduler"),
        "spec": {"type": "ClusterIP", "selector": selector, "ports": [{"port": PORT, "targetPort": PORT}]},
    }


def _policy(pods: Pods) -> dict[str, Any]:
    """Only pods of this installation reach the scheduler and the workers, beside the certificate they need."""
    own = {"app.kubernetes.io/name": "cytoloop", "app.kubernetes.io/instance": pods.name}
    parts = {"key": "cytoloop/part", "operator": "In", "values": ["scheduler", "worker"]}
    return {
        **_head(pods, "NetworkPolicy", "networking.k8s.io/v1", "cluster"),
        "spec": {
            "podSelector": {"matchLabels": own, "matchExpressions": [parts]},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {"matchLabels": own}}]}],
        },
    }
