"""An image that has to come from an object store first: the page says how far it is, then shows it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.liveserver import Server
from tests.objectstore import TestBucket

from cytoloop.samples import FOLDER

from .screen import SLOW_MS, Screen

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def server(tmp_path: Path, bucket: TestBucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("CYTOLOOP_BLOBS_ENDPOINT", bucket.store.endpoint)
    made = Server(tmp_path / "home", "--blobs", bucket.url)
    made.start()
    yield made
    made.stop()


def test_the_page_tells_how_much_of_a_slide_has_come(screen: Screen, page: Page, bucket: TestBucket) -> None:
    screen.open()
    screen.new_project("Far away")
    screen.drop(FOLDER / "he-slide.svs")
    page.get_by_text("he-slide.svs").first.wait_for()
    screen.picture("list")
    bucket.store.door.shut()
    screen.part("image-card").filter(has_text="he-slide.svs").click()
    notice = screen.part("arrival")
    expect(notice).to_contain_text("cannot be reached", timeout=SLOW_MS)
    screen.picture("away")
    bucket.store.door.delay_s = 0.06
    bucket.store.door.open()
    expect(notice).to_contain_text("Fetching the image from the object store", timeout=SLOW_MS)
    expect(notice).to_contain_text("MB", timeout=SLOW_MS)
    screen.picture("arriving")
    bucket.store.door.delay_s = 0.0
    expect(notice).to_have_count(0, timeout=SLOW_MS)
    screen.idle()
    screen.picture("here")
    with page.expect_response(lambda one: "/tiles/" in one.url and one.status == 200, timeout=SLOW_MS):
        page.reload()
