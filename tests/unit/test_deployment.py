"""The files in ``deploy`` can be read, and agree with the code and with each other."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from cytoloop.jobs.cluster.kubernetes import USER, Pods, objects
from cytoloop.runtime.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text()))


def test_every_setting_that_is_named_exists() -> None:
    names = {f"CYTOLOOP_{name.upper()}" for name in Settings.model_fields}
    for path in (one for one in DEPLOY.rglob("*") if one.is_file()):
        assert set(re.findall(r"CYTOLOOP_[A-Z_]+", path.read_text())) <= names, path.name


def test_the_cluster_of_kubernetes_is_what_the_command_prints() -> None:
    assert documents("kubernetes/cluster.yaml") == objects(Pods())


def test_the_server_of_kubernetes_fits_the_cluster() -> None:
    made = {(one["kind"], one["metadata"]["name"]): one for one in documents("kubernetes/server.yaml")}
    spec = made["Deployment", "cytoloop-server"]["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"] == labels == made["Service", "cytoloop"]["spec"]["selector"]
    assert {one["name"] for one in container["volumeMounts"]} == {one["name"] for one in pod["volumes"]}
    assert ("PersistentVolumeClaim", Pods().claim) in made
    own = objects(Pods())[-1]["spec"]["ingress"][0]["from"][0]["podSelector"]["matchLabels"]
    assert own.items() <= labels.items(), "the policy must let the server reach the scheduler"
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["httpHeaders"] == [{"name": "Host", "value": "localhost"}]
        assert container[probe]["httpGet"]["port"] == container["ports"][0]["containerPort"]


def test_compose_runs_what_the_image_holds() -> None:
    (compose,) = documents("compose.yaml")
    services = compose["services"]
    assert set(services) == {"database", "server", "scheduler", "worker", "objects", "bucket"}
    assert {name for name, one in services.items() if "profiles" in one} == {"objects", "bucket"}
    keys = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert all(keys <= set(services[name]["environment"]) for name in ("server", "worker", "bucket"))
    volumes = {mount.partition(":")[0] for one in services.values() for mount in one.get("volumes", [])}
    assert volumes == set(compose["volumes"])
    for name in ("server", "scheduler", "worker"):
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
    assert (DEPLOY / services["server"]["build"]["context"] / services["server"]["build"]["dockerfile"]).is_file()
    assert services["server"]["ports"] == ["127.0.0.1:8000:8000"]
    worker = next(one for one in objects(Pods()) if one["metadata"]["name"] == "cytoloop-worker")
    told = worker["spec"]["template"]["spec"]["containers"][0]["command"]
    flags = {one.partition("=")[0] for one in services["worker"]["command"] if one.startswith("--")}
    assert flags == {one for one in told if one.startswith("--")}


def test_the_image_is_built_of_files_that_are_there_and_runs_as_nobody_special() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [line.split()[1:-1] for line in re.findall(r"^COPY (?!--from).*", text, re.MULTILINE)]
    named = {name for names in copied for name in names}
    assert named == kept
    assert all((ROOT / name).exists() for name in named)
    assert len(re.findall(r"^FROM ", text, re.MULTILINE)) == 2
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE) == [f"{USER}:{USER}"]
    assert "pip install" not in text.rpartition("FROM ")[2]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_the_unit_of_systemd_is_valid(tmp_path: Path) -> None:
    unit = tmp_path / "cytoloop.service"
    unit.write_text((DEPLOY / "cytoloop.service").read_text().replace("/opt/cytoloop/bin/cytoloop", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
