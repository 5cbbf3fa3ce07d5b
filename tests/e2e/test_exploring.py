"""Structure in measurements, on the page: from measuring all images to clusters that are classes, and their files."""

import csv
import io
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import h5py
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from cytoloop.samples import FOLDER

from .conftest import Server
from .screen import SLOW_MS, Screen
from .workbench import Workbench, workbench

NAMES = ("dose_A01.png", "dose_A02.png")

POINTED = """() => {
  const layers = window.cytoloop.map.getLayers().getArray();
  return layers.find((one) => one.get('name') === 'pointed').getSource().getFeatures().length;
}"""
"""How many objects stand out because the pointer is on their point."""

SEGMENT = """async () => {
  const project = location.pathname.split('/')[2];
  const session = await (await fetch('/api/v1/session')).json();
  const headers = {'Content-Type': 'application/json', 'X-CSRF-Token': session.csrf_token};
  const body = JSON.stringify({kind: 'segment', method: 'threshold'});
  const answer = await fetch(`/api/v1/projects/${project}/jobs`, {method: 'POST', headers, body});
  let job = await answer.json();
  while (!['done', 'failed'].includes(job.state)) {
    await new Promise((done) => setTimeout(done, 200));
    job = await (await fetch(`/api/v1/jobs/${job.id}`)).json();
  }
  return job.state;
}"""


GONE_WHEN_CHOSEN = """() => new Promise((done) => {
  const item = () => document.querySelector('[data-testid=figure-svg]');
  item().click();
  requestAnimationFrame(() => requestAnimationFrame(() => done(!item())));
})"""


@pytest.fixture
def server(fresh_server: Server) -> Server:
    """One without projects, for the pictures of the tutorial."""
    return fresh_server


@pytest.fixture
def plate(screen: Screen, tmp_path: Path) -> Workbench:
    """Two images of nuclei, segmented, the first of them open."""
    bench = workbench(screen)
    with Image.open(FOLDER / "fluorescence-nuclei.png") as picture:
        half = picture.width // 2
        for at, name in enumerate(NAMES):
            picture.crop((at * half, 0, at * half + half, picture.height)).save(tmp_path / name)
    bench.open()
    bench.new_project("Plate")
    bench.drop(*(tmp_path / name for name in NAMES))
    assert bench.page.evaluate(SEGMENT) == "done"
    bench.open_image(NAMES[0])
    bench.part("tour-end").click()
    bench.press("0")
    bench.idle()
    bench.tab("measure")
    return bench


def measured_everywhere(bench: Workbench) -> None:
    bench.part("measure-more").click()
    bench.part("measure-everywhere").click()
    expect(bench.part("plot-histogram")).to_be_visible(timeout=SLOW_MS)


def choose(bench: Workbench, part: str, option: str) -> None:
    bench.part(part).click()
    bench.page.get_by_role("option", name=option, exact=True).last.click()


def kind(bench: Workbench, name: str) -> None:
    bench.part("plot-kind").get_by_text(name, exact=True).click()


def drag_over(page: Page, plot: Locator, start: tuple[float, float], end: tuple[float, float]) -> None:
    """From one place of a plot to another, as shares of its width and height."""
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + start[0] * box["width"], box["y"] + start[1] * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + end[0] * box["width"], box["y"] + end[1] * box["height"], steps=8)
    page.mouse.up()


def rows_of(bench: Workbench) -> list[list[str]]:
    return [row.locator("td").all_inner_texts() for row in bench.part("class-summary").locator("tbody tr").all()]


def wait_for(bench: Workbench, part: str) -> None:
    """Until the job is done that a button began."""
    expect(bench.part("explore-notes")).to_contain_text(part, timeout=SLOW_MS)


def test_from_measuring_everywhere_to_clusters_that_are_classes(plate: Workbench, page: Page, tmp_path: Path) -> None:
    measured_everywhere(plate)
    plate.part("explore-scope").get_by_text("All images").click()
    choose(plate, "groups-by", "By well")
    expect(plate.part("class-summary")).to_contain_text("A02")
    wells = rows_of(plate)
    assert [row[0] for row in wells] == ["A01", "A02"]
    counts = [int(row[1]) for row in wells]
    assert min(counts) > 20
    plate.picture("wells")
    saved = plate.download(plate.part("groups-csv"), tmp_path).read_text()
    lines = list(csv.DictReader(io.StringIO(saved)))
    areas = {row["well"]: row for row in lines if row["measurement"].startswith("area_px2")}
    assert [int(areas[well]["n"]) for well in ("A01", "A02")] == counts

    kind(plate, "Violin")
    choose(plate, "plot-by", "Well")
    expect(plate.part("plot-violin").locator("polygon")).to_have_count(2)
    # a range drawn across one violin means the objects of that well, also in images that are not open
    drag_over(page, plate.part("plot-violin"), (0.7, 0.02), (0.95, 0.9))
    expect(plate.part("gate-elsewhere")).to_contain_text(f"{counts[1]} more in 1 other image")
    expect(plate.part("gate-classes")).to_have_text(f"Class of all {counts[1]}")
    plate.picture("violins")
    plate.part("gate-clear").click()
    expect(plate.part("gate-elsewhere")).to_have_count(0)
    figure = plate.part("figure-menu")
    figure.click()
    svg = plate.download(plate.part("figure-svg"), tmp_path)
    drawn = ET.parse(svg).getroot()
    words = [one.text for one in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"A01", "A02"} < set(words)
    assert any("Area" in (one or "") and "px²" in (one or "") for one in words)
    figure.click()
    png = plate.download(plate.part("figure-png"), tmp_path)
    with Image.open(png) as picture:
        assert picture.size == (1800, 1200)
        picture.save(f"{plate.pictures}-figure.png")
    figure.click()
    behind = list(csv.DictReader(io.StringIO(plate.download(plate.part("figure-csv"), tmp_path).read_text())))
    assert len(behind) == sum(counts)
    assert {row["group of the plot"] for row in behind} == {"A01", "A02"}

    figure.click()
    assert page.evaluate(GONE_WHEN_CHOSEN), "a fading menu takes the next click"
    plate.part("arrange-run").click()
    wait_for(plate, "PCA of")
    expect(plate.part("plot-scatter")).to_be_visible()
    plate.part("cluster-count").fill("2")
    plate.part("cluster-run").click()
    wait_for(plate, "2 clusters")
    expect(plate.part("plot-legend")).to_contain_text("Cluster 2")
    plate.idle()
    plate.picture("clusters")
    plate.part("clusters-to-classes").click()
    expect(plate.part("cluster-class")).to_have_count(2)
    page.wait_for_timeout(300)
    plate.picture("clusters-to-classes")
    plate.part("clusters-apply").click()
    expect(plate.part("class-row").filter(has_text="Cluster 2")).to_be_visible(timeout=SLOW_MS)
    choose(plate, "groups-by", "By class")
    expect(plate.part("class-summary")).to_contain_text("Cluster 1")
    assert sum(int(row[1]) for row in rows_of(plate)) == sum(counts)
    plate.idle()
    plate.picture("classes")
    page.get_by_role("button", name="Undo").click()
    plate.part("explore-scope").get_by_text("This image").click()
    expect(plate.part("class-summary")).to_contain_text("Unclassified", timeout=SLOW_MS)
    plate.part("explore-scope").get_by_text("All images").click()
    # a range on the plot of all images: a class for everything within, here and elsewhere
    kind(plate, "Scatter")
    drag_over(page, plate.part("plot-scatter").locator(".u-over"), (0.01, 0.01), (0.99, 0.99))
    expect(plate.part("gate-elsewhere")).to_contain_text("in 1 other image")
    whole = f"Class of all {sum(counts)}"
    expect(plate.part("gate-classes")).to_have_text(whole)
    plate.picture("gate-elsewhere")
    plate.press("Escape")  # nothing is marked any more: the range is still what it was
    expect(plate.part("selection-count")).to_have_count(0)
    expect(plate.part("gate-classes")).to_have_text(whole)
    plate.part("gate-classes").click()
    page.get_by_test_id("gate-class").filter(has_text="Cluster 1").click()
    expect(plate.part("toast-success").last).to_contain_text("in 2 images, a step in each")
    choose(plate, "groups-by", "By class")
    expect(plate.part("class-summary")).not_to_contain_text("Cluster 2", timeout=SLOW_MS)
    assert {row[0]: int(row[1]) for row in rows_of(plate)} == {"Cluster 1": sum(counts)}
    matrix = plate.download(plate.part("measurements-h5ad"), tmp_path)
    with h5py.File(matrix) as file:
        assert file["obsm/X_pca"].shape == (sum(counts), 2)


def test_plots_and_the_picture_tell_of_the_same_objects(plate: Workbench, page: Page) -> None:
    plate.part("measure-run").click()
    expect(plate.part("plot-histogram")).to_be_visible(timeout=SLOW_MS)
    total = sum(int(row[1]) for row in rows_of(plate))
    kind(plate, "Swarm")
    swarm = plate.part("plot-swarm")
    expect(swarm.locator("circle")).to_have_count(total)
    # a range drawn on the plot chooses objects of the picture
    drag_over(page, swarm, (0.2, 0.02), (0.95, 0.5))
    chosen = plate.part("gated").get_by_test_id("bulk-menu")
    expect(chosen).to_contain_text("marked object")
    expect(plate.part("selection-count")).to_be_visible()
    ringed = swarm.locator("circle[stroke]")
    assert 0 < ringed.count() < total
    plate.idle()
    plate.picture("swarm")
    plate.part("gate-clear").click()
    expect(ringed).to_have_count(0)
    # the object of the point under the pointer stands out in the picture
    swarm.locator("circle").first.hover()
    plate.until(f"() => ({POINTED})() === 1")
    plate.picture("pointed")
    page.mouse.move(5, 5)
    plate.until(f"() => ({POINTED})() === 0")
    # a click on a point goes to its object, and an object chosen in the picture stands out in the plot
    point = swarm.locator("circle").last
    wanted = point.get_attribute("data-id")
    point.click()
    expect(plate.part("selection-count")).to_contain_text("1 object")
    expect(swarm.locator("circle[stroke]")).to_have_count(1)
    assert swarm.locator("circle[stroke]").get_attribute("data-id") == wanted
    # the same range by the keyboard
    plate.part("gate-numbers").focus()
    plate.press("Enter")
    plate.part("gate-x-from").fill("300")
    plate.press("Enter")
    expect(chosen).to_contain_text("marked objects")
    kind(plate, "Box")
    plate.picture("box")
    kind(plate, "Histogram")
    plate.picture("histogram-marked")
    kind(plate, "Scatter")
    plate.part("plot-color").click()
    page.get_by_role("option", name=re.compile("^Mean")).last.click()
    expect(plate.part("plot-legend").get_by_role("img")).to_be_visible()
    plate.idle()
    plate.picture("scatter-by-measurement")


def test_the_unusual_are_shown_and_gone_to(plate: Workbench) -> None:
    plate.part("measure-run").click()
    expect(plate.part("plot-histogram")).to_be_visible(timeout=SLOW_MS)
    plate.part("unusual-run").click()
    listed = plate.part("unusual-object")
    expect(listed).to_have_count(12, timeout=SLOW_MS)
    scores = [float(one.inner_text()) for one in listed.all()]
    assert scores == sorted(scores, reverse=True)
    listed.nth(1).click()
    expect(plate.part("selection-count")).to_contain_text("1 object")
    expect(listed.nth(1)).to_have_attribute("aria-pressed", "true")
    plate.idle()
    listed.nth(11).scroll_into_view_if_needed()
    plate.page.wait_for_timeout(500)
    plate.picture("unusual")
    plate.part("scheme").click()
    kind(plate, "Box")
    plate.page.wait_for_timeout(500)
    plate.picture("dark")
