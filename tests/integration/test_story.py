"""The main job over the API: open, segment, correct, measure, take away, come back."""

from pathlib import Path

import numpy as np
import pytest

from .conftest import running
from .driver import Driver, spots, square, tiff_bytes


@pytest.mark.parametrize("images", ["folder", "s3"])
def test_the_whole_story_and_a_restart(tmp_path: Path, images: str) -> None:
    with running(tmp_path / "home") as (api, _):
        project, image, layer = _segment_and_correct(api)
        table = api.ok(api.get(f"/layers/{layer}/objects?sort=area&order=desc"))
    with running(tmp_path / "home") as (api, _):
        again = api.ok(api.get(f"/layers/{layer}/objects?sort=area&order=desc"))
        assert again == table
        history = api.ok(api.get(f"/images/{image}/history"))
        assert history["undo_count"] == 3
        api.ok(api.post(f"/images/{image}/undo"))
        assert api.ok(api.get(f"/layers/{layer}/objects"))["total"] == 16
        assert api.ok(api.get(f"/projects/{project}"))["annotation_count"] == 16
        assert api.get(f"/images/{image}/tiles/0/0/0").headers["content-type"] == "image/jpeg"
        assert len(api.get(f"/images/{image}/original").content) == api.images(project)[0]["size_bytes"]
        job = api.finished(api.ok(api.post(f"/projects/{project}/exports", {"set": "annotatorj"})))
        assert job["state"] == "done", job["error"]
        api.ok(api.client.delete(f"/api/v1/images/{image}"))
    kept = [one for one in (tmp_path / "home").rglob("*.tif") if one.is_file()]
    assert kept == [], "the files go with the last image that has them"


def _segment_and_correct(api: Driver) -> tuple[str, str, str]:
    project = api.project()
    term = api.ok(api.post(f"/projects/{project}/terms", {"name": "Nucleus"}))["id"]
    image = api.image(project, content=tiff_bytes(spots(), imagej=True, resolution=(2, 2), metadata={"unit": "um"}))
    assert (image["width"], image["dtype"], image["pixel_width_um"]) == (128, "uint16", 0.5)
    body = {"kind": "segment", "method": "threshold", "parameters": {}, "term_id": term}
    job = api.finished(api.ok(api.post(f"/projects/{project}/jobs", body)))
    assert (job["state"], job["parameters"]["inputs"][0]["sha256"]) == ("done", image["sha256"])
    (layer,) = api.ok(api.get(f"/images/{image['id']}/layers"))
    assert (layer["kind"], layer["count"], layer["run_id"]) == ("run", 16, job["id"])
    found = api.ok(api.get(f"/layers/{layer['id']}/annotations"))["items"]
    assert all(0 <= one["score"] <= 1 and one["status"] == "predicted" and one["term_id"] == term for one in found)
    change = {
        "creates": [{"geometry": square(1, 1), "term_id": term}],
        "updates": [{"id": found[0]["id"], "version": 1, "geometry": square(20, 20), "status": "accepted"}],
        "deletes": [{"id": found[1]["id"], "version": 1}],
    }
    api.ok(api.post(f"/layers/{layer['id']}/changes", change))
    api.ok(api.post(f"/layers/{layer['id']}/changes", {"creates": [{"geometry": square(60, 60, 3)}]}))
    job = api.ok(api.post(f"/projects/{project}/jobs", {"kind": "measure", "layer_ids": [layer["id"]]}))
    assert api.finished(job)["state"] == "done"
    _check_table(api, layer["id"])
    return project, image["id"], layer["id"]


def _check_table(api: Driver, layer: str) -> None:
    table = api.ok(api.get(f"/layers/{layer}/objects?sort=area_um2&order=asc&limit=3"))
    keys = [one["key"] for one in table["columns"]]
    assert (table["total"], table["stale_count"]) == (17, 0)
    smallest = dict(zip(keys, table["rows"][0], strict=True))
    assert (smallest["area_px2"], smallest["area_um2"]) == (9.0, 2.25)
    rank = api.ok(api.get(f"/layers/{layer}/objects/rank?id={smallest['id']}&sort=area_um2&order=desc"))
    assert rank == {"offset": 16}
    columns = api.ok(api.get(f"/layers/{layer}/measurements?columns=area_px2,mean_0"))
    assert len(columns["columns"]["mean_0"]) == 17
    summary = api.ok(api.get(f"/layers/{layer}/measurements/summary"))
    assert sum(one["count"] for one in summary["classes"]) == 17
    csv = api.get(f"/layers/{layer}/measurements.csv").text.splitlines()
    assert len(csv) == 18
    assert "Nucleus" in csv[1]
    assert api.get(f"/layers/{layer}/measurements.parquet").content[:4] == b"PAR1"


def test_an_edit_makes_its_measurements_stale(api: Driver) -> None:
    project = api.project()
    layer = api.layer(api.image(project)["id"])
    made = api.ok(api.post(f"/layers/{layer}/changes", {"creates": [{"geometry": square(5, 5)}] * 3}))
    api.finished(api.ok(api.post(f"/projects/{project}/jobs", {"kind": "measure", "layer_ids": [layer]})))
    edit = {"updates": [{"id": made["created_ids"][0], "version": 1, "geometry": square(5, 5, 4)}]}
    api.ok(api.post(f"/layers/{layer}/changes", edit))
    assert api.ok(api.get(f"/layers/{layer}/objects"))["stale_count"] == 1


def test_every_plane_of_a_stack_is_segmented_on_its_own(api: Driver) -> None:
    import numpy as np

    stack = np.stack([spots(), spots(64).repeat(2, 0).repeat(2, 1), spots()])
    project = api.project()
    image = api.image(project, content=tiff_bytes(stack, imagej=True, metadata={"axes": "ZYX"}))
    assert image["size_z"] == 3
    body = {"kind": "segment", "method": "log", "z": None}
    job = api.finished(api.ok(api.post(f"/projects/{project}/jobs", body)))
    assert (job["state"], job["tasks_total"]) == ("done", 3)
    layer = api.ok(api.get(f"/images/{image['id']}/layers"))[0]["id"]
    planes = [one["z"] for one in api.ok(api.get(f"/layers/{layer}/annotations"))["items"]]
    assert set(planes) == {0, 1, 2}


def test_a_region_keeps_only_objects_inside_it(api: Driver) -> None:
    project = api.project()
    image = api.image(project)
    region = {"type": "Polygon", "coordinates": [[[0, 0], [64, 0], [64, 64], [0, 64], [0, 0]]]}
    body = {"kind": "segment", "method": "threshold", "image_ids": [image["id"]], "region": region}
    api.finished(api.ok(api.post(f"/projects/{project}/jobs", body)))
    assert api.ok(api.get(f"/images/{image['id']}/layers"))[0]["count"] == 4


def test_further_measurements_are_made_on_request(api: Driver) -> None:
    project = api.project()
    image = api.image(project, content=tiff_bytes(spots(), imagej=True, resolution=(2, 2), metadata={"unit": "um"}))
    job = api.finished(api.ok(api.post(f"/projects/{project}/jobs", {"kind": "segment", "method": "threshold"})))
    assert job["state"] == "done"
    (layer,) = api.ok(api.get(f"/images/{image['id']}/layers"))
    body = {"kind": "measure", "layer_ids": [layer["id"]], "features": ["moments", "neighbours", "ring"], "ring_px": 3}
    job = api.finished(api.ok(api.post(f"/projects/{project}/jobs", body)))
    assert (job["state"], job["parameters"]["features"]["ring_px"]) == ("done", 3)
    table = api.ok(api.get(f"/layers/{layer['id']}/objects?sort=neighbour_1_px"))
    units = {one["key"]: one["unit"] for one in table["columns"]}
    assert {"hu_1", "zernike_9_9", "ring_ratio_0", "area_um2"} < set(units)
    assert units["neighbour_1_px"] == "px"
    place = [one["key"] for one in table["columns"]].index
    centres = np.array([[row[place("x")], row[place("y")]] for row in table["rows"]])
    apart = np.sort(np.hypot(*(centres[:, None] - centres[None]).transpose(2, 0, 1)), axis=1)
    assert [row[place("neighbour_1_px")] for row in table["rows"]] == pytest.approx(apart[:, 1])
    assert all(row[place("ring_ratio_0")] > 1 for row in table["rows"]), "spots are brighter than their surroundings"
    wrong = api.post(f"/projects/{project}/jobs", body | {"features": ["beauty"]})
    assert wrong.status_code == 422
    assert "moments" in wrong.text
