"""Reading, writing and checking, and everything that can be wrong with a package."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import yaml
from onnx import TensorProto, helper

from cytoloop.core.errors import InvalidInputError, NotFoundError
from cytoloop.learning.packages.checking import check_package
from cytoloop.learning.packages.isolation import report_of, require_runnable
from cytoloop.learning.packages.model import Decoder, ModelPackage, ModelSpec, Task
from cytoloop.learning.packages.onnxfile import external_files, require_inside
from cytoloop.learning.packages.reading import read_package

from ....tinymodels import SHAPE, SPEC, foreign, hungry, network, package, png, save  # noqa: TID252 - tests are no package


@pytest.fixture
def tiny(tmp_path: Path) -> ModelPackage:
    return package(tmp_path / "models" / "tiny")


def described(folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The package with another description."""
    path = next(folder.glob("*.yaml"))
    content = yaml.safe_load(path.read_text())
    change(content)
    path.write_text(yaml.safe_dump(content))
    return folder


def resign(folder: Path) -> Path:
    """The package with the checksums of the files that are there now."""

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if "sha256" in value:
                value["sha256"] = hashlib.sha256((folder / value["source"]).read_bytes()).hexdigest()
            for one in value.values():
                walk(one)
        elif isinstance(value, list):
            for one in value:
                walk(one)

    return described(folder, walk)


def failure(folder: Path) -> str:
    return " ".join(one.told for one in check_package(read_package(folder)).checks if not one.passed)


def test_what_is_written_is_read(tiny: ModelPackage) -> None:
    found = read_package(tiny.folder)
    assert found.spec == SPEC
    assert (found.name, found.title, found.licence) == ("tiny", "Tiny nuclei", "CC0-1.0")
    assert [one.name for one in found.pictures] == ["cover.png", "failures.png"]
    assert found.training["scores"]["all"]["dsb"] == 0.5
    assert found.card is not None
    assert found.card.read_text().startswith("# Tiny")


def test_a_good_package_passes_here_and_in_a_process_of_its_own(tiny: ModelPackage) -> None:
    report = check_package(tiny)
    assert report.passed, report
    assert [one.name for one in report.checks] == ["files", "network", "sizes", "test tensors"]
    assert report_of(tiny.folder) == report


def test_writing_again_replaces_and_leaves_nothing_beside(tiny: ModelPackage) -> None:
    package(tiny.folder, title="Other nuclei")
    assert read_package(tiny.folder).title == "Other nuclei"
    assert sorted(one.name for one in tiny.folder.parent.iterdir()) == [".source", "tiny"]


def test_every_file_has_a_checksum_that_is_looked_at(tiny: ModelPackage) -> None:
    (tiny.folder / "test_input.npy").write_bytes(b"other")
    assert "test_input.npy" in failure(tiny.folder)
    (tiny.folder / "test_input.npy").unlink()
    assert "missing" in failure(tiny.folder)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.98])
def test_a_truncated_network_is_refused(tiny: ModelPackage, share: float) -> None:
    content = tiny.weights.read_bytes()
    tiny.weights.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InvalidInputError, match=r"weights\.onnx.*(empty|cut short|damaged)"):
        require_runnable(resign(tiny.folder))


def test_what_is_no_network_is_refused(tiny: ModelPackage) -> None:
    for content in (b"<html>not found</html>", b"\x00" * 100, png()):
        tiny.weights.write_bytes(content)
        with pytest.raises(InvalidInputError, match=r"weights\.onnx"):
            require_runnable(resign(tiny.folder))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: network(path, inputs=("n", 4, "h", "w")), "takes 4 channels, its description says 3"),
        (lambda path: network(path, channels=5), "gives 5 maps, its description names 2"),
        (lambda path: network(path, kind=TensorProto.DOUBLE), "float32 with four axes"),
        (lambda path: network(path, inputs=("n", 3, 256, 256)), "fails on a picture of 64 x 64"),
    ],
)
def test_networks_that_do_not_fit_are_refused(tiny: ModelPackage, make: Callable[[Path], Path], told: str) -> None:
    make(tiny.weights)
    assert told in failure(resign(tiny.folder))


def test_a_network_of_two_inputs_is_refused(tiny: ModelPackage) -> None:
    graph = helper.make_graph(
        [helper.make_node("Add", ["a", "b"], ["maps"])],
        "two",
        [helper.make_tensor_value_info(one, TensorProto.FLOAT, SHAPE) for one in "ab"],
        [helper.make_tensor_value_info("maps", TensorProto.FLOAT, SHAPE)],
    )
    save(graph, tiny.weights)
    assert "takes 2 inputs" in failure(resign(tiny.folder))


def test_a_network_that_gives_nan_is_refused(tiny: ModelPackage) -> None:
    nan = onnx.numpy_helper.from_array(np.full((1, 3, 1, 1), np.nan, np.float32), "nan")
    graph = helper.make_graph(
        [helper.make_node("Add", ["image", "nan"], ["maps"])],
        "nan",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, SHAPE)],
        [helper.make_tensor_value_info("maps", TensorProto.FLOAT, SHAPE)],
        [nan],
    )
    save(graph, tiny.weights)
    described(tiny.folder, lambda one: one["config"]["cytoloop"].update(outputs=["foreground", "a", "b"]))
    assert "not finite" in failure(resign(tiny.folder))


def test_a_network_that_wants_all_memory_costs_the_check_only(tiny: ModelPackage) -> None:
    hungry(tiny.weights)
    with pytest.raises(InvalidInputError, match="tiny"):
        require_runnable(resign(tiny.folder))


def test_a_check_that_does_not_end_is_ended(tiny: ModelPackage) -> None:
    with pytest.raises(InvalidInputError, match="did not end within"):
        report_of(tiny.folder, seconds=0.01)


@pytest.mark.parametrize(
    ("tensor", "told"),
    [
        (np.zeros((1, 2, 64, 80), np.float32), "differs"),
        (np.zeros((1, 2, 32, 32), np.float32), "the network gives"),
        (b"no array", "no NumPy array"),
        (b"", "no NumPy array"),
    ],
)
def test_wrong_test_outputs_are_told(tiny: ModelPackage, tensor: Any, told: str) -> None:
    path = tiny.folder / "test_output.npy"
    path.write_bytes(tensor) if isinstance(tensor, bytes) else np.save(path, tensor)
    assert told in failure(resign(tiny.folder))


def test_wrong_test_inputs_are_told(tiny: ModelPackage) -> None:
    path = tiny.folder / "test_input.npy"
    np.save(path, np.zeros((3, 64, 80), np.float32))
    assert "test input is (3, 64, 80)" in failure(resign(tiny.folder))
    with path.open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (1, 3, 1 << 20, 1 << 20)}
        np.lib.format.write_array_header_1_0(file, header)
    assert "no NumPy array" in failure(resign(tiny.folder))
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert "no NumPy array" in failure(resign(tiny.folder))


@pytest.mark.parametrize("source", ["../weights.onnx", "/etc/passwd", "a\\..\\b.onnx", "https://example.org/w.onnx"])
def test_weights_outside_the_package_are_refused(tiny: ModelPackage, source: str) -> None:
    shutil.copy(tiny.weights, tiny.folder.parent / "weights.onnx")
    described(tiny.folder, lambda one: one["weights"]["onnx"].update(source=source))
    with pytest.raises(InvalidInputError, match=r"weights\.onnx\.source"):
        read_package(tiny.folder)


def test_a_link_out_of_the_package_is_refused(tiny: ModelPackage) -> None:
    other = tiny.folder.parent / "elsewhere.onnx"
    tiny.weights.rename(other)
    tiny.weights.symlink_to(other)
    with pytest.raises(InvalidInputError, match="not in the package"):
        read_package(tiny.folder)


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/passwd", "missing.bin"])
def test_weights_kept_in_files_elsewhere_are_refused(tiny: ModelPackage, location: str) -> None:
    (tiny.folder.parent / "secret.bin").write_bytes(bytes(1000))
    model = onnx.load(str(tiny.weights))
    weights = model.graph.initializer[0]
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value=location)
    tiny.weights.write_bytes(model.SerializeToString())
    assert external_files(tiny.weights) == {location}
    with pytest.raises(InvalidInputError, match="not in the package"):
        read_package(tiny.folder)


def test_weights_in_a_file_beside_the_network_are_taken(tmp_path: Path) -> None:
    path = network(tmp_path / "a.onnx")
    onnx.save_model(onnx.load(str(path)), str(path), save_as_external_data=True, location="a.data", size_threshold=0)
    assert external_files(path) == {"a.data"}
    require_inside(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("type: model\nname: [", "no valid YAML"),
        ("!!python/object/apply:os.system ['true']", "no valid YAML"),
        ("[1, 2]", "does not describe a model"),
        ("type: dataset", "does not describe a model"),
        ("type: model\nformat_version: 0.6.0", "of the format '0.6.0'"),
        ("type: model\nformat_version: 0.5.0\nweights: {torchscript: {source: a.pt}}", "it has: torchscript"),
        ("type: model\nformat_version: 0.5.0", "no ONNX weights"),
        ("\x00\x01", "no valid YAML"),
        ("[" * 50_000, "no valid YAML"),
        ("type: model\nx: " + "a" * (1 << 20), "larger than 1 MiB"),
        ("type: model\na: &a [*a, *a]", "more than 200,000 values"),
    ],
)
def test_descriptions_that_are_none_are_refused(tiny: ModelPackage, text: str, told: str) -> None:
    (tiny.folder / "bioimageio.yaml").write_text(text)
    with pytest.raises(InvalidInputError, match=told.replace("(", r"\(")):
        read_package(tiny.folder)


def test_a_description_that_grows_when_its_references_are_followed_is_refused(tiny: ModelPackage) -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12))]
    (tiny.folder / "bioimageio.yaml").write_text("\n".join(["type: model", "format_version: 0.5.4", *lines]))
    with pytest.raises(InvalidInputError, match="more than"):
        read_package(tiny.folder)


def test_a_folder_without_a_description_is_no_package(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"rdf\.yaml"):
        read_package(tmp_path)


@pytest.mark.parametrize("facts", [{"stride": 0}, {"channels": 9}, {"decoder": "magic"}, {"halo": 10**9}])
def test_own_facts_out_of_range_are_told_by_name(tiny: ModelPackage, facts: dict[str, Any]) -> None:
    described(tiny.folder, lambda one: one["config"]["cytoloop"].update(facts))
    with pytest.raises(InvalidInputError, match=rf"config\.cytoloop\.{next(iter(facts))}"):
        read_package(tiny.folder)


def test_a_foreign_model_is_understood(tmp_path: Path) -> None:
    found = read_package(foreign(tmp_path / "other"))
    assert found.spec == ModelSpec(
        Task.INSTANCES, Decoder.COMPONENTS, ("foreground",), None, channels=1, stride=16, smallest=64, halo=24
    )
    assert check_package(found).passed


def test_a_foreign_model_of_the_older_format_is_understood(tmp_path: Path) -> None:
    source = {
        "axes": "bcyx",
        "shape": {"min": [1, 1, 32, 32], "step": [0, 0, 8, 8]},
        "preprocessing": [{"name": "scale_range", "kwargs": {"min_percentile": 0.1, "max_percentile": 99.9}}],
    }
    result = {"axes": "bcyx", "shape": {"reference_tensor": "raw", "scale": [1, 1, 1, 1]}, "halo": [0, 0, 12, 12]}
    folder = foreign(tmp_path / "older", format_version="0.4.10", inputs=[source], outputs=[result])
    found = read_package(folder).spec
    assert replace(found, outputs=()) == ModelSpec(
        Task.INSTANCES, Decoder.COMPONENTS, (), None, channels=1, stride=8, smallest=32, halo=12,
        low_percentile=0.1, high_percentile=99.9,
    )  # fmt: skip
    assert check_package(read_package(folder)).passed


def _axes(*letters: str) -> list[dict[str, Any]]:
    kinds = {"b": {"type": "batch"}, "c": {"type": "channel", "channel_names": ["gray"]}}
    return [kinds.get(one) or {"type": "space", "id": one, "size": {"min": 64, "step": 16}} for one in letters]


@pytest.mark.parametrize(
    ("source", "result", "told"),
    [
        ({"axes": _axes("b", "y", "x", "c")}, {}, "axes 'byxc'"),
        ({"axes": _axes("b", "c", "z", "y", "x")}, {}, "axes 'bczyx'"),
        ({"axes": "bczyx"}, {}, "axes 'bczyx'"),
        ({"axes": 7}, {}, "axes 'unknown'"),
        ({"preprocessing": [{"id": "zero_mean_unit_variance"}]}, {}, "'zero_mean_unit_variance'"),
        ({"preprocessing": [{"id": "scale_range", "kwargs": {"min_percentile": "x"}}]}, {}, "percentiles"),
        ({}, {"postprocessing": [{"id": "sigmoid"}]}, "'sigmoid'"),
        ({"axes": "bcyx", "shape": {"min": [1, 1, 10**9, 10**9], "step": [0, 0, 1, 1]}}, {}, "smallest side"),
        ({"axes": "bcyx", "shape": {"min": "no", "step": []}}, {}, "smallest side"),
        ({}, {"axes": "bcyx", "halo": [0, 0, "a", "b"]}, "halo"),
        ({"axes": "bcyx", "shape": [1, 2, 64, 64]}, {}, "takes 2 channels"),
    ],
)
def test_foreign_models_of_other_kinds_are_refused_with_the_reason(
    tmp_path: Path, source: dict[str, Any], result: dict[str, Any], told: str
) -> None:
    folder = foreign(tmp_path / "other")

    def change(one: dict[str, Any]) -> None:
        one["inputs"][0].update(source)
        one["outputs"][0].update(result)

    with pytest.raises(InvalidInputError, match=told):
        read_package(described(folder, change))


def test_a_foreign_model_of_foreground_and_boundary_is_refused(tmp_path: Path) -> None:
    def change(one: dict[str, Any]) -> None:
        one["outputs"][0]["axes"][1]["channel_names"] = ["foreground", "boundary"]

    with pytest.raises(InvalidInputError, match="background"):
        read_package(described(foreign(tmp_path / "other"), change))


@pytest.mark.parametrize("key", ["inputs", "outputs"])
def test_a_foreign_model_without_tensors_is_refused(tmp_path: Path, key: str) -> None:
    for value in ([], None, "x", [3]):
        shutil.rmtree(tmp_path / "other", ignore_errors=True)
        with pytest.raises(InvalidInputError, match=f"tells no {key}"):
            read_package(foreign(tmp_path / "other", **{key: value}))
