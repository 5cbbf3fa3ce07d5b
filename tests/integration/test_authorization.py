"""Every route, seen by everybody: an outsider gets nowhere, and each role only as far as it may."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.routing import Route

from cytoloop.projects import users
from cytoloop.projects.permissions import Permission, Role, role_allows
from cytoloop.runtime.assembly import Services

from .conftest import running
from .driver import API, Driver, square

PASSWORD = "correct horse battery"
ROLES = ("viewer", "reviewer", "annotator", "manager", "owner")
V, A, R, M, O = (  # noqa: E741
    Permission.VIEW,
    Permission.ANNOTATE,
    Permission.RUN,
    Permission.MANAGE,
    Permission.ADMINISTER,
)
ANYONE, SIGNED_IN, ADMIN = "anyone", "signed in", "admin"
TUS = {"Upload-Length": "5", "Upload-Metadata": "filename YS50aWY="}
PATCH = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}

ROUTES: dict[str, tuple[Any, Any]] = {
    "GET /session": (ANYONE, None),
    "POST /session": (ANYONE, {"username": "nobody", "password": "x"}),
    "DELETE /session": (ANYONE, None),
    "GET /users": (SIGNED_IN, None),
    "POST /users": (ADMIN, {"username": "new", "password": PASSWORD}),
    "GET /tokens": (SIGNED_IN, None),
    "POST /tokens": (SIGNED_IN, {"name": "t"}),
    "DELETE /tokens/{token_id}": (SIGNED_IN, None),
    "GET /projects": (SIGNED_IN, None),
    "POST /projects": (SIGNED_IN, {"name": "Mine"}),
    "POST /samples": (SIGNED_IN, None),
    "GET /methods": (SIGNED_IN, None),
    "GET /models": (SIGNED_IN, None),
    "GET /models/{name}": (SIGNED_IN, None),
    "GET /models/{name}/weights": (SIGNED_IN, None),
    "GET /models/{name}/pictures/{file}": (SIGNED_IN, None),
    "GET /models/{name}/export": (SIGNED_IN, None),
    "POST /models/import": (ADMIN, "file"),
    "DELETE /models/{name}": (ADMIN, None),
    "GET /server-files": (SIGNED_IN, None),
    "GET /projects/{project_id}": (V, None),
    "PATCH /projects/{project_id}": (M, {}),
    "DELETE /projects/{project_id}": (O, None),
    "GET /projects/{project_id}/members": (V, None),
    "PUT /projects/{project_id}/members/{user_id}": (O, {"role": "viewer"}),
    "DELETE /projects/{project_id}/members/{user_id}": (O, None),
    "GET /projects/{project_id}/ontology": (V, None),
    "POST /projects/{project_id}/terms": (M, {"name": "New"}),
    "PATCH /terms/{term_id}": (M, {}),
    "DELETE /terms/{term_id}": (M, None),
    "GET /projects/{project_id}/images": (V, None),
    "POST /projects/{project_id}/images": (M, {"paths": ["/x"]}),
    "GET /images/{image_id}": (V, None),
    "PATCH /images/{image_id}": (M, {}),
    "DELETE /images/{image_id}": (M, None),
    "GET /images/{image_id}/tiles/{level}/{column}/{row}": (V, None),
    "GET /images/{image_id}/raw/{level}/{column}/{row}": (V, None),
    "GET /images/{image_id}/thumbnail": (V, None),
    "GET /images/{image_id}/histogram": (V, None),
    "GET /images/{image_id}/pixels": (V, "?x=1&y=1"),
    "GET /images/{image_id}/associated/{name}": (V, None),
    "GET /images/{image_id}/original": (V, None),
    "GET /images/{image_id}/arrival": (V, None),
    "GET /images/{image_id}/layers": (V, None),
    "POST /images/{image_id}/layers": (A, {}),
    "GET /images/{image_id}/history": (V, None),
    "GET /images/{image_id}/changes": (V, None),
    "POST /images/{image_id}/undo": (A, None),
    "POST /images/{image_id}/redo": (A, None),
    "GET /projects/{project_id}/export": (V, "?set=labels"),
    "POST /projects/{project_id}/import": (A, "file"),
    "POST /projects/{project_id}/exports": (V, {"set": "labels"}),
    "POST /projects/{project_id}/set-imports": (A, "zip"),
    "GET /jobs/{job_id}/file": (V, None),
    "GET /images/{image_id}/export": (V, "?format=geojson"),
    "POST /images/{image_id}/import": (A, "file"),
    "PATCH /layers/{layer_id}": (M, {"name": "Other"}),
    "DELETE /layers/{layer_id}": (M, None),
    "GET /layers/{layer_id}/annotations": (V, None),
    "POST /layers/{layer_id}/changes": (M, {}),
    "GET /layers/{layer_id}/tiles/{zoom}/{x}/{y}": (V, None),
    "GET /layers/{layer_id}/export": (V, "?format=geojson"),
    "GET /layers/{layer_id}/objects": (V, None),
    "GET /layers/{layer_id}/density": (V, None),
    "GET /layers/{layer_id}/density/{zoom}/{x}/{y}": (V, None),
    "GET /projects/{project_id}/labels": (V, None),
    "GET /projects/{project_id}/label-queue": (V, None),
    "GET /projects/{project_id}/classifiers": (V, None),
    "GET /projects/{project_id}/classifiers/{version}": (V, None),
    "GET /projects/{project_id}/classifiers/{version}/objects": (V, "?truth=0&predicted=0"),
    "GET /projects/{project_id}/classifiers/{version}/export": (V, None),
    "POST /projects/{project_id}/classifiers/import": (M, "file"),
    "GET /projects/{project_id}/classifiers/{version}/images": (V, "?truth=0&predicted=0"),
    "PUT /projects/{project_id}/image-classes": (
        A,
        {"images": [{"image_id": "00000000-0000-0000-0000-000000000000", "term_id": None}]},
    ),
    "POST /projects/{project_id}/image-classes/suggestions": (A, {"action": "clear"}),
    "GET /projects/{project_id}/image-classes.csv": (V, None),
    "DELETE /projects/{project_id}/classifiers/{version}": (M, None),
    "GET /projects/{project_id}/scribbles": (V, None),
    "GET /projects/{project_id}/pixel-classifiers": (V, None),
    "GET /projects/{project_id}/pixel-classifiers/{version}": (V, None),
    "GET /projects/{project_id}/pixel-classifiers/{version}/export": (V, None),
    "POST /projects/{project_id}/pixel-classifiers/import": (M, "file"),
    "DELETE /projects/{project_id}/pixel-classifiers/{version}": (M, None),
    "GET /images/{image_id}/pixel-preview": (V, "?classifier=1&x0=0&y0=0&x1=9&y1=9"),
    "GET /projects/{project_id}/landmarks": (V, None),
    "PUT /projects/{project_id}/landmarks": (M, {"term_ids": []}),
    "GET /projects/{project_id}/landmarks/measures": (V, None),
    "GET /projects/{project_id}/landmarks/measures.csv": (V, None),
    "GET /projects/{project_id}/landmarks/measures.parquet": (V, None),
    "GET /images/{image_id}/landmarks": (V, None),
    "POST /images/{image_id}/landmarks/accept": (A, {}),
    "GET /projects/{project_id}/landmark-detectors": (V, None),
    "GET /projects/{project_id}/landmark-detectors/{version}": (V, None),
    "GET /projects/{project_id}/landmark-detectors/{version}/export": (V, None),
    "POST /projects/{project_id}/landmark-detectors/import": (M, "file"),
    "DELETE /projects/{project_id}/landmark-detectors/{version}": (M, None),
    "GET /layers/{layer_id}/spatial/regions": (V, "?region_layer_id={layer_id}"),
    "GET /layers/{layer_id}/spatial/regions.csv": (V, "?region_layer_id={layer_id}"),
    "GET /layers/{layer_id}/spatial/neighbours": (V, None),
    "GET /layers/{layer_id}/spatial/neighbours.csv": (V, None),
    "GET /layers/{layer_id}/crops/{annotation_id}": (V, None),
    "GET /images/{image_id}/slices/{side}": (V, "?at=1"),
    "POST /layers/{layer_id}/bulk": (M, {"action": {"action": "add_tag", "tag": "a"}}),
    "POST /images/{image_id}/review": (A, {"layer_id": "{layer_id}", "decision": "reject"}),
    "GET /projects/{project_id}/review": (V, None),
    "GET /layers/{layer_id}/objects/index": (V, None),
    "GET /layers/{layer_id}/objects/rank": (V, "?id={annotation_id}"),
    "GET /layers/{layer_id}/measurements": (V, "?columns=area"),
    "GET /layers/{layer_id}/measurements/summary": (V, None),
    "GET /layers/{layer_id}/measurements.csv": (V, None),
    "GET /layers/{layer_id}/measurements.parquet": (V, None),
    "GET /layers/{layer_id}/measurements.h5ad": (V, None),
    "GET /layers/{layer_id}/measurements/groups": (V, None),
    "GET /layers/{layer_id}/measurements/groups.csv": (V, None),
    "POST /layers/{layer_id}/clusters/terms": (M, {"terms": {"1": None}}),
    "POST /layers/{layer_id}/gates": (V, {"ranges": {"area_px2": [0, None]}}),
    "POST /layers/{layer_id}/gates/terms": (M, {"ranges": {"area_px2": [0, None]}, "term_id": None}),
    "GET /exploring/methods": (SIGNED_IN, None),
    "GET /annotations/{annotation_id}": (V, None),
    "GET /annotations/{annotation_id}/similar": (V, None),
    "OPTIONS /projects/{project_id}/uploads": (M, None),
    "POST /projects/{project_id}/uploads": (M, TUS),
    "POST /projects/{project_id}/imports": (M, {"upload_ids": ["{upload_id}"]}),
    "GET /projects/{project_id}/jobs": (V, None),
    "POST /projects/{project_id}/jobs": (R, {"kind": "measure", "layer_ids": ["{layer_id}"]}),
    "GET /jobs/{job_id}": (V, None),
    "GET /jobs/{job_id}/log": (V, None),
    "POST /jobs/{job_id}/cancel": (R, None),
    "GET /jobs/{job_id}/comparison": (V, None),
    "GET /jobs/{job_id}/comparison/{row}/picture": (V, None),
    "POST /jobs/{job_id}/comparison/{row}/pipeline": (ADMIN, {"name": "mine", "title": "Mine"}),
    "GET /projects/{project_id}/corrections": (V, None),
    "GET /jobs/{job_id}/tuning": (V, None),
    "GET /jobs/{job_id}/tuning/curve": (V, None),
    "GET /jobs/{job_id}/tuning/pictures/{number}/{which}": (V, None),
    "POST /jobs/{job_id}/tuning/model": (M, {"name": "mine"}),
    "DELETE /jobs/{job_id}/tuning/model": (M, None),
    "GET /preprocessing": (SIGNED_IN, None),
    "POST /jobs/{job_id}/retry": (R, None),
    "POST /jobs/{job_id}/finish": (R, None),
    "GET /jobs/{job_id}/curve": (V, None),
    "GET /events": (V, "?project_id={project_id}"),
}
OWN_UPLOADS = {
    "HEAD /uploads/{upload_id}": None,
    "GET /uploads/{upload_id}": None,
    "PATCH /uploads/{upload_id}": PATCH,
    "DELETE /uploads/{upload_id}": None,
}
# The stream never ends for those who may read it: those are tested in test_events.py.
ENDLESS = {"GET /events"}


class World:
    """A server with a project, everything in it, and a person for every role."""

    def __init__(self, driver: Driver, services: Services) -> None:
        self.driver = driver
        hashed = users.hash_password(PASSWORD)

        def add(c: Any) -> dict[str, int]:
            names = ["admin", "outsider", *ROLES]
            return {
                name: users.create_user(
                    c, username=name, display_name=name, password_hash=hashed, is_admin=name == "admin"
                ).id
                for name in names
            }

        self.ids = services.database.write(add)
        self.tokens = {
            name: services.database.write(
                lambda c, key=key: users.create_token(c, user_id=key, name="test", scope="write")[1]
            )
            for name, key in self.ids.items()
        }
        self.read_only = services.database.write(
            lambda c: users.create_token(c, user_id=self.ids["owner"], name="read", scope="read")[1]
        )
        self.places = self.build()

    def as_(self, name: str | None) -> Driver:
        if name is None:
            self.driver.client.headers.pop("authorization", None)
        else:
            token = self.read_only if name == "read-only" else self.tokens[name]
            self.driver.client.headers["authorization"] = f"Bearer {token}"
        self.driver.client.cookies.clear()
        return self.driver

    def build(self) -> dict[str, str]:
        api = self.as_("owner")
        project = api.project()
        for role in ROLES[:-1]:
            api.ok(api.client.put(f"{API}/projects/{project}/members/{self.ids[role]}", json={"role": role}))
        term = api.ok(api.post(f"/projects/{project}/terms", {"name": "Cell"}))["id"]
        image = api.image(project)["id"]
        layer = api.layer(image)
        made = api.ok(api.post(f"/layers/{layer}/changes", {"creates": [{"geometry": square(5, 5)}]}))
        job = api.ok(api.post(f"/projects/{project}/jobs", {"kind": "measure", "layer_ids": [layer]}))
        api.finished(job)
        upload = api.client.post(f"{API}/projects/{project}/uploads", headers=TUS).headers["location"]
        values = {
            "project_id": project,
            "term_id": term,
            "image_id": image,
            "layer_id": layer,
            "annotation_id": made["created_ids"][0],
            "side": "x",
            "job_id": job["id"],
            "upload_id": upload.rsplit("/", 1)[1],
            "user_id": self.ids["reviewer"],
        }
        plain = {
            "level": 0,
            "column": 0,
            "row": 0,
            "number": 1,
            "which": "before",
            "zoom": 0,
            "x": 0,
            "y": 0,
            "name": "label",
            "token_id": 1,
            "version": 1,
        }
        return {key: str(value) for key, value in (values | plain | {"file": "cover.png"}).items()}

    def request(self, who: str | None, route: str, body: Any) -> Any:
        method, path = route.split(" ", 1)
        options: dict[str, Any] = {}
        if isinstance(body, str) and body.startswith("?"):
            path += body
        elif body == "file":
            options["files"] = {"file": ("a.csv", b"nonsense")}
        elif body == "zip":
            options["content"] = b"nonsense"
        elif body in (TUS, PATCH):
            options["headers"] = body
        elif body is not None:
            upload, layer = self.places["upload_id"], self.places["layer_id"]
            filled = {k: [upload] if k == "upload_ids" else [layer] if k == "layer_ids" else v for k, v in body.items()}
            options["json"] = {k: v.format(**self.places) if isinstance(v, str) else v for k, v in filled.items()}
        return self.as_(who).client.request(method, API + path.format(**self.places), **options)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with running(tmp_path / "home", mode="accounts") as (driver, services):
        yield World(driver, services)


def test_every_route_is_in_the_list_above(world: World) -> None:
    app = world.driver.client.app
    found = {
        f"{method.upper()} {path.removeprefix(API)}"
        for path, methods in app.openapi()["paths"].items()
        for method in methods
        if path.startswith(API)
    }
    plain = [one for one in app.router.routes if isinstance(one, Route) and not isinstance(one, APIRoute)]
    found |= {f"GET {one.path.removeprefix(API)}" for one in plain if one.path.startswith(f"{API}/images")}
    assert len(plain) >= 3
    assert found == set(ROUTES) | set(OWN_UPLOADS)


@pytest.mark.parametrize("route", sorted(ROUTES))
def test_a_stranger_and_an_outsider_get_nowhere(world: World, route: str) -> None:
    needs, body = ROUTES[route]
    stranger = world.request(None, route, body)
    if needs is not ANYONE:
        assert stranger.status_code == 401, stranger.text
        assert stranger.json()["code"] == "not_signed_in"
    if isinstance(needs, Permission):
        outsider = world.request("outsider", route, body)
        assert outsider.status_code == 404, outsider.text
    if needs is ADMIN:
        assert world.request("owner", route, body).status_code == 403


@pytest.mark.parametrize("route", sorted(one for one in ROUTES if isinstance(ROUTES[one][0], Permission)))
def test_each_role_may_do_its_own_and_no_more(world: World, route: str) -> None:
    needs, body = ROUTES[route]
    for role in ROLES:
        allowed = role_allows(Role(role), needs)
        if route in ENDLESS and allowed:
            continue
        status = world.request(role, route, body).status_code
        if allowed:
            assert status != 403, (role, status)
            break  # what the least of the allowed roles did may have deleted the thing
        assert status == 403, (role, status)


@pytest.mark.parametrize("route", sorted(one for one in ROUTES if isinstance(ROUTES[one][0], Permission)))
def test_a_read_only_token_changes_nothing(world: World, route: str) -> None:
    needs, body = ROUTES[route]
    if needs is not V:
        assert world.request("read-only", route, body).status_code == 403


@pytest.mark.parametrize("route", sorted(OWN_UPLOADS))
def test_uploads_belong_to_whoever_sends_them(world: World, route: str) -> None:
    body = OWN_UPLOADS[route]
    assert world.request(None, route, body).status_code == 401
    assert world.request("outsider", route, body).status_code == 404
    assert world.request("viewer", route, body).status_code == 403
    assert world.request("manager", route, body).status_code == 404
    assert world.request("owner", route, body).status_code in (200, 204)


def test_an_annotator_draws_on_a_layer_of_their_own_and_not_on_others(world: World) -> None:
    image, foreign = world.places["image_id"], world.places["layer_id"]
    api = world.as_("annotator")
    mine = api.layer(image)
    assert mine != foreign
    api.ok(api.post(f"/layers/{mine}/changes", {"creates": [{"geometry": square(2, 2)}]}))
    response = api.post(f"/layers/{foreign}/changes", {"creates": [{"geometry": square(2, 2)}]})
    assert response.status_code == 403
    assert "layer of your own" in response.json()["detail"]
    assert [one["editable"] for one in api.ok(api.get(f"/images/{image}/layers"))] == [False, True]


def test_a_reviewer_decides_on_others_objects_and_an_annotator_does_not(world: World) -> None:
    image, foreign, key = (world.places[name] for name in ("image_id", "layer_id", "annotation_id"))
    body = {"layer_id": foreign, "decision": "accept", "ids": [int(key)]}
    refused = world.as_("annotator").post(f"/images/{image}/review", body)
    assert (refused.status_code, "reviewer" in refused.json()["detail"]) == (403, True)
    api = world.as_("reviewer")
    done = api.ok(api.post(f"/images/{image}/review", body))
    assert (done["decided"], done["history"]["undo_count"]) == (1, 1)
    moved = {"action": {"action": "move", "layer_id": foreign}}
    assert api.post(f"/layers/{done['review_layer_id']}/bulk", moved).status_code == 403
    assert world.as_("outsider").post(f"/layers/{foreign}/bulk", moved).status_code == 404


def test_an_administrator_reaches_every_project(world: World) -> None:
    assert world.request("admin", "GET /projects/{project_id}", None).json()["role"] == "owner"


def test_the_last_owner_cannot_be_lost(world: World) -> None:
    api = world.as_("owner")
    path = f"{API}/projects/{world.places['project_id']}/members/{world.ids['owner']}"
    assert api.client.put(path, json={"role": "viewer"}).status_code == 409
    assert api.client.delete(path).status_code == 409


def test_signing_in_and_out_with_a_cookie_needs_the_csrf_token(world: World) -> None:
    client: TestClient = world.as_(None).client
    wrong = client.post(f"{API}/session", json={"username": "owner", "password": "wrong"})
    unknown = client.post(f"{API}/session", json={"username": "who", "password": "wrong"})
    assert (wrong.status_code, wrong.json()["detail"]) == (401, unknown.json()["detail"])
    session = client.post(f"{API}/session", json={"username": "owner", "password": PASSWORD})
    assert session.json()["user"]["username"] == "owner"
    assert "httponly" in session.headers["set-cookie"].lower()
    assert "samesite=lax" in session.headers["set-cookie"].lower()
    assert client.get(f"{API}/projects").status_code == 200
    without = client.post(f"{API}/projects", json={"name": "X"})
    assert (without.status_code, "CSRF" in without.json()["detail"]) == (403, True)
    token = {"X-CSRF-Token": session.json()["csrf_token"]}
    assert client.post(f"{API}/projects", json={"name": "X"}, headers=token).status_code == 201
    cookie = dict(client.cookies)
    assert client.delete(f"{API}/session", headers=token).status_code == 204
    client.cookies.update(cookie)
    assert client.get(f"{API}/projects").status_code == 401


def test_pages_of_other_sites_and_other_names_are_refused(world: World) -> None:
    api = world.as_("owner")
    assert api.post("/projects", {"name": "X"}, headers={"Origin": "http://evil.example"}).status_code == 403
    assert api.post("/projects", {"name": "X"}, headers={"Origin": "http://127.0.0.1:8000"}).status_code == 201
