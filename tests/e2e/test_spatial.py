"""Many objects on the screen, and questions about where they lie."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from tests.liveserver import Server

from .screen import Screen

SIDE_PX = 4096
PROJECT = "Crowd"
TERMS = ("Tumour", "Stroma")


def write_objects(path: Path, count: int) -> Path:
    """Points of two classes, which share the image left and right, as a CSV table."""
    rng = np.random.default_rng(4)
    places = rng.uniform(0, SIDE_PX, (count, 2)).round(1)
    lines = [f"POINT ({x} {y}),{TERMS[int(x > SIDE_PX / 2)]}" for x, y in places]
    path.write_text("\n".join(["wkt,class", *lines]))
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("crowd") / "home"


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Server]:
    """One for all tests of the module, which only look; its home is known: a command imports into it."""
    made = Server(home)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def crowd(screen: Screen, home: Path, tmp_path: Path) -> Screen:
    screen.open()
    if (home.parent / "filled").exists():
        screen.part("project-card").filter(has_text=PROJECT).click()
    else:
        fill(screen, home, tmp_path)
        (home.parent / "filled").touch()
    screen.open_image("slide.png")
    screen.part("tour-end").click()
    expect(screen.part("layer-count").first).to_have_text("60,000")
    screen.idle()
    return screen


def fill(screen: Screen, home: Path, folder: Path) -> None:
    """A project with an image full of points."""
    picture = folder / "slide.png"
    Image.new("RGB", (SIDE_PX, SIDE_PX), (245, 240, 246)).save(picture)
    screen.new_project(PROJECT)
    screen.drop(picture)
    objects = write_objects(folder / "objects.csv", 60_000)
    command = [sys.executable, "-m", "cytoloop.cli", "import", str(objects), "--project", PROJECT]
    subprocess.run([*command, "--image", "slide.png", "--home", str(home)], check=True)


def pixel(screen: Screen, x: float, y: float) -> tuple[int, int, int]:
    """The commonest colour near a place, as a person sees it."""
    left, top = screen.at(x, y)
    clip: Any = {"x": left - 8, "y": top - 8, "width": 16, "height": 16}
    path = f"{screen.pictures}-pixel.png"
    screen.page.screenshot(path=path, clip=clip)
    pixels = np.asarray(Image.open(path).convert("RGB")).reshape(-1, 3)
    red, green, blue = np.median(pixels, axis=0).astype(int).tolist()
    return red, green, blue


def is_ground(color: tuple[int, int, int]) -> bool:
    return all(abs(one - ground) < 12 for one, ground in zip(color, (245, 240, 246), strict=True))


def test_a_crowd_is_drawn_by_class_and_hidden_and_recoloured_without_asking_again(crowd: Screen, page: Page) -> None:
    left, right = (900.0, 2000.0), (3200.0, 2000.0)
    crowd.picture("classes")
    tumour, stroma = pixel(crowd, *left), pixel(crowd, *right)
    assert not is_ground(tumour)
    assert not is_ground(stroma)
    assert tumour != stroma
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/tiles/" in request.url else None)
    row = crowd.part("class-row").filter(has_text="Tumour")
    row.get_by_test_id("class-eye").click()
    crowd.idle()
    crowd.picture("one-class-hidden")
    assert is_ground(pixel(crowd, *left))
    assert pixel(crowd, *right) == stroma
    row.get_by_test_id("class-eye").click()
    crowd.idle()
    assert pixel(crowd, *left) == tumour
    assert [one for one in asked if "/layers/" in one] == []


def test_from_far_to_near_the_crowd_becomes_clusters_and_then_objects(crowd: Screen) -> None:
    seen = """(name) => {
      const { map } = window.cytoloop;
      const extent = map.getView().calculateExtent(map.getSize());
      const layers = map.getLayers().getArray();
      const shown = layers.filter((one) => one.getFeaturesInExtent && one.isVisible(map.getView()));
      return shown.flatMap((one) => one.getFeaturesInExtent(extent)).filter((one) => one.get("layer") === name).length;
    }"""
    assert crowd.page.evaluate(seen, "clusters") == crowd.page.evaluate(seen, "points") == 0
    crowd.page.evaluate("window.cytoloop.map.getView().setResolution(4)")
    crowd.idle()
    crowd.picture("clusters")
    assert crowd.page.evaluate(seen, "clusters") > 0
    crowd.page.evaluate("window.cytoloop.map.getView().setResolution(1)")
    crowd.idle()
    crowd.picture("objects")
    assert crowd.page.evaluate(seen, "points") > 0
    assert crowd.page.evaluate(seen, "clusters") == 0


def test_a_density_map_of_one_class_with_its_legend(crowd: Screen) -> None:
    crowd.tab("measure")
    crowd.part("measure-part").get_by_text("Density").click()
    crowd.part("density-on").check(force=True)
    expect(crowd.part("density-legend")).to_contain_text("objects per")
    crowd.press("h")
    crowd.idle()
    crowd.picture("density")
    assert not is_ground(pixel(crowd, 900, 2000))
    assert not is_ground(pixel(crowd, 3200, 2000))
    crowd.part("density-class").click()
    crowd.page.get_by_role("option", name="Tumour").click()
    expect(crowd.part("density-legend")).to_contain_text("Tumour")
    crowd.idle()
    crowd.picture("density-of-a-class")
    assert not is_ground(pixel(crowd, 900, 2000))
    assert is_ground(pixel(crowd, 3200, 2000))
    crowd.part("density-on").uncheck(force=True)
    expect(crowd.part("density-legend")).to_have_count(0)
    crowd.idle()
    assert is_ground(pixel(crowd, 900, 2000))


def test_objects_in_a_drawn_region_and_distances_between_classes(crowd: Screen, tmp_path: Path) -> None:
    crowd.tab("measure")
    crowd.part("measure-part").get_by_text("Regions").click()
    crowd.picture("regions-empty")
    crowd.part("regions-draw").click()
    crowd.drag((500, 500), (1500, 1500))
    table = crowd.part("regions-table")
    expect(table).to_contain_text("Tumour")
    expect(crowd.part("regions-totals")).to_contain_text("In none")
    crowd.picture("regions")
    kept = crowd.download(crowd.part("regions-csv"), tmp_path).read_text().splitlines()
    counts = {line.split(",")[3]: int(line.split(",")[4]) for line in kept[1:]}
    assert counts["Stroma"] == 0
    assert 3000 < counts["Tumour"] < 4200, "some 3,600 of 60,000 points lie in a sixteenth of the image"
    crowd.part("measure-part").get_by_text("Distances").click()
    crowd.part("neighbours-from").click()
    crowd.page.get_by_role("option", name="Tumour").last.click()
    crowd.part("neighbours-to").click()
    crowd.page.get_by_role("option", name="Stroma").last.click()
    expect(crowd.part("neighbours-table")).to_contain_text("Median")
    crowd.part("neighbours-reach").fill("100")
    expect(crowd.part("neighbours-within")).to_contain_text("%")
    crowd.picture("distances")
    page_theme = crowd.page.evaluate("document.documentElement.dataset.mantineColorScheme")
    other = "light" if page_theme == "dark" else "dark"
    crowd.page.evaluate(f"document.documentElement.setAttribute('data-mantine-color-scheme', '{other}')")
    crowd.picture(f"distances-{other}")


def test_the_pointer_tells_what_lies_in_a_crowd(crowd: Screen, page: Page) -> None:
    readout = crowd.part("crowd-readout")
    said = set()
    for step in range(12):
        page.mouse.move(*crowd.at(900 + 25 * step, 2000))
        page.wait_for_timeout(60)
        said |= {readout.inner_text()} if readout.count() else set()
    assert any(re.fullmatch(r"Here: \d+ Tumour", one) for one in said), said
    page.mouse.move(*crowd.at(-300, 2000))
    expect(readout).to_have_count(0)
