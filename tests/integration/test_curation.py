"""Filters, bulk actions and the review of proposals over the web API."""

from typing import Any

import pytest

from cytoloop.workflows.measurements import tables

from .driver import Driver, square

COUNT = 11_000


class Bench:
    """An image with a layer of the caller's, and short words for what is asked of it."""

    def __init__(self, api: Driver) -> None:
        self.api = api
        self.project = api.project()
        self.image = api.image(self.project)["id"]
        self.layer = api.layer(self.image)

    def draw(self, *objects: dict[str, Any]) -> list[int]:
        body = {"creates": [{"geometry": square(5 + 20 * i, 5)} | one for i, one in enumerate(objects)]}
        return self.api.ok(self.api.post(f"/layers/{self.layer}/changes", body))["created_ids"]

    def term(self, name: str) -> int:
        return self.api.ok(self.api.post(f"/projects/{self.project}/terms", {"name": name}))["id"]

    def new_layer(self, name: str = "Other", image: str | None = None) -> str:
        return self.api.ok(self.api.post(f"/images/{image or self.image}/layers", {"name": name}))["id"]

    def bulk(self, action: dict[str, Any], **body: Any) -> Any:
        return self.api.post(f"/layers/{self.layer}/bulk", {"action": action} | body)

    def review(self, decision: str, **body: Any) -> Any:
        return self.api.post(f"/images/{self.image}/review", {"layer_id": self.layer, "decision": decision} | body)

    def undo(self) -> dict[str, Any]:
        return self.api.ok(self.api.post(f"/images/{self.image}/undo"))

    def objects(self, layer: str | None = None) -> list[dict[str, Any]]:
        return self.api.ok(self.api.get(f"/layers/{layer or self.layer}/annotations?limit=10000"))["items"]

    def listed(self, **query: Any) -> list[int]:
        table = self.api.ok(self.api.get(f"/layers/{self.layer}/objects", params=query))
        assert table["total"] == len(table["rows"])
        return [row[0] for row in table["rows"]]


@pytest.fixture
def bench(api: Driver) -> Bench:
    return Bench(api)


def test_a_layer_too_large_for_a_table_is_listed_by_number(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    term = bench.term("Cell")
    bench.draw(*({"term_id": term, "score": 0.5} for _ in range(5)))
    bench.draw({}, {}, {})
    small = bench.api.ok(bench.api.get(f"/layers/{bench.layer}/objects"))
    bench.draw({})
    whole = bench.api.ok(bench.api.get(f"/layers/{bench.layer}/objects"))
    monkeypatch.setattr(tables, "MAX_ROWS", 8)
    parts = [
        bench.api.ok(bench.api.get(f"/layers/{bench.layer}/objects?offset={offset}&limit=4")) for offset in (0, 4, 8)
    ]
    assert [row for part in parts for row in part["rows"]] == whole["rows"]
    assert whole["rows"][:8] == small["rows"]
    assert {part["total"] for part in parts} == {9}
    turned = bench.api.ok(bench.api.get(f"/layers/{bench.layer}/objects?order=desc&limit=2"))
    assert turned["rows"] == whole["rows"][:-3:-1]
    for asked in ("objects?sort=area", "objects?term_id=1", "measurements/summary", "objects/index"):
        problem = bench.api.get(f"/layers/{bench.layer}/{asked}")
        assert problem.status_code == 413, asked
        assert "more than 8 objects" in problem.json()["detail"]


def test_the_table_is_filtered_by_everything_one_can_ask(bench: Bench) -> None:
    term = bench.term("Cell")
    a, b, c = bench.draw(
        {"term_id": term, "score": 0.25},
        {"score": 0.75, "status": "predicted", "tags": ["mitosis"], "properties": {"stain": "HE"}},
        {"geometry": square(60, 60, 40), "description": "A large one"},
    )
    me = bench.objects()[0]["creator"]
    for query, wanted in (
        ({"term_id": term}, [a]),
        ({"min_score": 0.5}, [b]),
        ({"min_score": 0.1, "max_score": 0.5}, [a]),
        ({"min_area": 101}, [c]),
        ({"max_area": 101}, [a, b]),
        ({"author": me}, [a, b, c]),
        ({"author": "nobody"}, []),
        ({"status": "predicted"}, [b]),
        ({"tag": "mitosis"}, [b]),
        ({"property": "stain", "property_value": "HE"}, [b]),
        ({"property": "stain", "property_value": "IHC"}, []),
        ({"text": "LARGE"}, [c]),
    ):
        assert bench.listed(**query) == wanted, query
    index = bench.api.ok(bench.api.get(f"/layers/{bench.layer}/objects/index?sort=area&order=desc"))
    assert index == {"ids": [c, a, b], "term_ids": [None, term, None], "versions": [1, 1, 1], "suggested": [False] * 3}
    some = bench.api.ok(bench.api.get(f"/layers/{bench.layer}/annotations", params={"ids": [c, b, 10**9]}))
    assert [one["id"] for one in some["items"]] == [b, c]
    rank = bench.api.ok(bench.api.get(f"/layers/{bench.layer}/objects/rank", params={"id": c, "min_area": 101}))
    assert rank == {"offset": 0}
    assert bench.api.get(f"/layers/{bench.layer}/objects?status=odd").status_code == 422
    assert bench.api.get(f"/layers/{bench.layer}/objects?term_id={2**70}").status_code == 422


def test_bulk_on_more_than_ten_thousand_objects_is_one_undo_step(bench: Bench) -> None:
    term = bench.term("Cell")
    half = COUNT // 2
    for _ in range(2):
        bench.draw(*({"geometry": square(5, 5), "score": index % 2} for index in range(half)))
    done = bench.api.ok(bench.bulk({"action": "set_term", "term_id": term}))
    assert (done["matched"], done["changed"], done["locked"]) == (COUNT, COUNT, 0)
    assert done["history"]["undo_label"] == f"Set the class of {COUNT:,} objects"
    again = bench.api.ok(bench.bulk({"action": "set_term", "term_id": term}))
    assert (again["changed"], again["change_id"]) == (0, None)
    done = bench.api.ok(bench.bulk({"action": "delete"}, filter={"min_score": 0.5}))
    assert done["changed"] == COUNT // 2
    bench.undo()
    bench.undo()
    (layer,) = bench.api.ok(bench.api.get(f"/images/{bench.image}/layers"))
    assert layer["term_counts"] == [{"term_id": None, "count": COUNT}]
    assert layer["review"] == {"predicted": 0, "accepted": COUNT, "rejected": 0}


def test_a_repeated_key_does_it_once(bench: Bench) -> None:
    ids = bench.draw({}, {})
    first, second = (
        bench.api.ok(bench.bulk({"action": "add_tag", "tag": "a"}, ids=ids[:1], idempotency_key="k" * 8))
        for _ in range(2)
    )
    assert first == second
    assert [one["version"] for one in bench.objects()] == [2, 1]


def test_moving_needs_a_layer_of_the_same_image(bench: Bench) -> None:
    ids = bench.draw({}, {})
    other = bench.new_layer()
    away = bench.new_layer(image=bench.api.image(bench.project, "b.tif")["id"])
    for target, status in ((away, 422), (bench.layer, 422), ("00000000-0000-4000-8000-000000000000", 404)):
        assert bench.bulk({"action": "move", "layer_id": target}).status_code == status
    done = bench.api.ok(bench.bulk({"action": "move", "layer_id": other}, ids=ids[:1]))
    assert done["changed"] == 1
    assert [one["id"] for one in bench.objects(other)] == ids[:1]
    changed = bench.undo()["changed"]
    assert {one["layer_id"] for one in changed} == {bench.layer, other}
    assert [one["id"] for one in bench.objects()] == ids


def test_locked_objects_are_counted_and_a_stale_edit_is_noticed_after(bench: Bench) -> None:
    locked, free = bench.draw({"locked": True}, {})
    done = bench.api.ok(bench.bulk({"action": "delete"}, ids=[locked]))
    assert (done["matched"], done["changed"], done["locked"]) == (1, 0, 1)
    bench.api.ok(bench.bulk({"action": "set_locked", "locked": False}))
    bench.api.ok(bench.bulk({"action": "set_status", "status": "predicted"}, ids=[free]))
    stale = bench.api.post(f"/layers/{bench.layer}/changes", {"deletes": [{"id": free, "version": 1}]})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_version")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"action": {"action": "explode"}},
        {"action": {"action": "set_term", "term_id": 12345}},
        {"action": {"action": "add_tag", "tag": "  "}},
        {"action": {"action": "delete"}, "filter": {"bbox": [5, 5, 5, 9]}},
        {"action": {"action": "delete"}, "filter": {"clas": 1}},
        {"action": {"action": "delete"}, "ids": [-1]},
    ],
)
def test_nonsense_is_refused_and_nothing_changes(bench: Bench, body: dict[str, Any]) -> None:
    bench.draw({})
    assert bench.api.post(f"/layers/{bench.layer}/bulk", body).status_code == 422
    assert [one["version"] for one in bench.objects()] == [1]


def test_review_copies_with_parent_counts_and_undoes(bench: Bench) -> None:
    a, b, c = bench.draw(*({"status": "predicted", "score": 0.5} for _ in range(3)))
    done = bench.api.ok(bench.review("accept", ids=[a]))
    assert (done["matched"], done["decided"]) == (1, 1)
    assert done["counts"] == {"predicted": 2, "accepted": 1, "rejected": 0}
    (copy,) = bench.objects(done["review_layer_id"])
    assert (copy["parent_id"], copy["status"], copy["geometry"]) == (a, "accepted", square(5, 5))
    bench.api.ok(bench.review("reject", ids=[b]))
    boxed = bench.review("accept", filter={"bbox": [40, 0, 80, 20], "status": "predicted"})
    assert bench.api.ok(boxed)["counts"] == {"predicted": 0, "accepted": 2, "rejected": 1}
    assert [one["parent_id"] for one in bench.objects(done["review_layer_id"])] == [a, c]
    layers = bench.api.ok(bench.api.get(f"/images/{bench.image}/layers"))
    assert [one["kind"] for one in layers] == ["user", "review"]
    assert layers[0]["review"] == {"predicted": 0, "accepted": 2, "rejected": 1}
    for _ in range(3):
        bench.undo()
    assert [one["status"] for one in bench.objects()] == ["predicted"] * 3
    assert bench.objects(done["review_layer_id"]) == []


def test_a_review_of_another_images_layer_is_refused(bench: Bench) -> None:
    other = bench.api.layer(bench.api.image(bench.project, "b.tif")["id"])
    response = bench.api.post(f"/images/{bench.image}/review", {"layer_id": other, "decision": "accept"})
    assert (response.status_code, "another image" in response.json()["detail"]) == (422, True)


def test_progress_of_a_project_counts_its_run_layers(bench: Bench) -> None:
    assert bench.api.ok(bench.api.get(f"/projects/{bench.project}/review"))["images"] == []
    job = {"kind": "segment", "image_ids": [bench.image], "method": "threshold", "parameters": {}}
    started = bench.api.ok(bench.api.post(f"/projects/{bench.project}/jobs", job))
    assert bench.api.finished(started)["state"] == "done"
    layers = bench.api.ok(bench.api.get(f"/images/{bench.image}/layers"))
    (run,) = [one for one in layers if one["kind"] == "run"]
    assert run["count"] > 0
    bench.layer = run["id"]
    bench.api.ok(bench.review("reject", ids=[bench.objects()[0]["id"]]))
    progress = bench.api.ok(bench.api.get(f"/projects/{bench.project}/review"))
    (image,) = progress["images"]
    assert (image["image_id"], image["layers"], image["rejected"]) == (bench.image, 1, 1)
    assert progress["total"] == {"predicted": run["count"] - 1, "accepted": 0, "rejected": 1}
