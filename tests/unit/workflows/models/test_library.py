"""Import, export and removal of models."""

import shutil
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest

from cytoloop.core.errors import ConflictError, CytoloopError, InvalidInputError, NotFoundError, TooLargeError
from cytoloop.learning.method import Calibration, Pixels, parse_parameters
from cytoloop.learning.registry import MethodRegistry
from cytoloop.workflows.models import library as workflow

from ....tinymodels import foreign, package, png  # noqa: TID252 - tests are no package


@pytest.fixture
def registry(tmp_path: Path) -> MethodRegistry:
    return MethodRegistry(tmp_path / "home" / "models")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    made = package(tmp_path / "made" / "tiny")
    return workflow.export_model(made, tmp_path / "tiny.zip")


def left_behind(registry: MethodRegistry) -> list[str]:
    assert registry.models is not None
    return sorted(one.name for one in registry.models.iterdir()) if registry.models.is_dir() else []


def test_export_and_import_give_the_same_model_which_segments(archive: Path, registry: MethodRegistry) -> None:
    found = workflow.import_model(registry, archive)
    assert (found.name, found.shipped) == ("tiny", False)
    assert left_behind(registry) == ["tiny"]
    again = workflow.export_model(found, archive.with_name("again.zip"))
    with zipfile.ZipFile(archive) as one, zipfile.ZipFile(again) as other:
        assert {name: one.read(name) for name in one.namelist()} == {n: other.read(n) for n in other.namelist()}
    method = registry.by_name("tiny")
    picture = np.zeros((64, 64, 1), np.uint8)
    picture[20:40, 20:40] = 200
    pixels = Pixels(picture, rgb=False)
    labels = method.segment(pixels, parse_parameters(method, {"diameter_px": 26}), Calibration()).labels
    assert labels.max() == 1
    assert (labels > 0).sum() == 400


def test_a_folder_and_a_zip_with_one_folder_are_taken(archive: Path, registry: MethodRegistry, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    shutil.unpack_archive(archive, folder / "inside")
    assert workflow.import_model(registry, folder, "a").name == "a"
    wrapped = Path(shutil.make_archive(str(tmp_path / "Wrapped Model (2)"), "zip", folder))
    assert workflow.import_model(registry, wrapped).name == "wrapped-model--2"
    assert workflow.import_model(registry, foreign(tmp_path / "foreign")).spec.channels == 1


def test_a_name_is_taken_once(archive: Path, registry: MethodRegistry) -> None:
    workflow.import_model(registry, archive)
    for name in ("tiny", "threshold"):
        with pytest.raises(ConflictError, match="another name"):
            workflow.import_model(registry, archive, name)
    assert workflow.import_model(registry, archive, "tiny-2").name == "tiny-2"


def test_a_folder_that_is_no_model_keeps_its_name(archive: Path, registry: MethodRegistry) -> None:
    assert registry.models is not None
    (registry.models / "tiny").mkdir(parents=True)
    (registry.models / "tiny" / "notes.txt").write_text("mine")
    with pytest.raises(ConflictError, match="another name"):
        workflow.import_model(registry, archive)
    assert (registry.models / "tiny" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["../up", "", "Upper", "a/b", ".hidden", "x" * 81, "nul\0"])
def test_names_that_are_none_are_refused(archive: Path, registry: MethodRegistry, name: str) -> None:
    if name:
        with pytest.raises(InvalidInputError, match="cannot name a model"):
            workflow.import_model(registry, archive, name)
    assert left_behind(registry) == []


def _zip(path: Path, files: dict[str, bytes], link: str | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
        if link is not None:
            info = zipfile.ZipInfo(link)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            opened.writestr(info, "/etc/passwd")
    return path


def _bad(folder: Path) -> dict[str, tuple[Path, type[CytoloopError], str]]:
    description = b"type: model\nformat_version: 0.5.4\n"
    truncated = folder / "truncated.zip"
    truncated.write_bytes(_zip(folder / "whole.zip", {"a.bin": bytes(range(256)) * 40}).read_bytes()[:300])
    picture = folder / "picture.zip"
    picture.write_bytes(png())
    return {
        "climbs out": (_zip(folder / "up.zip", {"../rdf.yaml": description}), InvalidInputError, "out of its folder"),
        "absolute": (_zip(folder / "abs.zip", {"/etc/rdf.yaml": description}), InvalidInputError, "out of its folder"),
        "link": (_zip(folder / "l.zip", {"rdf.yaml": description}, "weights.onnx"), InvalidInputError, "link"),
        "bomb": (_zip(folder / "bomb.zip", {"weights.onnx": bytes(50 << 20)}), TooLargeError, "more than is allowed"),
        "many": (_zip(folder / "many.zip", {f"{n}": b"x" for n in range(1200)}), TooLargeError, "at most 1,000"),
        "truncated": (truncated, InvalidInputError, "not a complete zip"),
        "a picture": (picture, InvalidInputError, "not a complete zip"),
        "nothing": (_zip(folder / "nothing.zip", {}), NotFoundError, "no model package"),
        "no model": (_zip(folder / "no.zip", {"rdf.yaml": b"type: dataset"}), InvalidInputError, "does not describe"),
        "no weights": (_zip(folder / "w.zip", {"rdf.yaml": description}), InvalidInputError, "no ONNX weights"),
        "missing": (folder / "missing.zip", NotFoundError, "no file or folder"),
    }


CASES = ("climbs out", "absolute", "link", "bomb", "many", "truncated", "a picture", "nothing", "no model")


@pytest.mark.parametrize("case", [*CASES, "no weights", "missing"])
def test_archives_that_are_no_packages_leave_nothing(tmp_path: Path, registry: MethodRegistry, case: str) -> None:
    path, error, told = _bad(tmp_path)[case]
    with pytest.raises(error, match=told):
        workflow.import_model(registry, path)
    assert left_behind(registry) == []


def test_a_package_with_a_broken_network_leaves_nothing(archive: Path, registry: MethodRegistry) -> None:
    folder = archive.parent / "broken"
    shutil.unpack_archive(archive, folder)
    weights = folder / "weights.onnx"
    weights.write_bytes(weights.read_bytes()[:-40])
    with pytest.raises(InvalidInputError, match="cut short"):
        workflow.import_model(registry, folder)
    assert left_behind(registry) == []


def test_a_folder_with_links_is_refused(archive: Path, registry: MethodRegistry) -> None:
    folder = archive.parent / "linked"
    shutil.unpack_archive(archive, folder)
    (folder / "more").symlink_to("/etc")
    with pytest.raises(InvalidInputError, match="links"):
        workflow.import_model(registry, folder)


def test_models_are_removed_and_shipped_ones_stay(archive: Path, registry: MethodRegistry) -> None:
    workflow.import_model(registry, archive)
    workflow.remove_model(registry, "tiny")
    assert left_behind(registry) == []
    with pytest.raises(NotFoundError, match="no model 'tiny'"):
        workflow.remove_model(registry, "tiny")
    for one in workflow.models(registry):
        with pytest.raises(ConflictError, match="cannot be removed"):
            workflow.remove_model(registry, one.name)


def test_an_export_needs_its_folder(archive: Path, registry: MethodRegistry) -> None:
    found = workflow.import_model(registry, archive)
    with pytest.raises(NotFoundError, match="no folder"):
        workflow.export_model(found, archive.parent / "none" / "a.zip")
