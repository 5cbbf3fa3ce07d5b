from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, Self

import pytest

from cytoloop.workflows.segmentation import batch
from cytoloop.workflows.segmentation.batch import BatchOrder, Outcome, image_stem, segment_files


class FakePool:
    """A pool of processes in which the file ``poison.png`` kills its process, and one other dies with it."""

    started = 0

    def __init__(self, workers: int) -> None:
        FakePool.started += 1
        self._broken = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def submit(self, work: Any, path: Path, order: BatchOrder) -> Future[Outcome]:
        if self._broken:
            raise BrokenProcessPool
        future: Future[Outcome] = Future()
        if path.name == "poison.png":
            self._broken = True
            future.set_exception(BrokenProcessPool())
        else:
            future.set_result(Outcome(path, objects=1))
        return future


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.ome.tif", "a.labels.tif", "a.ome.zarr", "folder/a.svs"])
def test_stems_are_names_without_endings(name: str) -> None:
    assert image_stem(Path(name)) == "a"


def test_a_file_that_kills_its_process_costs_itself_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "_pool", FakePool)
    paths = [Path(f"{number}.png") for number in range(20)]
    paths.insert(7, Path("poison.png"))
    seen: list[Path] = []
    outcomes = segment_files(
        paths, BatchOrder("threshold", {}, tmp_path), workers=3, on_done=lambda one: seen.append(one.path)
    )
    assert [one.path for one in outcomes] == paths
    assert sorted(seen) == sorted(paths)
    assert [one.path.name for one in outcomes if one.error] == ["poison.png"]
    assert "memory" in str(outcomes[7].error)
    assert FakePool.started < 6
