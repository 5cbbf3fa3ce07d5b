"""The commands as people type them, on the sample images and a few of the real ones."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pyarrow.parquet as pq
import pytest
import tifffile
from PIL import Image
from typer.testing import CliRunner, Result

import cytoloop
from cytoloop.cli.main import COMMANDS, overview, program
from cytoloop.core.errors import CytoloopError
from cytoloop.images.registry import open_image

from .conftest import running

SAMPLES = Path(cytoloop.__file__).parent / "samples"
NUCLEI = SAMPLES / "fluorescence-nuclei.png"
HELA = SAMPLES / "hela-cells.tif"
FRAMES = SAMPLES / "membrane-timelapse.tif"


def call(*arguments: object, fails: bool = False) -> Result:
    """Run a command in this process; ``fails`` says whether its exit code is to be above 0."""
    result = CliRunner().invoke(program(), [str(one) for one in arguments])
    assert (result.exit_code != 0) is fails, result.output
    return result


def refused(*arguments: object) -> str:
    """The message of the error that a command raises."""
    result = CliRunner().invoke(program(), [str(one) for one in arguments])
    assert isinstance(result.exception, CytoloopError), result.output
    return result.exception.message


@pytest.fixture(scope="module")
def segmented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The nuclei, segmented into every format."""
    out = tmp_path_factory.mktemp("segmented")
    call("segment", NUCLEI, "--model", "threshold", "--out", out, "--format", "labels,geojson,coco,csv,imagej")
    return out


def test_the_program_runs_as_a_process(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(Path(cytoloop.__file__).parents[1])}
    program = [sys.executable, "-c", "from cytoloop.cli.main import main; main()"]
    arguments = ["segment", str(NUCLEI), "/nowhere.png", "--model", "threshold", "--out", str(tmp_path), "--json"]
    done = subprocess.run([*program, *arguments], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    good, bad = json.loads(done.stdout)
    assert good["error"] is None
    assert good["objects"] == tifffile.imread(tmp_path / "fluorescence-nuclei.labels.tif").max()
    assert "nowhere.png" in bad["error"]
    assert "Failed" in done.stderr
    arguments = ["segment", str(NUCLEI), "--model", "none", "--out", str(tmp_path)]
    done = subprocess.run([*program, *arguments], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode > 0
    assert done.stderr.startswith("Error: There is no segmentation method 'none'")
    assert "Traceback" not in done.stderr


def test_every_format_is_written(segmented: Path) -> None:
    labels = tifffile.imread(segmented / "fluorescence-nuclei.labels.tif")
    assert labels.dtype == np.uint16
    assert labels.shape == (520, 696)
    count = int(labels.max())
    assert count > 50
    features = json.loads((segmented / "fluorescence-nuclei.geojson").read_text())["features"]
    assert len(features) == count
    assert features[4]["properties"]["cytoloop"]["id"] == 5
    assert len(json.loads((segmented / "fluorescence-nuclei.coco.json").read_text())["annotations"]) == count
    with (segmented / "fluorescence-nuclei.csv").open() as file:
        assert len(list(csv.DictReader(file))) == count
    assert (segmented / "fluorescence-nuclei.rois.zip").is_file()
    assert len(list(segmented.iterdir())) == 5


def test_an_image_without_objects_gets_its_label_image(tmp_path: Path) -> None:
    Image.fromarray(np.full((30, 40), 9, np.uint8)).save(tmp_path / "blank.png")
    call("segment", tmp_path / "blank.png", "--model", "log", "--out", tmp_path / "out")
    labels = tifffile.imread(tmp_path / "out" / "blank.labels.tif")
    assert (labels.shape, labels.dtype, labels.max()) == ((30, 40), np.uint16, 0)


def test_planes_of_a_time_series(tmp_path: Path) -> None:
    first = call("segment", FRAMES, "--model", "threshold", "--out", tmp_path / "one", "--json")
    assert "planes along t" in json.loads(first.stdout)[0]["warnings"][0]
    with tifffile.TiffFile(tmp_path / "one" / "membrane-timelapse.labels.tif") as tiff:
        assert tiff.series[0].axes == "YX"
    call("segment", FRAMES, "--model", "threshold", "--out", tmp_path / "all", "--t", "all", "--format", "csv")
    with tifffile.TiffFile(tmp_path / "all" / "membrane-timelapse.labels.tif") as tiff:
        assert tiff.series[0].axes == "TYX"
        stack = tiff.asarray()
    assert np.array_equal(stack[0], tifffile.imread(tmp_path / "one" / "membrane-timelapse.labels.tif"))
    result = call("segment", FRAMES, "--model", "threshold", "--out", tmp_path / "far", "--t", "99", fails=True)
    assert "counted from 0" in result.stderr
    out = tmp_path / "measured.csv"
    call("measure", FRAMES, tmp_path / "all" / "membrane-timelapse.labels.tif", "--out", out)
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert {row["t"] for row in rows} == {str(t) for t in range(len(stack)) if stack[t].any()}


def test_broken_files_do_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(NUCLEI.read_bytes()[:2000])
    (tmp_path / "text.tif").write_text("no image")
    files = [tmp_path / "broken.png", NUCLEI, tmp_path / "text.tif"]
    result = call("segment", *files, "--model", "threshold", "--out", tmp_path / "out", "--workers", 2, fails=True)
    assert result.exit_code == 1
    assert "1 of 3 images" in result.stdout
    assert "broken.png" in result.stderr
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["fluorescence-nuclei.labels.tif"]


def test_mistakes_are_told_before_any_work(tmp_path: Path) -> None:
    copy = tmp_path / "other" / NUCLEI.name
    copy.parent.mkdir()
    copy.write_bytes(NUCLEI.read_bytes())
    arguments = ["--model", "threshold", "--out", tmp_path / "out"]
    assert "would both be written" in refused("segment", NUCLEI, copy, *arguments)
    assert "smoothing_px" in refused("segment", NUCLEI, *arguments, "--set", "smoothing_px=-3")
    assert "geojson, coco" in refused("segment", NUCLEI, *arguments, "--format", "shp")
    assert "neither a number" in refused("segment", NUCLEI, *arguments, "--z", "first")
    assert not (tmp_path / "out").exists()


def test_parameters_reach_the_method(tmp_path: Path) -> None:
    call("segment", NUCLEI, "--model", "threshold", "--out", tmp_path, "--set", "min_area_px2=1e9")
    assert tifffile.imread(tmp_path / "fluorescence-nuclei.labels.tif").max() == 0


def test_large_images_are_tiled_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call("segment", NUCLEI, "--model", "threshold", "--out", tmp_path / "whole")
    for name in ("WHOLE_PIXELS", "CORE_PX", "MARGIN_PX"):
        monkeypatch.setattr(f"cytoloop.learning.slides.grid.{name}", {"CORE_PX": 256, "MARGIN_PX": 64}.get(name, 1000))
    call("segment", NUCLEI, "--model", "threshold", "--out", tmp_path / "tiled")
    result = call("evaluate", "--truth", tmp_path / "whole", "--pred", tmp_path / "tiled", "--json")
    assert json.loads(result.stdout)["summary"]["rates"][1]["f1"] > 0.93


def test_methods_are_listed() -> None:
    assert "threshold: Threshold and watershed" in call("methods").stdout
    listed = {one["name"]: one for one in json.loads(call("methods", "--json").stdout)}
    assert listed["threshold"]["parameters"]["properties"]["smoothing_px"]["unit"] == "px"


def test_measure_writes_csv_and_parquet(segmented: Path, tmp_path: Path) -> None:
    labels = segmented / "fluorescence-nuclei.labels.tif"
    call("measure", NUCLEI, labels, "--out", tmp_path / "t.csv")
    call("measure", NUCLEI, labels, "--out", tmp_path / "t.parquet")
    with (tmp_path / "t.csv").open() as file:
        rows = list(csv.DictReader(file))
    table = pq.read_table(tmp_path / "t.parquet")
    array, image = tifffile.imread(labels), np.asarray(Image.open(NUCLEI))
    assert len(rows) == table.num_rows == array.max()
    inside = array == int(rows[7]["label"])
    assert float(rows[7]["area_px2"]) == inside.sum()
    assert float(rows[7]["mean_0"]) == pytest.approx(image[inside].mean())
    assert rows[7]["length_px"] == ""
    assert table.field("area_px2").metadata[b"unit"].decode() == "px²"
    call("measure", NUCLEI, labels, "--out", tmp_path / "t.h5ad")
    with h5py.File(tmp_path / "t.h5ad") as file:
        keys = file["var/_index"].asstr()[:].tolist()
        assert file["X"][:, keys.index("area_px2")].tolist() == table["area_px2"].to_pylist()
        assert file["obsm/spatial"][7].tolist() == pytest.approx([float(rows[7]["x_px"]), float(rows[7]["y_px"])])
        assert file["obs/_index"].asstr()[7] == f"t0_z0_{rows[7]['label']}"
    content = json.loads(call("measure", NUCLEI, labels, "--json").stdout)
    assert len(content["rows"]) == len(rows)
    more = json.loads(call("measure", NUCLEI, labels, "--json", "--features", "radial,neighbours").stdout)
    further = {one["key"] for one in more["columns"]} - {one["key"] for one in content["columns"]}
    assert {"radial_mean_1_0", "neighbours_near"} < further
    assert "moments, texture" in refused("measure", NUCLEI, labels, "--json", "--features", "beauty")
    assert "must have the same size" in refused("measure", HELA, labels, "--out", tmp_path / "x.csv")
    assert "must end in" in refused("measure", NUCLEI, labels, "--out", tmp_path / "x.xlsx")


def test_an_empty_label_image_gives_an_empty_table(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "l.tif", np.zeros((520, 696), np.uint16))
    call("measure", NUCLEI, tmp_path / "l.tif", "--out", tmp_path / "t.csv")
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 1


def test_evaluate_matches_files_by_stem(tmp_path: Path) -> None:
    truth, pred = tmp_path / "truth", tmp_path / "pred"
    truth.mkdir()
    pred.mkdir()
    labels = np.zeros((20, 20), np.uint8)
    labels[2:6, 2:6], labels[10:15, 10:15] = 1, 2
    for name in "ab":
        Image.fromarray(labels).save(truth / f"{name}.png")
    tifffile.imwrite(pred / "a.labels.tif", labels.astype(np.uint16))
    arguments = ["evaluate", "--truth", truth, "--pred", pred]
    assert "1 of 2 predictions are missing" in refused(*arguments)
    summary = json.loads(call(*arguments, "--missing-as-empty", "--json").stdout)["summary"]
    assert (summary["dsb"], summary["missed"], summary["image_count"]) == (0.5, 2, 2)
    tifffile.imwrite(pred / "b.tif", np.zeros((5, 5), np.uint16))
    assert "b.png: The truth is 20 x 20 px" in refused(*arguments)
    tifffile.imwrite(pred / "b.tif", labels)
    tifffile.imwrite(pred / "c.tif", labels)
    assert "no truth" in refused(*arguments)
    report = call(*arguments, "--ignore-extra", "--per-image").stdout
    assert "DSB score            1.0000" in report
    assert "a\tDSB 1.0000" in report
    (pred / "b.tif").rename(pred / "a.png")
    assert "both called a" in refused(*arguments)
    assert "no label images" in refused("evaluate", "--truth", tmp_path, "--pred", pred)
    assert "no folder" in refused("evaluate", "--truth", tmp_path / "none", "--pred", pred)


@pytest.mark.parametrize("ending", [".ome.zarr", ".ome.tiff"])
@pytest.mark.parametrize("name", ["he-slide.svs", "hela-cells.tif", "membrane-timelapse.tif"])
def test_convert_keeps_every_pixel(name: str, ending: str, tmp_path: Path) -> None:
    target = tmp_path / f"out{ending}"
    call("convert", SAMPLES / name, target)
    before, after = open_image(SAMPLES / name), open_image(target)
    try:
        a, b = before.info(), after.info()
        for field in ("width", "height", "size_z", "size_c", "size_t", "dtype", "rgb"):
            assert getattr(a, field) == getattr(b, field), field
        assert b.pixel_width_um == pytest.approx(a.pixel_width_um)
        assert [one.name for one in a.channels] == [one.name for one in b.channels]
        for c in range(a.size_c):
            for t in range(a.size_t):
                parts = [one.read_region(0, 0, 0, a.width, a.height, c=c, t=t) for one in (before, after)]
                assert np.array_equal(*parts)
        assert max(a.width, a.height) <= 512 or len(b.levels) > 1
    finally:
        before.close()
        after.close()
    assert "is there already" in refused("convert", SAMPLES / name, target)
    assert "must end in" in refused("convert", SAMPLES / name, tmp_path / "x.jpg")


def test_export_and_import_by_way_of_a_home(segmented: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home) as (driver, _):
        project = driver.project("Nuclei")
        image = driver.image(project, NUCLEI.name, NUCLEI.read_bytes())
    where = ["--project", "Nuclei", "--home", home]
    assert "nothing to export" in call("export", *where, "--format", "csv", "--out", tmp_path / "none").stderr
    call("import", segmented / "fluorescence-nuclei.geojson", "--image", image["name"], *where)
    result = call("export", *where, "--format", "geojson", "--out", tmp_path / "out", "--json")
    (path,) = json.loads(result.stdout)
    before, after = (
        [one["geometry"]["coordinates"] for one in json.loads(Path(each).read_text())["features"]]
        for each in (segmented / "fluorescence-nuclei.geojson", path)
    )
    assert before == after
    by_id = ["--project", project, "--home", home]
    imported = call("import", segmented / "fluorescence-nuclei.labels.tif", "--image", image["id"], *by_id, "--json")
    assert json.loads(imported.stdout)["created"] == len(before)
    assert len(json.loads(call("export", *where, "--format", "coco", "--out", tmp_path / "o2", "--json").stdout)) == 2
    assert "no project" in refused("export", "--project", "x", "--home", home, "--format", "csv", "--out", tmp_path)
    assert "no image 'x'" in refused("import", path, "--image", "x", *where)
    assert "no Cytoloop home" in refused("import", path, "--image", "x", "--project", "x", "--home", tmp_path / "no")


def test_the_default_method_beats_otsu_on_real_nuclei(shared_data: Path, tmp_path: Path) -> None:
    names = sorted(path.name for path in (shared_data / "dsb2018" / "images").glob("0*.png"))[:8]
    truth = tmp_path / "truth"
    truth.mkdir()
    for name in names:
        (truth / name).symlink_to(shared_data / "dsb2018" / "labels" / name)
    images = [shared_data / "dsb2018" / "images" / name for name in names]
    call("segment", *images, "--model", "threshold", "--out", tmp_path / "pred")
    result = call("evaluate", "--truth", truth, "--pred", tmp_path / "pred", "--json")
    assert json.loads(result.stdout)["summary"]["rates"][0]["f1"] > 0.6


def test_images_in_folders_make_a_classifier_that_names_others(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name, value in (("dark", 40), ("light", 200)):
        folder = tmp_path / "classes" / name
        folder.mkdir(parents=True)
        for number in range(6):
            pixels = rng.normal(value, 8, (24, 24)).clip(0, 255).astype(np.uint8)
            tifffile.imwrite(folder / f"{number}.tif", pixels)
    packed = tmp_path / "kinds.zip"
    made = call("train", "--task", "classify", tmp_path / "classes", "--out", packed)
    assert "accuracy 1.000" in made.output
    labels = np.zeros((64, 64), np.uint16)
    labels[5:20, 5:20], labels[30:50, 30:50] = 1, 2
    tifffile.imwrite(tmp_path / "two.tif", np.where(labels == 2, 200, 40).astype(np.uint8))
    (tmp_path / "objects").mkdir()
    tifffile.imwrite(tmp_path / "objects/two.labels.tif", labels)
    broken = tmp_path / "broken.tif"
    broken.write_bytes(b"II*\0nothing")
    named = call(
        "classify",
        tmp_path / "two.tif",
        broken,
        "--model",
        packed,
        "--objects",
        tmp_path / "objects",
        "--out",
        tmp_path / "found",
        "--json",
        fails=True,
    )
    good, bad = json.loads(named.stdout)
    assert (good["objects"], good["error"], sum(good["classes"].values())) == (2, None, 2)
    assert bad["error"]
    rows = (tmp_path / "found/two.classes.csv").read_text().splitlines()
    assert rows[0] == "object,x,y,class,p dark,p light"
    assert len(rows) == 3


def test_a_classifier_wants_two_classes_and_a_package(tmp_path: Path) -> None:
    (tmp_path / "classes/only").mkdir(parents=True)
    said = refused("train", "--task", "classify", tmp_path / "classes", "--out", tmp_path / "x.zip")
    assert "folder of images for each class" in said
    said = refused("classify", tmp_path / "a.tif", "--model", tmp_path / "none.zip", "--out", tmp_path)
    assert "There is no classifier" in said


@pytest.mark.slow
def test_networks_learn_from_class_folders_and_go_on(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name, level in (("dark", 60), ("light", 160)):
        (tmp_path / "classes" / name).mkdir(parents=True)
        for number in range(6):
            picture = rng.normal(level, 15, (40, 48)).clip(0, 255).astype(np.uint8)
            tifffile.imwrite(tmp_path / "classes" / name / f"{number}.tif", picture)
    recipe = tmp_path / "quick.toml"
    recipe.write_text('learner = "cnn"\nside = 32\nepochs = 3\nbatch = 8\nown_range = false\n')
    first, second = tmp_path / "first.zip", tmp_path / "second.zip"
    train = ("train", "--task", "classify", tmp_path / "classes", "--config", recipe)
    made = call(*train, "--out", first)
    assert "held-out images: accuracy" in made.output
    assert "Epoch 3:" in made.output
    call(*train, "--out", second, "--from", first)
    named = call(
        "classify", *sorted((tmp_path / "classes/dark").iterdir()), "--model", second, "--out", tmp_path / "found"
    )
    assert "6 objects in 6 of 6 images" in named.output
    assert len(list((tmp_path / "found").glob("*.classes.csv"))) == 6
    encoder = ("train", "--task", "classify", tmp_path / "classes", "--method", "encoder", "--out", tmp_path / "x.zip")
    assert "the same method" in refused(*encoder, "--from", first)
    recipe.write_text('learner = "cnn"\nepochs = 0\n')
    assert "epochs" in refused(*train, "--out", first)


def scribbled_folder(folder: Path) -> np.ndarray:
    """Two images of bright discs with a few labelled pixels each; the truth of the second."""
    truths = []
    for number in range(2):
        rng = np.random.default_rng(number)
        y, x = np.mgrid[:96, :96]
        centres = [(16 + 32 * column + number, 16 + 32 * row) for row in range(3) for column in range(3)]
        disc = np.any([(x - cx) ** 2 + (y - cy) ** 2 <= 81 for cx, cy in centres], axis=0)
        labels = np.zeros((96, 96), np.uint8)
        for cx, cy in centres[:4]:
            labels[cy - 1 : cy + 2, cx - 4 : cx + 4] = 1
            labels[cy + 14 : cy + 17, cx - 4 : cx + 4] = 2
        for name, array in (("images", rng.normal(np.where(disc, 160, 60), 12)), ("labels", labels)):
            (folder / name).mkdir(parents=True, exist_ok=True)
            tifffile.imwrite(folder / name / f"{number}.tif", array.clip(0, 255).astype(np.uint8))
        truths.append(disc)
    (folder / "classes.txt").write_text("disc\nground\n")
    return truths[1]


def test_a_few_labelled_pixels_make_a_method_that_segments(tmp_path: Path) -> None:
    truth = scribbled_folder(tmp_path / "set")
    packed = tmp_path / "discs.zip"
    made = call("train", "--task", "pixels", tmp_path / "set", "--background", "ground", "--out", packed)
    assert "disc, ground: 384 pixels of 16 scribbles" in made.output
    assert "on held-out scribbles" in made.output
    result = call("segment", tmp_path / "set/images/1.tif", "--model", packed, "--out", tmp_path / "out", "--json")
    assert json.loads(result.stdout)[0]["objects"] == 9
    labels = tifffile.imread(tmp_path / "out/1.labels.tif")
    assert ((labels > 0) == truth).mean() > 0.97
    ground = ("--set", "found=ground", "--set", "split=false", "--set", "fill_holes=false")
    call("segment", tmp_path / "set/images/1.tif", "--model", packed, "--out", tmp_path / "ground", *ground)
    assert ((tifffile.imread(tmp_path / "ground/1.labels.tif") > 0) == ~truth).mean() > 0.95


def test_a_pixel_classifier_wants_classes_a_background_and_a_method_that_it_has(tmp_path: Path) -> None:
    scribbled_folder(tmp_path / "set")
    train = ("train", "--task", "pixels", tmp_path / "set", "--out", tmp_path / "x.zip")
    assert "no class 'sky' to be the background. There are: disc, ground" in refused(*train, "--background", "sky")
    assert "--task pixels has no method svm" in refused(*train, "--method", "svm")
    said = refused("train", "--task", "classify", tmp_path / "set", "--out", tmp_path / "x.zip", "--method", "patches")
    assert "--task classify has no method patches" in said
    for path in (tmp_path / "set/labels").iterdir():
        tifffile.imwrite(path, np.ones((96, 96), np.uint8))
    assert "have 1 classes" in refused(*train)
    tifffile.imwrite(path, np.ones((9, 9), np.uint8))
    assert "must have the same size" in refused(*train)
    said = refused("segment", tmp_path / "set/images/1.tif", "--model", tmp_path / "none.zip", "--out", tmp_path)
    assert "There is no pixel classifier" in said
    (tmp_path / "none.zip").write_bytes(b"PK nothing")
    refused("segment", tmp_path / "set/images/1.tif", "--model", tmp_path / "none.zip", "--out", tmp_path)


def test_the_list_of_commands_comes_without_their_code() -> None:
    listing = (
        "import sys\nfrom cytoloop.cli.main import main\n"
        "sys.argv = ['cytoloop', '--help']\n"
        "try:\n    main()\nfinally:\n    print('numpy' in sys.modules, 'cytoloop.cli.segment' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, env=os.environ | {"COLUMNS": "80"}, check=True
    )
    assert found.stdout.splitlines()[-1] == "False False"
    shown = [name for name, one in COMMANDS.items() if not one.hidden]
    lines = found.stdout.partition("Commands:")[2].splitlines()[1 : len(shown) + 1]
    assert [line.split()[0] for line in lines] == shown
    assert [line.split(maxsplit=1)[1] for line in lines] == [COMMANDS[name].summary for name in shown]


def test_every_command_that_is_listed_is_there() -> None:
    for name, one in COMMANDS.items():
        result = CliRunner().invoke(program(), [name, "--help"])
        assert result.exit_code == 0, one
        assert "Usage" in result.output
    mistyped = CliRunner().invoke(overview(), ["segmnt"])
    assert mistyped.exit_code == 2
    assert "Did you mean 'segment'" in mistyped.output
