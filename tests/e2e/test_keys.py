"""Every key of the keymap is pressed in a real browser, and what it does is looked at."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from . import keys_choosing, keys_editing, keys_looking
from .conftest import Server
from .keychecks import CHECKED, NAMES, Keys, bench_of, flat, keymap, stack
from .screen import SLOW_MS, Screen
from .test_objects import api

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

MODULES = (keys_looking, keys_editing, keys_choosing)
CLASSES = [(f"class-{number}", str(number)) for number in range(1, 10)]


def _square(x: float, y: float, side: float, status: str) -> dict[str, object]:
    ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    return {"geometry": {"type": "Polygon", "coordinates": [ring]}, "status": status}


def _open(bench: Keys, *paths: Path, name: str) -> None:
    bench.open()
    bench.new_project("Keys")
    bench.add_classes(*CLASSES)
    for path in paths:  # one after the other: the list has them in the order of their arrival
        bench.drop(path)
    bench.open_image(name)


def _with_objects(bench: Keys, *objects: dict[str, object]) -> None:
    image = bench.part("viewer").get_attribute("data-image-id")
    layer = api(bench.server, f"/images/{image}/layers", {})["id"]
    api(bench.server, f"/layers/{layer}/changes", {"creates": list(objects)})
    bench.page.reload()
    bench.idle()


def _looking(bench: Keys, folder: Path) -> None:
    _open(bench, *(stack(folder / name) for name in NAMES), name=NAMES[1])
    _with_objects(bench, _square(20, 20, 40, "accepted"), _square(90, 20, 40, "predicted"))


def _editing(bench: Keys, folder: Path) -> None:
    _open(bench, stack(folder / NAMES[0], channels=1), name=NAMES[0])


def _flat(bench: Keys, folder: Path) -> None:
    _open(bench, flat(folder / NAMES[0]), name=NAMES[0])


def _review(bench: Keys, folder: Path) -> None:
    _flat(bench, folder)
    _with_objects(bench, *(_square(20 + 30 * n, 20, 20, "predicted") for n in range(4)))


def _labelling(bench: Keys, folder: Path) -> None:
    """Four objects with a class and four without, a classifier, and its suggestions."""
    _flat(bench, folder)
    squares = [_square(20 + 25 * (n % 4), 20 + 30 * (n // 4), 10 + 8 * (n % 2), "accepted") for n in range(8)]
    project = bench.page.url.split("/")[4]
    terms = [one["id"] for one in api(bench.server, f"/projects/{project}/ontology")["terms"]]
    _with_objects(bench, *({**one, "term_id": terms[n % 2]} if n < 4 else one for n, one in enumerate(squares)))
    bench.tab("classify")
    bench.part("train-classifier").click()
    expect(bench.part("suggestions")).to_have_attribute("data-count", "4", timeout=SLOW_MS)
    bench.idle()


SCENES: dict[str, Callable[[Keys, Path], None]] = {
    "looking": _looking,
    "editing": _editing,
    "choosing": _flat,
    "assist": _flat,
    "review": _review,
    "labelling": _labelling,
}


def test_each_command_of_the_keymap_has_a_check_in_a_scene_that_is_played() -> None:
    assert set(CHECKED) == set(keymap())
    assert {scene for scene, _ in CHECKED.values()} == set(SCENES)
    assert all(command.keys for command in keymap().values())


@pytest.mark.parametrize("scene", sorted(SCENES))
def test_each_key_does_what_the_reference_says(screen: Screen, server: Server, tmp_path: Path, scene: str) -> None:
    bench = bench_of(screen, server)
    SCENES[scene](bench, tmp_path)
    for action, command in keymap().items():
        played, check = CHECKED[action]
        for chord in command.keys if played == scene else ():
            bench.chord, bench.presses = chord, 0
            try:
                check(bench, action)
            except Exception as error:
                error.add_note(f"while {chord} was checked, which is {action}")
                bench.picture(f"{action}-failed")
                raise
            assert bench.presses > 0, f"{chord} was not pressed by the check of {action}"
