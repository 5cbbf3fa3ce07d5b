"""What a server tells about itself: metrics for Prometheus, and log lines as JSON, by real requests."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.clusters import until
from tests.databases import Databases
from tests.liveserver import Server

from .conftest import running
from .driver import Driver


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every number by its name and labels."""
    families = text_string_to_metric_families(text)
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def read(driver: Driver) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = driver.client.get("/metrics")
    assert answer.status_code == 200, answer.text
    return samples(answer.text)


def value(found: dict, name: str, **labels: str) -> float:
    return found.get((name, frozenset(labels.items())), 0.0)


def test_requests_tiles_jobs_and_tasks_are_counted(api: Driver) -> None:
    project = api.project()
    image = api.image(project)["id"]
    before = read(api)
    for _ in range(3):
        assert api.get(f"/images/{image}/tiles/0/0/0").status_code == 200
    assert api.get("/projects/00000000-0000-0000-0000-000000000000").status_code == 404
    after = read(api)
    tile = {"method": "GET", "route": "/api/v1/images/{image_id}/tiles/{level}/{column}/{row}", "status": "200"}
    assert value(after, "cytoloop_requests_total", **tile) - value(before, "cytoloop_requests_total", **tile) == 3
    unknown = {"method": "GET", "route": "/api/v1/projects/{project_id}", "status": "404"}
    assert value(after, "cytoloop_requests_total", **unknown) == 1
    assert value(after, "cytoloop_request_seconds_count", route=tile["route"]) == 3
    assert value(after, "cytoloop_tile_cache_total", result="miss") == 1
    assert value(after, "cytoloop_tile_cache_total", result="hit") == 2
    assert value(after, "cytoloop_tile_cache_bytes") > 100
    assert value(after, "cytoloop_jobs", state="done") == 1
    assert value(after, "cytoloop_tasks", state="done") == 1
    assert value(after, "cytoloop_tasks", state="dead") == 0


def test_what_is_asked_for_never_becomes_a_label(api: Driver) -> None:
    for number in range(20):
        api.client.get(f"/nothing/{number}?secret={number}")
        api.client.request(f"METHOD{number}", "/health/live")
        api.get(f"/nothing/{number}")
    routes = {dict(labels).get("route") for _, labels in read(api)}
    methods = {dict(labels).get("method") for _, labels in read(api)}
    assert len(routes) < 8, routes
    assert not any(one and one.startswith("METHOD") for one in methods)


def test_only_administrators_read_the_metrics(tmp_path: Path) -> None:
    with running(tmp_path / "home", mode="accounts") as (driver, services):
        from cytoloop.projects import users

        def add(connection: object) -> list[str]:
            made = []
            for name, is_admin in (("boss", True), ("anna", False)):
                user = users.create_user(
                    connection, username=name, display_name=name, password_hash="x", is_admin=is_admin
                )
                made.append(users.create_token(connection, user_id=user.id, name="scrape", scope="read")[1])
            return made

        boss, anna = services.database.write(add)
        assert driver.client.get("/metrics").status_code == 401
        refused = driver.client.get("/metrics", headers={"Authorization": f"Bearer {anna}"})
        assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
        allowed = driver.client.get("/metrics", headers={"Authorization": f"Bearer {boss}"})
        assert allowed.status_code == 200
        assert allowed.headers["content-type"].startswith("text/plain; version=0.0.4")


def test_each_request_has_an_id(api: Driver) -> None:
    own = api.client.get("/health/live").headers["x-request-id"]
    other = api.client.get("/health/live").headers["x-request-id"]
    assert own != other
    given = api.client.get("/health/live", headers={"X-Request-ID": "proxy-7"})
    assert given.headers["x-request-id"] == "proxy-7"
    bad = api.client.get("/health/live", headers={"X-Request-ID": "a b\tc" * 50})
    assert bad.headers["x-request-id"] not in ("", "a b\tc" * 50)


@pytest.fixture
def live(tmp_path: Path, databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Path]]:
    """A server with log lines as JSON; its address, and the file of its log."""
    monkeypatch.setenv("CYTOLOOP_LOG_FORMAT", "json")
    log = tmp_path / "log"
    server = Server(tmp_path / "home")
    with log.open("wb") as sink:
        server.start(stderr=sink)
        yield server.url, log
        server.stop()


def test_requests_are_lines_of_json_without_secrets(live: tuple[str, Path]) -> None:
    url, log = live
    headers = {"X-Request-ID": "trace-1", "Authorization": "Bearer cyt_verysecret"}
    answer = httpx.get(f"{url}/api/v1/projects?cursor=hidden", headers=headers)
    assert answer.headers["x-request-id"] == "trace-1"

    def mine() -> list[dict]:
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        return [one for one in lines if one.get("request") == "trace-1" and one["logger"] == "cytoloop.requests"]

    until(mine, "the request is not in the log")
    (line,) = mine()
    assert line["route"] == "/api/v1/projects"
    assert (line["method"], line["status"], line["level"]) == ("GET", answer.status_code, "info")
    assert line["duration_ms"] > 0
    assert {"time", "user", "process"} <= line.keys()
    assert "verysecret" not in log.read_text()
    assert "hidden" not in log.read_text()


def test_errors_are_one_line_each() -> None:
    code = (
        "import logging\nfrom cytoloop.core.logs import configure_logging\nconfigure_logging('json')\n"
        "try: 1 / 0\nexcept ZeroDivisionError: logging.getLogger('x').exception('it\\nfailed %s', 'so')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    (line,) = done.stderr.splitlines()
    told = json.loads(line)
    assert (told["level"], told["message"]) == ("error", "it\nfailed so")
    assert "ZeroDivisionError" in told["error"]
