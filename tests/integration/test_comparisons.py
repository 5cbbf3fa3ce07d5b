"""Comparisons of methods over the web API."""

from pathlib import Path
from uuid import uuid4

from cytoloop.runtime.assembly import Services

from .conftest import running
from .driver import API, Driver


def start(api: Driver, project: str, image: str, **changes: object) -> dict:
    body = {"kind": "compare", "methods": ["threshold", "gvf"], "steps": ["none", "median3"], "image_id": image}
    return api.ok(api.post(f"/projects/{project}/jobs", body | changes))


def test_rows_with_pictures_and_one_becomes_a_method(tmp_path: Path) -> None:
    with running(tmp_path / "home") as (api, services):
        assert isinstance(services, Services)
        project = api.project()
        image = api.image(project)["id"]
        job = start(api, project, image)
        assert job["kind"] == "compare"
        api.finished(job)
        found = api.ok(api.get(f"/jobs/{job['id']}/comparison"))
        assert found["image_id"] == image
        assert [(one["method"], one["steps_name"], one["state"]) for one in found["rows"]] == [
            ("threshold", "none", "done"),
            ("threshold", "median3", "done"),
            ("gvf", "none", "done"),
            ("gvf", "median3", "done"),
        ]
        picture = api.client.get(f"{API}/jobs/{job['id']}/comparison/2/picture")
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
        saved = api.ok(api.post(f"/jobs/{job['id']}/comparison/2/pipeline", {"name": "mine", "title": "Mine"}))
        assert saved["title"] == "Mine"
        assert "mine" in [one["name"] for one in api.ok(api.get("/methods"))]
        segmented = api.ok(
            api.post(f"/projects/{project}/jobs", {"kind": "segment", "method": "mine", "image_ids": [image]})
        )
        assert api.finished(segmented)["state"] == "done"
        again = api.post(f"/jobs/{job['id']}/comparison/2/pipeline", {"name": "mine", "title": "Mine"})
        assert again.status_code == 409


def test_mistakes_are_told(tmp_path: Path) -> None:
    with running(tmp_path / "home") as (api, _):
        project = api.project()
        image = api.image(project)["id"]
        path = f"/projects/{project}/jobs"
        body = {"kind": "compare", "methods": ["threshold"], "image_id": image}
        far = {"type": "Polygon", "coordinates": [[[9e5, 9e5], [9e5 + 1, 9e5], [9e5, 9e5 + 1], [9e5, 9e5]]]}
        for change, status in (
            ({"methods": ["no-such"]}, 404),
            ({"methods": []}, 422),
            ({"steps": ["medan3"]}, 422),
            ({"image_id": str(uuid4())}, 404),
            ({"z": 5}, 422),
            ({"region": far}, 422),
        ):
            assert api.post(path, body | change).status_code == status, change
        job = start(api, project, image, methods=["threshold"], steps=["none"])
        api.finished(job)
        comparison = f"/jobs/{job['id']}/comparison"
        assert api.get(f"{comparison}/9/picture").status_code == 404
        assert api.post(f"{comparison}/9/pipeline", {"name": "a", "title": "A"}).status_code == 404
        assert api.post(f"{comparison}/1/pipeline", {"name": "../a", "title": "A"}).status_code == 422
        assert api.post(f"{comparison}/1/pipeline", {"name": "threshold", "title": "A"}).status_code == 409
        other = api.ok(api.post(path, {"kind": "segment", "method": "threshold", "image_ids": [image]}))
        assert api.get(f"/jobs/{other['id']}/comparison").status_code == 404
