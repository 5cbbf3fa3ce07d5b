"""Structure in measurements, as a script looks for it: statistics, projections, clusters, unusual objects, files."""

import csv
import io
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import adjusted_rand_score

from .driver import Driver, square, tiff_bytes

STEP_PX = 16
pytestmark = pytest.mark.filterwarnings("ignore:.*:FutureWarning", "ignore:.*:UserWarning:anndata")


def picture(seed: int = 0) -> bytes:
    """A grid of 64 squares: those left of the middle bright and small, right of it dull and large."""
    image = np.random.default_rng(seed).normal(100, 4, (128, 128))
    for x, y, side in places():
        image[y : y + side, x : x + side] += 900 if x < 64 else 250
    return tiff_bytes(image.clip(0).astype("uint16"))


def places() -> list[tuple[int, int, int]]:
    """Left, top and side of each square."""
    starts = range(2, 128, STEP_PX)
    return [(x, y, 5 + (y // STEP_PX) % 2 if x < 64 else 10 + (y // STEP_PX) % 2) for x in starts for y in starts]


class Plate:
    """Images of a plate whose names tell wells, each with 64 measured squares of two kinds and one that is odd."""

    def __init__(self, api: Driver, names: tuple[str, ...] = ("dose_A01.tif", "dose_A02.tif")) -> None:
        self.api = api
        self.project = api.project()
        self.small, self.large = (
            api.ok(api.post(f"/projects/{self.project}/terms", {"name": name}))["id"] for name in ("Small", "Large")
        )
        self.images = [api.image(self.project, name, picture(at))["id"] for at, name in enumerate(names)]
        self.layers = [api.layer(one) for one in self.images]
        self.ids = [self.draw(one) for one in self.layers]

    def draw(self, layer: str) -> list[int]:
        creates: list[dict[str, Any]] = [
            {"geometry": square(x, y, side), "term_id": self.small if x < 64 else self.large} for x, y, side in places()
        ]
        made = self.api.ok(self.api.post(f"/layers/{layer}/changes", {"creates": creates}))
        return made["created_ids"]

    def job(self, **body: Any) -> dict[str, Any]:
        return self.api.finished(self.api.ok(self.api.post(f"/projects/{self.project}/jobs", body)))

    def measure(self, **more: Any) -> dict[str, Any]:
        done = self.job(kind="measure", layer_ids=self.layers[:1], **more)
        assert done["state"] == "done", done["error"]
        return done

    def explore(self, step: str, method: str, **more: Any) -> dict[str, Any]:
        done = self.job(kind="explore", layer_id=self.layers[0], step=step, method=method, **more)
        assert done["state"] == "done", done["error"]
        return done

    def groups(self, layer: int = 0, **query: Any) -> Any:
        return self.api.ok(self.api.get(f"/layers/{self.layers[layer]}/measurements/groups", params=query))

    def columns(self, *keys: str, layer: int = 0, **query: Any) -> Any:
        query["columns"] = ",".join(keys)
        return self.api.ok(self.api.get(f"/layers/{self.layers[layer]}/measurements", params=query))

    def file(self, ending: str, **query: Any) -> bytes:
        response = self.api.get(f"/layers/{self.layers[0]}/measurements.{ending}", params=query)
        assert response.status_code == 200, response.text
        return response.content


def test_one_request_measures_the_layers_like_one_in_all_images(api: Driver) -> None:
    plate = Plate(api)
    other = api.ok(api.post(f"/images/{plate.images[1]}/layers", {"name": "Something else"}))["id"]
    api.ok(api.post(f"/layers/{other}/changes", {"creates": [{"geometry": square(3, 3)}]}))
    done = plate.measure(everywhere=True)
    assert done["message"] == "128 objects measured"
    assert set(done["layer_ids"]) == set(plate.layers)
    listed = api.ok(api.get(f"/images/{plate.images[1]}/layers"))
    assert {one["id"]: one["measured_at"] is not None for one in listed} == {plate.layers[1]: True, other: False}


def test_statistics_by_class_image_and_well(api: Driver) -> None:
    plate = Plate(api)
    plate.measure(everywhere=True)
    by_class = plate.groups(columns="area_px2")
    rows = {one["name"]: one for one in by_class["groups"]}
    areas = np.array([side**2 for x, _, side in places() if x < 64], float)
    assert (rows["Small"]["term_id"], rows["Small"]["objects"], rows["Small"]["images"]) == (plate.small, 32, 1)
    found = rows["Small"]["statistics"]["area_px2"]
    assert found["n"] == 32
    assert found["mean"] == pytest.approx(areas.mean())
    assert found["sd"] == pytest.approx(areas.std(ddof=1))
    quartiles = [found[one] for one in ("minimum", "first_quartile", "median", "third_quartile", "maximum")]
    assert quartiles == pytest.approx(np.percentile(areas, [0, 25, 50, 75, 100]))
    by_well = plate.groups(by="well", scope="project", columns="mean_0")
    assert [(one["name"], one["objects"]) for one in by_well["groups"]] == [("A01", 64), ("A02", 64)]
    by_group = plate.groups(by="group", scope="project", columns="mean_0")
    assert [(one["name"], one["objects"], one["images"]) for one in by_group["groups"]] == [("dose", 128, 2)]
    by_image = plate.groups(by="image", scope="project")
    assert [one["name"] for one in by_image["groups"]] == ["dose_A01.tif", "dose_A02.tif"]
    text = api.get(f"/layers/{plate.layers[0]}/measurements/groups.csv", params={"by": "well", "scope": "project"}).text
    lines = list(csv.DictReader(io.StringIO(text)))
    one = next(row for row in lines if row["well"] == "A02" and row["measurement"].startswith("area_px2"))
    assert (one["n"], one["objects"], float(one["mean"])) == ("64", "64", pytest.approx(by_area(plate)))


def by_area(plate: Plate) -> float:
    return float(np.mean([side**2 for _, _, side in places()]))


def test_rejected_objects_have_no_part_and_unmeasured_ones_no_value(api: Driver) -> None:
    plate = Plate(api)
    plate.measure()
    api.ok(
        api.post(
            f"/layers/{plate.layers[0]}/changes",
            {"creates": [{"geometry": square(1, 1, 3)}, {"geometry": square(2, 2, 3), "status": "rejected"}]},
        )
    )
    rows = {one["name"]: one for one in plate.groups(columns="area_px2,area")["groups"]}
    nobody = rows["Unclassified"]
    assert (nobody["objects"], nobody["statistics"]["area"]["n"], nobody["statistics"]["area_px2"]["n"]) == (1, 1, 0)
    assert nobody["statistics"]["area_px2"]["mean"] is None
    assert len(plate.columns("area")["ids"]) == 65


@pytest.mark.parametrize("method", ["pca", "tsne", "umap"])
def test_projections_become_columns_that_tell_kinds_apart(api: Driver, method: str) -> None:
    plate = Plate(api, ("a.tif",))
    plate.measure()
    done = plate.explore("project", method)
    assert "64 objects" in done["message"]
    data = plate.columns(f"{method}_1", f"{method}_2")
    xy = np.array([data["columns"][f"{method}_1"], data["columns"][f"{method}_2"]]).T
    kinds = np.array(data["term_ids"]) == plate.small
    apart = np.linalg.norm(xy[kinds].mean(axis=0) - xy[~kinds].mean(axis=0))
    assert apart > 2 * np.linalg.norm(xy[kinds] - xy[kinds].mean(axis=0), axis=1).mean()
    table = api.ok(api.get(f"/layers/{plate.layers[0]}/objects", params={"sort": f"{method}_1", "limit": 1}))
    labels = {one["key"]: one["label"] for one in table["columns"]}
    assert ("of the variance" in labels["pca_1"]) if method == "pca" else True
    assert table["stale_count"] == 0, "the measurement stays as it was"
    notes = api.ok(api.get(f"/layers/{plate.layers[0]}/measurements/summary"))["notes"]
    assert notes[0] == done["message"]


def test_clusters_over_all_images_become_classes_and_are_undone_in_one_step(api: Driver) -> None:
    plate = Plate(api)
    plate.measure(everywhere=True)
    done = plate.explore("cluster", "kmeans", count=2, scope="project")
    assert done["title"] == "Find clusters in 2 images: k-means"
    data = plate.columns("cluster", scope="project")
    assert [one["well"] for one in data["images"]] == ["A01", "A02"]
    assert np.bincount(data["image_index"]).tolist() == [64, 64]
    assert adjusted_rand_score(data["term_ids"], data["columns"]["cluster"]) == 1
    rows = plate.groups(by="cluster", scope="project", columns="area_px2")["groups"]
    assert {one["name"] for one in rows} == {"Cluster 1", "Cluster 2"}
    # a third class for the first cluster, none for the second
    third = api.ok(api.post(f"/projects/{plate.project}/terms", {"name": "Third"}))["id"]
    path = f"/layers/{plate.layers[0]}/clusters/terms"
    answer = api.ok(api.post(path, {"terms": {"1": third, "2": None}, "scope": "project"}))
    assert (answer["changed"], answer["images"], answer["history"]["undo_count"]) == (128, 2, 2)
    assert [one["objects"] for one in plate.groups(1)["groups"]] == [32, 32]
    assert {one["name"] for one in plate.groups(1)["groups"]} == {"Third", "Unclassified"}
    api.ok(api.post(f"/images/{plate.images[1]}/undo"))
    assert {one["name"] for one in plate.groups(1)["groups"]} == {"Small", "Large"}
    assert {one["name"] for one in plate.groups(0)["groups"]} == {"Third", "Unclassified"}


def test_a_gate_over_all_images_finds_and_names_the_objects_within(api: Driver) -> None:
    plate = Plate(api)
    plate.measure(everywhere=True)
    path = f"/layers/{plate.layers[0]}/gates"
    large = {"area_px2": [100, 100]}  # bounds count: squares with a side of 10
    own = {key for key, (_, _, side) in zip(plate.ids[0], places(), strict=True) if side == 10}
    here = api.ok(api.post(path, {"ranges": large}))
    assert (set(here["ids"]), here["elsewhere"], here["images"]) == (own, 0, 0)
    everywhere = api.ok(api.post(path, {"ranges": large, "scope": "project"}))
    assert (set(everywhere["ids"]), everywhere["elsewhere"], everywhere["images"]) == (own, len(own), 1)
    corner = {"ranges": {"area_px2": [None, 99], "x": [None, 40], "y": [None, 40]}, "scope": "project"}
    third = api.ok(api.post(f"/projects/{plate.project}/terms", {"name": "Third"}))["id"]
    first = plate.ids[0][0]
    lock = {"updates": [{"id": first, "version": 1, "locked": True}]}
    api.ok(api.post(f"/layers/{plate.layers[0]}/changes", lock))
    named = api.ok(api.post(f"{path}/terms", {**corner, "term_id": third}))
    count = sum(x + side / 2 <= 40 and y + side / 2 <= 40 for x, y, side in places())
    assert (named["changed"], named["locked"], named["images"]) == (2 * count - 1, 1, 2)
    by_class = {one["name"]: one["objects"] for one in plate.groups(1)["groups"]}
    assert by_class == {"Third": count, "Small": 32 - count, "Large": 32}
    api.ok(api.post(f"/images/{plate.images[1]}/undo"))
    assert "Third" not in {one["name"] for one in plate.groups(1)["groups"]}


def test_a_gate_among_groups_finds_and_names_only_their_objects(api: Driver) -> None:
    plate = Plate(api)
    plate.measure(everywhere=True)
    path = f"/layers/{plate.layers[0]}/gates"
    everything = {"ranges": {"area_px2": [0, None]}, "scope": "project"}
    large = {key for key, (x, _, _) in zip(plate.ids[0], places(), strict=True) if x >= 64}
    by_class = api.ok(api.post(path, {**everything, "by": "class", "groups": ["Large"]}))
    assert (set(by_class["ids"]), by_class["elsewhere"], by_class["images"]) == (large, len(large), 1)
    other_image = api.ok(api.post(path, {**everything, "by": "well", "groups": ["A02"]}))
    assert (other_image["ids"], other_image["elsewhere"]) == ([], 64)
    both = api.ok(api.post(path, {**everything, "by": "class", "groups": ["Large", "Small"]}))
    assert (set(both["ids"]), both["elsewhere"]) == (set(plate.ids[0]), 64)
    named = api.ok(api.post(f"{path}/terms", {**everything, "by": "well", "groups": ["A02"], "term_id": None}))
    assert (named["changed"], named["images"]) == (64, 1)
    assert {one["name"] for one in plate.groups(0)["groups"]} == {"Small", "Large"}
    assert {one["name"] for one in plate.groups(1)["groups"]} == {"Unclassified"}
    gone = api.post(path, {**everything, "by": "class", "groups": ["Vast"]})
    no_clusters = api.post(path, {**everything, "by": "cluster", "groups": ["Cluster 1"]})
    assert [one.status_code for one in (gone, no_clusters)] == [404, 422]
    assert "'Vast'" in gone.json()["detail"]


def test_a_gate_that_makes_no_sense_is_refused(api: Driver) -> None:
    plate = Plate(api, ("a.tif",))
    plate.measure()
    path = f"/layers/{plate.layers[0]}/gates"
    term = {"term_id": plate.small}
    unknown = api.post(path, {"ranges": {"beauty": [0, 1]}})
    nothing = api.post(f"{path}/terms", {"ranges": {"area_px2": [5, 4]}, **term})
    foreign = api.post(f"{path}/terms", {"ranges": {"area_px2": [0, None]}, "term_id": 10**6})
    no_range = api.post(path, {"ranges": {}})
    assert [one.status_code for one in (unknown, nothing, foreign, no_range)] == [404, 422, 422, 422]
    assert "wider part" in nothing.json()["detail"]


@pytest.mark.parametrize("method", ["forest", "distance"])
def test_the_odd_object_leads_the_list_of_the_unusual(api: Driver, method: str) -> None:
    plate = Plate(api, ("a.tif",))
    odd = {"geometry": {"type": "Polygon", "coordinates": [[[0, 60], [127, 60], [127, 62], [0, 62], [0, 60]]]}}
    key = api.ok(api.post(f"/layers/{plate.layers[0]}/changes", {"creates": [odd]}))["created_ids"][0]
    plate.measure()
    plate.explore("outliers", method)
    asked = {"sort": "outlier", "order": "desc", "limit": 3}
    table = api.ok(api.get(f"/layers/{plate.layers[0]}/objects", params=asked))
    assert table["rows"][0][0] == key


def test_files_for_elsewhere_tell_image_group_and_well(api: Driver, tmp_path: Path) -> None:
    plate = Plate(api)
    plate.measure(everywhere=True)
    plate.explore("project", "pca", scope="project")
    plate.explore("cluster", "mixture", count=2, scope="project")
    (tmp_path / "a.h5ad").write_bytes(plate.file("h5ad", scope="project"))
    found = anndata.read_h5ad(tmp_path / "a.h5ad")
    assert found.shape[0] == 128
    assert found.obs["well"].value_counts().to_dict() == {"A01": 64, "A02": 64}
    assert set(found.obs["class"]) == {"Small", "Large"}
    assert found.obsm["X_pca"].shape == found.obsm["spatial"].shape == (128, 2)
    assert set(found.obs["cluster"]) == {"1", "2"}
    areas = found[:, "area_px2"].X.ravel()
    assert sorted(areas.tolist()) == sorted(2 * [side**2 for _, _, side in places()])
    assert "pca_1" not in found.var_names
    assert "PCA of 128 objects" in found.uns["notes"]
    rows = list(csv.DictReader(io.StringIO(plate.file("csv", scope="project").decode())))
    assert (len(rows), rows[0]["image"], rows[0]["group"], rows[0]["well"]) == (128, "dose_A01.tif", "dose", "A01")
    (tmp_path / "a.parquet").write_bytes(plate.file("parquet", scope="project"))
    assert pq.read_table(tmp_path / "a.parquet").num_rows == 128
    (tmp_path / "one.h5ad").write_bytes(plate.file("h5ad"))
    assert anndata.read_h5ad(tmp_path / "one.h5ad").shape[0] == 64


def test_measuring_again_takes_derived_columns_away(api: Driver) -> None:
    plate = Plate(api, ("a.tif",))
    plate.measure()
    plate.explore("project", "pca")
    plate.explore("cluster", "kmeans", count=3)
    plate.explore("cluster", "kmeans", count=2)
    assert max(plate.columns("cluster", "pca_1")["columns"]["cluster"]) == 2
    folder = plate.api.client.app.state.services.measurements
    assert len(list(folder.iterdir())) == 1, "the tables before it are gone"
    plate.measure()
    refused = api.get(f"/layers/{plate.layers[0]}/measurements", params={"columns": "cluster"})
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


def test_what_cannot_be_done_is_said(api: Driver) -> None:
    plate = Plate(api, ("a.tif",))
    body = {"kind": "explore", "layer_id": plate.layers[0], "step": "project", "method": "pca"}
    path = f"/projects/{plate.project}/jobs"
    for change, status, said in [
        ({}, 422, "Measure it first"),
        ({"method": "kmeans"}, 422, "Choose one of: pca"),
        ({"method": "nonsense"}, 422, ""),
        ({"count": 1}, 422, ""),
    ]:
        response = api.post(path, body | change)
        assert response.status_code == status, response.text
        assert said in response.json()["detail"]
    plate.measure()
    unknown = api.post(path, body | {"features": ["beauty"]})
    assert (unknown.status_code, "beauty" in unknown.json()["detail"]) == (404, True)
    constant = plate.job(**body | {"features": ["extent"]})
    assert (constant["state"], "nothing to compare" in (constant["error"] or "")) == ("failed", True)
    by_cluster = api.get(f"/layers/{plate.layers[0]}/measurements/groups", params={"by": "cluster"})
    named = api.post(f"/layers/{plate.layers[0]}/clusters/terms", {"terms": {"9": None}})
    foreign = api.post(f"/layers/{plate.layers[0]}/clusters/terms", {"terms": {"1": 10**6}})
    assert [one.status_code for one in (by_cluster, named, foreign)] == [422, 422, 422]


def test_the_methods_are_listed_with_what_is_missing(api: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cytoloop.workflows.exploration.exploring.has_umap", lambda: False)
    listed = {one["name"]: one["available"] for one in api.ok(api.get("/exploring/methods"))}
    assert listed["umap"] is False
    assert all(available for name, available in listed.items() if name != "umap")
    plate = Plate(api, ("a.tif",))
    plate.measure()
    body = {"kind": "explore", "layer_id": plate.layers[0], "step": "project", "method": "umap"}
    refused = api.post(f"/projects/{plate.project}/jobs", body)
    assert (refused.status_code, "t-SNE" in refused.json()["detail"]) == (422, True)
