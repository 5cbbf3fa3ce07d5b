"""The event stream tells what happens, and goes on after a break."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import pytest

from cytoloop.projects.permissions import Actor
from cytoloop.runtime.assembly import Services
from cytoloop.server.routes.events import _events

from .conftest import running
from .driver import Driver, square


def collect(
    services: Services, actor: Actor, project_id: int, work: Any, *, after: int | None = None, want: int = 1
) -> list[tuple[str, Any]]:
    """Listen while ``work`` runs, until ``want`` events have come."""
    found: list[tuple[str, Any]] = []
    thread = threading.Thread(target=work)

    async def listen() -> None:
        with anyio.fail_after(20):
            stream = _events(services, actor, project_id, after)
            async for content in stream:
                text = content.decode()
                if "welcome" in text:
                    thread.start()
                elif text.startswith("id:"):
                    lines = dict(line.split(": ", 1) for line in text.strip().splitlines())
                    found.append((lines["event"], json.loads(lines["data"])))
                if len(found) >= want:
                    await stream.aclose()
                    return

    # In a thread of its own: the browser's tests may have a loop at work in this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(anyio.run, listen).result()
    thread.join()
    return found


@pytest.fixture
def world(tmp_path: Path) -> Any:
    with running(tmp_path / "home") as (api, services):
        project = api.project()
        yield api, services, project, Actor(1, "local", is_admin=True)


def test_changes_of_layers_and_jobs_are_told_whole(world: tuple[Driver, Services, str, Actor]) -> None:
    api, services, project, actor = world
    image = api.image(project)
    layer = api.layer(image["id"])

    def work() -> None:
        api.ok(api.post(f"/layers/{layer}/changes", {"creates": [{"geometry": square(5, 5)}]}))
        api.finished(api.ok(api.post(f"/projects/{project}/jobs", {"kind": "measure", "layer_ids": [layer]})))

    events = collect(services, actor, 1, work, want=4)
    kind, data = events[0]
    assert kind == "layer"
    assert (data["layer_id"], data["image_id"], data["bbox"]) == (layer, image["id"], [5.0, 5.0, 15.0, 15.0])
    jobs = [data for kind, data in events if kind == "job"]
    assert jobs[0]["kind"] == "measure"
    assert jobs[0]["project_id"] == project


def test_a_listener_that_reconnects_gets_what_it_missed(world: tuple[Driver, Services, str, Actor]) -> None:
    api, services, project, actor = world
    layer = api.layer(api.image(project)["id"])
    seen = services.bus.last_id
    api.ok(api.post(f"/layers/{layer}/changes", {"creates": [{"geometry": square(5, 5)}]}))
    api.ok(api.post(f"/projects/{project}/terms", {"name": "Cell"}))
    events = collect(services, actor, 1, lambda: None, after=seen, want=2)
    assert [kind for kind, _ in events] == ["layer", "ontology"]


def test_an_image_tells_when_it_is_ready(world: tuple[Driver, Services, str, Actor]) -> None:
    api, services, project, actor = world
    events = collect(services, actor, 1, lambda: api.image(project), want=6)
    assert any(kind == "image" and data["state"] == "importing" for kind, data in events) or any(
        kind == "image" and data["state"] == "ready" for kind, data in events
    )


def test_events_of_other_projects_are_not_told(world: tuple[Driver, Services, str, Actor]) -> None:
    api, services, project, actor = world
    other = api.project("Other")

    def work() -> None:
        api.ok(api.post(f"/projects/{other}/terms", {"name": "Theirs"}))
        api.ok(api.post(f"/projects/{project}/terms", {"name": "Ours"}))

    assert collect(services, actor, 1, work) == [("ontology", {})]
    assert services.bus.since(1, 0)[-1].project_id == 1
