"""Every real file goes through upload, import and tiles."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from .driver import API, Driver

EXPECTED = {
    "CMU-1-Small-Region.svs": (2220, 2967, 1, 1, 1, "uint8", True, 0.499),
    "test3-DAPI.ndpi": (3968, 4864, 1, 1, 1, "uint8", True, 0.2282),
    "4D-series.ome.tiff": (439, 167, 5, 1, 7, "int8", False, None),
    "hela-cells.tif": (672, 512, 1, 3, 1, "uint16", False, 0.0515),
    "membrane_2d_timelapse.tif": (256, 256, 1, 1, 5, "uint16", False, None),
    "BPAE_nuclei.tif": (1100, 680, 1, 1, 1, "float32", False, None),
    "maize_clsm.tif": (639, 640, 1, 1, 1, "uint8", False, None),
    "plate_well.czi": (544, 440, 1, 1, 1, "uint16", False, 0.1),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_real_file_is_shown(api: Driver, shared_data: Path, name: str) -> None:
    project = api.project()
    image = api.image(project, name, (shared_data / "formats" / name).read_bytes())
    keys = ("width", "height", "size_z", "size_c", "size_t", "dtype", "rgb")
    assert tuple(image[key] for key in keys) == EXPECTED[name][:-1]
    assert image["pixel_width_um"] == (
        None if EXPECTED[name][-1] is None else pytest.approx(EXPECTED[name][-1], rel=1e-2)
    )
    assert len(image["channels"]) == (0 if image["rgb"] else image["size_c"])
    base = f"{API}/images/{image['id']}"
    thumbnail = _decoded(api.client.get(f"{base}/thumbnail?size=128"))
    assert max(thumbnail.shape[:2]) == 128
    assert thumbnail.std() > 3, "the picture must show something"
    for number, level in enumerate(image["levels"]):
        column = (level["width"] - 1) // level["tile_width"]
        row = (level["height"] - 1) // level["tile_height"]
        tile = _decoded(api.client.get(f"{base}/tiles/{number}/{column}/{row}"))
        rest = (level["height"] - row * level["tile_height"], level["width"] - column * level["tile_width"])
        assert tile.shape[:2] == rest
    for associated in image["associated"]:
        assert api.client.get(f"{base}/associated/{associated}").status_code == 200
    raw = api.client.get(f"{base}/raw/0/0/0")
    shape = tuple(int(side) for side in raw.headers["x-array-shape"].split(","))
    values = np.frombuffer(raw.content, np.dtype(raw.headers["x-array-dtype"])).reshape(shape)
    pixel = api.ok(api.get(f"/images/{image['id']}/pixels?x=7&y=9"))["values"]
    assert values[0, 9, 7] == pixel[0]


def _decoded(response: object) -> np.ndarray:
    assert response.status_code == 200, response.text
    assert "immutable" in response.headers["cache-control"]
    return cv2.imdecode(np.frombuffer(response.content, np.uint8), cv2.IMREAD_COLOR)


def test_stored_tiles_are_passed_through_untouched(api: Driver, shared_data: Path) -> None:
    import tifffile

    path = shared_data / "formats" / "CMU-1-Small-Region.svs"
    image = api.image(api.project(), path.name, path.read_bytes())
    tile = api.client.get(f"{API}/images/{image['id']}/tiles/0/2/3").content
    with tifffile.TiffFile(path) as opened:
        page = opened.pages[0]
        index = 3 * -(-page.imagewidth // page.tilewidth) + 2
        stored = path.read_bytes()[page.dataoffsets[index] :][: page.databytecounts[index]]
    assert tile.endswith(stored[2:])
    again = api.client.get(f"{API}/images/{image['id']}/tiles/0/2/3")
    cached = api.client.get(f"{API}/images/{image['id']}/tiles/0/2/3", headers={"If-None-Match": again.headers["etag"]})
    assert cached.status_code == 304
