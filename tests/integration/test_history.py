"""What was done on an image, over the web API."""

from .driver import Driver, square


def test_the_history_of_an_image_comes_in_pages_and_tells_what_undo_will_take_back(api: Driver) -> None:
    image = api.image(api.project())["id"]
    layer = api.layer(image)
    for x in (5, 20, 40):
        api.ok(api.post(f"/layers/{layer}/changes", {"creates": [{"geometry": square(x, 5)}]}))
    api.ok(api.post(f"/images/{image}/undo"))
    newest, *older = api.ok(api.get(f"/images/{image}/changes"))
    assert (newest["label"], newest["state"], newest["own"], newest["undoable"]) == (
        "Draw an object",
        "undone",
        True,
        False,
    )
    assert [(one["state"], one["undoable"], one["objects"], one["layer_id"]) for one in older] == [
        ("done", True, 1, layer)
    ] * 2
    assert older[0]["who"]
    page = api.ok(api.get(f"/images/{image}/changes?limit=1&before={newest['id']}"))
    assert page == older[:1]
    assert api.get(f"/images/{image}/changes?limit=0").status_code == 422


def test_a_run_is_undone_and_redone_with_its_layer(api: Driver) -> None:
    project = api.project()
    image = api.image(project)["id"]
    body = {"kind": "segment", "method": "threshold", "image_ids": [image]}
    job = api.finished(api.ok(api.post(f"/projects/{project}/jobs", body)))
    (layer,) = api.ok(api.get(f"/images/{image}/layers"))
    some = api.ok(api.get(f"/layers/{layer['id']}/annotations?limit=1"))["items"][0]
    (entry,) = api.ok(api.get(f"/images/{image}/changes"))
    assert (entry["label"], entry["objects"], entry["undoable"]) == (job["title"], layer["count"], True)
    moved = {"updates": [{"id": some["id"], "version": some["version"], "geometry": square(50, 50)}]}
    api.ok(api.post(f"/layers/{layer['id']}/changes", moved))
    assert api.ok(api.post(f"/images/{image}/undo"))["message"] is None
    gone = api.ok(api.post(f"/images/{image}/undo"))
    assert layer["name"] in gone["message"]
    assert (gone["undo_count"], gone["redo_count"], gone["changed"][0]["layer_id"]) == (0, 2, layer["id"])
    assert api.ok(api.get(f"/images/{image}/layers")) == []
    assert api.get(f"/layers/{layer['id']}/annotations").status_code == 404
    assert api.get(f"/annotations/{some['id']}").status_code == 404
    assert api.ok(api.get(f"/jobs/{job['id']}"))["layer_ids"] == []
    assert api.ok(api.get(f"/projects/{project}"))["annotation_count"] == 0
    back = api.ok(api.post(f"/images/{image}/redo"))
    assert layer["name"] in back["message"]
    (again,) = api.ok(api.get(f"/images/{image}/layers"))
    assert (again["id"], again["count"]) == (layer["id"], layer["count"])
    assert api.ok(api.get(f"/annotations/{some['id']}"))["area"] == some["area"]
