"""Objects that look like the selected one, on the page: look at all, the class of the likest, go to one."""

import pytest
from playwright.sync_api import expect

from .screen import SLOW_MS
from .workbench import Workbench, workbench

NUCLEI = [(130, 75), (222, 59), (324, 268), (497, 292)]
BETWEEN = [(400, 85), (618, 106), (524, 190), (425, 317)]
"""Places in the bundled picture."""

DRAW = """async (places) => {
  const image = document.querySelector('[data-testid=viewer]').dataset.imageId;
  const project = location.pathname.split('/')[2];
  const session = await (await fetch('/api/v1/session')).json();
  const headers = {'Content-Type': 'application/json', 'X-CSRF-Token': session.csrf_token};
  const get = async (path) => (await fetch('/api/v1' + path)).json();
  const post = async (path, body) =>
    (await fetch('/api/v1' + path, {method: 'POST', headers, body: JSON.stringify(body)})).json();
  const terms = (await get(`/projects/${project}/ontology`)).terms;
  const layer = await post(`/images/${image}/layers`, {});
  const creates = places.map(([x, y, name]) => {
    const ring = Array.from({length: 16}, (_, at) => {
      const angle = at * Math.PI / 8;
      return [x + 11 * Math.cos(angle), y + 11 * Math.sin(angle)];
    });
    const term = terms.find((one) => one.name === name);
    return {
      geometry: {type: 'Polygon', coordinates: [[...ring, ring[0]]]},
      ...(term ? {term_id: term.id} : {}),
    };
  });
  return (await post(`/layers/${layer.id}/changes`, {creates})).created_ids;
}"""


@pytest.fixture
def bench(screen: object) -> Workbench:
    bench = workbench(screen)  # type: ignore[arg-type]
    bench.open_sample("fluorescence-nuclei.png", ("Nucleus", "1"), ("Ground", "2"))
    bench.part("tour-end").click()
    return bench


def test_similar_objects_suggest_a_class(bench: Workbench) -> None:
    places = [*((x, y, "Nucleus") for x, y in NUCLEI[:3]), *((x, y, "Ground") for x, y in BETWEEN), (*NUCLEI[3], "")]
    ids = bench.page.evaluate(DRAW, [list(one) for one in places])
    bench.page.reload()
    bench.idle()
    bench.tab("objects")
    bench.press("s")
    bench.click_at(*NUCLEI[3])
    bench.part("similar-open").click()
    expect(bench.part("similar-missing")).to_contain_text("8 objects of the project were not looked at yet")
    bench.part("similar-index").click()
    expect(bench.part("similar-pictures")).to_have_attribute("data-count", "7", timeout=SLOW_MS)
    expect(bench.part("similar-missing")).to_be_hidden()
    expect(bench.part("similar-suggestion")).to_contain_text("The likest are Nucleus")
    likest = bench.page.get_by_test_id("similar-object")
    first = [int(likest.nth(place).get_attribute("data-id") or 0) for place in range(3)]
    assert sorted(first) == sorted(ids[:3])
    bench.picture("similar")
    bench.part("similar-accept").click()
    bench.expect_saved()
    expect(bench.part("similar-accept")).to_be_hidden()
    found = {one.id: one.term_id for one in bench.stored()}
    assert found[ids[7]] == found[ids[0]]
    likest.first.click()
    expect(bench.part("details")).to_contain_text(f"Object {first[0]}")
    expect(bench.part("similar-pictures")).to_have_attribute("data-count", "7")
