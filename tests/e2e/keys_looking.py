"""What the keys of tools, moving, display and dialogs do, in the scene "looking": a stack between two others."""

import re

import pytest
from playwright.sync_api import expect

from .keychecks import CHANNELS, Keys, checks, keymap

TOOLS = [action for action in keymap() if action.startswith("tool.")]
ACCEPTED, PREDICTED = (20.0, 20.0, 60.0, 60.0), (90.0, 20.0, 130.0, 60.0)


@checks("looking", *TOOLS)
def takes_the_tool(bench: Keys, action: str) -> None:
    bench.rest()
    button = bench.part(f"tool-{action.removeprefix('tool.')}")
    if action == "tool.move":
        bench.part("tool-rectangle").click()
        expect(button).to_have_attribute("aria-pressed", "false")
    bench.hit()
    expect(button).to_have_attribute("aria-pressed", "true")


@checks("looking", "view.fit", "view.full", "view.in", "view.out")
def zooms(bench: Keys, action: str) -> None:
    bench.rest()
    bench.part("zoom-fit").click()
    fitting = bench.resolution()
    bench.page.evaluate("window.cytoloop.map.getView().setResolution(0.6)")
    bench.hit()
    after = bench.resolution()
    expected = {"view.fit": fitting, "view.full": 1, "view.in": 0.6 / 1.5, "view.out": 0.6 * 1.5}[action]
    assert after == pytest.approx(expected, rel=1e-3)
    assert after != pytest.approx(0.6, rel=1e-3)


@checks("looking", "view.pan")
def pans_while_held(bench: Keys, _action: str) -> None:
    bench.rest()
    bench.part("zoom-fit").click()
    bench.resolution()
    before = bench.at(100, 80)
    count = len(bench.stored())
    bench.part("tool-rectangle").click()
    bench.page.locator(".stage-map").focus()
    bench.page.mouse.move(*bench.at(100, 80))
    bench.page.keyboard.down(bench.chord)
    bench.presses += 1
    bench.page.mouse.down()
    bench.page.mouse.move(before[0] + 60, before[1] + 30, steps=20)
    bench.page.wait_for_timeout(150)
    bench.page.mouse.up()
    bench.page.keyboard.up(bench.chord)
    bench.idle()
    assert bench.at(100, 80) == pytest.approx((before[0] + 60, before[1] + 30), abs=8)
    assert len(bench.stored()) == count


@checks("looking", "plane.up", "plane.down", "plane.left", "plane.right")
def goes_to_another_plane(bench: Keys, action: str) -> None:
    bench.rest()
    bench.press("ArrowUp")
    bench.press("ArrowRight")
    bench.hit()
    z, t = {"up": (2, 1), "down": (0, 1), "left": (1, 0), "right": (1, 2)}[action.removeprefix("plane.")]
    expect(bench.part("slider-z")).to_have_value(str(z))
    expect(bench.part("slider-t")).to_have_value(str(t))
    told = {name: number for name, number in (("z", z), ("t", t)) if number > 0}
    bench.wait(lambda: {key: int(n) for key, n in re.findall(r"\b([zt])=(\d+)", bench.page.url)} == told)


@checks("looking", "image.previous", "image.next")
def goes_to_another_image(bench: Keys, action: str) -> None:
    address = bench.page.url
    viewer = bench.part("viewer")
    here = viewer.get_attribute("data-image-id") or ""
    project = address.split("/p/")[1].split("/")[0]
    listed: list[str] = bench.page.evaluate(
        "async (id) => (await (await fetch(`/api/v1/projects/${id}/images`)).json()).items.map((one) => one.id)",
        project,
    )
    bench.hit()
    step = 1 if action == "image.next" else -1
    expect(viewer).to_have_attribute("data-image-id", listed[listed.index(here) + step])
    bench.open(address.removeprefix(bench.url))
    bench.idle()


@checks("looking", "show.hide")
def hides_all_objects(bench: Keys, _action: str) -> None:
    _toggles(bench, ACCEPTED, PREDICTED)


@checks("looking", "show.fill")
def takes_the_fill_away(bench: Keys, _action: str) -> None:
    _toggles(bench, (30, 30, 50, 50))


@checks("looking", "show.predictions")
def hides_predictions_only(bench: Keys, _action: str) -> None:
    accepted = bench.seen(*ACCEPTED)
    _toggles(bench, PREDICTED)
    bench.hit()
    bench.page.wait_for_timeout(600)
    assert bench.seen(*ACCEPTED) == accepted
    bench.hit()


def _toggles(bench: Keys, *boxes: tuple[float, float, float, float]) -> None:
    """The key changes how these parts look, and brings it back."""
    bench.rest()
    bench.part("zoom-fit").click()
    bench.page.mouse.move(5, 5)
    bench.idle()
    looks = [bench.seen(*box) for box in boxes]
    bench.hit()
    for box, look in zip(boxes, looks, strict=True):
        bench.until_seen(box, look, same=False)
    bench.hit()
    for box, look in zip(boxes, looks, strict=True):
        bench.until_seen(box, look, same=True)


@checks("looking", "show.cuts")
def shows_the_cuts(bench: Keys, _action: str) -> None:
    bench.hit()
    expect(bench.part("ortho")).to_be_visible()
    bench.hit()
    expect(bench.part("ortho")).to_have_count(0)


@checks("looking", "channel")
def switches_the_channel(bench: Keys, _action: str) -> None:
    number = int(bench.chord.removeprefix("Ctrl+"))
    assert number <= CHANNELS
    bench.tab("display")
    row = bench.page.locator(f'[data-testid="channel-row"][data-channel="{number - 1}"]')
    eye = row.get_by_test_id("channel-eye")
    before = eye.get_attribute("aria-pressed")
    bench.hit()
    expect(eye).to_have_attribute("aria-pressed", "false" if before == "true" else "true")
    bench.hit()
    expect(eye).to_have_attribute("aria-pressed", before or "")


@checks("looking", "app.palette")
def opens_the_palette(bench: Keys, _action: str) -> None:
    bench.hit()
    bench.part("search-field").fill("wand")
    bench.press("Enter")
    expect(bench.part("search-field")).to_have_count(0)
    expect(bench.part("tool-wand")).to_have_attribute("aria-pressed", "true")


@checks("looking", "app.shortcuts")
def opens_the_list_of_keys(bench: Keys, _action: str) -> None:
    bench.hit()
    expect(bench.part("key-tool.wand")).to_be_visible()
    bench.page.keyboard.press("Escape")
    expect(bench.part("key-tool.wand")).to_have_count(0)


@checks("looking", "show.beside")
def shows_a_picture_beside(bench: Keys, _action: str) -> None:
    bench.rest()
    bench.hit()
    expect(bench.part("beside-map")).to_be_visible()
    bench.hit()
    expect(bench.part("beside")).to_have_count(0)


@checks("looking", "view.link")
def links_and_frees_the_pictures(bench: Keys, _action: str) -> None:
    bench.rest()
    bench.press("Shift+B")
    linked = bench.part("beside-link")
    expect(linked).to_have_attribute("aria-pressed", "true")
    bench.hit()
    expect(linked).to_have_attribute("aria-pressed", "false")
    bench.hit()
    expect(linked).to_have_attribute("aria-pressed", "true")
    bench.press("Shift+B")
    expect(bench.part("beside")).to_have_count(0)
