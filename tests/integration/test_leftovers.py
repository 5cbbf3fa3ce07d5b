"""Files beside the database go with what they belong to, and not before."""

import os
import time
from pathlib import Path

from cytoloop.workflows.housekeeping.leftovers import ARRIVING_S

from .conftest import running
from .driver import API, Driver, square


def _measured(api: Driver) -> tuple[str, str]:
    project = api.project()
    layer = api.layer(api.image(project)["id"])
    api.ok(api.post(f"/layers/{layer}/changes", {"creates": [{"geometry": square(5, 5)}]}))
    job = api.ok(api.post(f"/projects/{project}/jobs", {"kind": "measure", "layer_ids": [layer]}))
    assert api.finished(job)["state"] == "done"
    return project, layer


def test_files_of_a_deleted_project_are_swept_when_they_are_old(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home) as (api, services):
        doomed, layer = _measured(api)
        _, other = _measured(api)
        (file,) = (home / "measurements").glob(f"{layer}-*.parquet")
        folders = [home / "comparisons" / doomed, home / "classifiers" / doomed]  # any number that no job has
        for folder in folders:
            folder.mkdir(parents=True)
            (folder / "x.json").write_text("{}")
        stranger = home / "comparisons" / "notes.txt"
        stranger.write_text("of somebody")
        long_ago = time.time() - 2 * ARRIVING_S
        for path in (file, *folders, stranger):
            os.utime(path, (long_ago, long_ago))
        services.sweeper.sweep()
        assert file.exists(), "its layer is there"
        assert folders[1].exists(), "its project is there"
        assert not folders[0].exists()
        api.ok(api.client.delete(f"{API}/projects/{doomed}"))
        services.sweeper.sweep()
        assert not file.exists()
        assert not folders[1].exists()
        assert stranger.exists()
        assert len(list((home / "measurements").glob(f"{other}-*.parquet"))) == 1


def test_what_is_young_may_have_its_record_on_the_way(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home) as (api, services):
        project, layer = _measured(api)
        api.ok(api.client.delete(f"{API}/projects/{project}"))
        services.sweeper.sweep()
        assert list((home / "measurements").glob(f"{layer}-*.parquet"))
