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
