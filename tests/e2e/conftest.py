"""A real browser on a real server."""

import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.liveserver import Server

from .quiet import WATCH
from .screen import Screen

# their assertions tell as much as those of the tests that call them
pytest.register_assert_rewrite(*(f"tests.e2e.{name}" for name in ("keys_looking", "keys_editing", "keys_choosing")))

# what is waited for comes at once on an idle machine; other tests may have the processors
expect.set_options(timeout=15_000)

SCREENSHOTS = Path(__file__).parents[2] / "test-results" / "screenshots"
FAILURES = SCREENSHOTS.parent / "failures"
_FAILED = pytest.StashKey[bool]()
# Software rendering that is the same everywhere. Without the two flags of the canvas its layers are many times slower;
# the page is put together by the processor, as a stand-in for a graphics card takes half as long again.
ARGUMENTS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-accelerated-2d-canvas",
    "--disable-gpu-rasterization",
    "--force-color-profile=srgb",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu-compositing",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests of a process: each test makes projects of its own."""
    made = Server(tmp_path_factory.mktemp("server") / "home")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[Server]:
    """One with the home ``tmp_path/home`` and no project yet; a module that needs it calls it ``server``."""
    made = Server(tmp_path / "home")
    made.start()
    yield made
    made.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
    return report


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    context.add_init_script(WATCH)
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    requests: list[str] = []
    opened.on("requestfinished", lambda one: requests.append(f"{one.method} {one.url}"))
    opened.on("requestfailed", lambda one: requests.append(f"{one.method} {one.url} failed: {one.failure}"))
    yield opened
    if request.node.stash.get(_FAILED, False):  # how the page looked, and what it had asked for last
        FAILURES.mkdir(parents=True, exist_ok=True)
        opened.screenshot(path=FAILURES / f"{request.node.name}.png")
        (FAILURES / f"{request.node.name}.txt").write_text("\n".join(requests[-100:]))
    context.close()
    assert errors == [], "the page must not throw"


@pytest.fixture
def screen(page: Page, server: Server, request: pytest.FixtureRequest) -> Screen:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return Screen(page, server.url, SCREENSHOTS / request.node.name)
