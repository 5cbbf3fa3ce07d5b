import zipfile
from pathlib import Path

import numpy as np
import pytest
import shapely
from roifile import ROI_OPTIONS, ROI_TYPE, ImagejRoi

from cytoloop.annotations.geometry import Kind
from cytoloop.core.errors import InvalidInputError
from cytoloop.exchange.formats import read_objects, write_objects
from cytoloop.exchange.model import ExchangeObject, ExchangeTerm

from .strategies import IMAGE


def roi_file(roi: ImagejRoi, tmp_path: Path) -> Path:
    path = tmp_path / "one.roi"
    path.write_bytes(roi.tobytes())
    return path


def zipped(tmp_path: Path, **files: bytes) -> Path:
    path = tmp_path / "some.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def polygon() -> ImagejRoi:
    return ImagejRoi.frompoints(np.array([[1, 1], [9, 1], [9, 9]]))


def test_written_as_imagej_reads_it(tmp_path: Path) -> None:
    made = ExchangeObject(shapely.box(1, 2, 3, 4), Kind.POLYGON, ExchangeTerm("Ünï 😀/x", "#0a0b0c"), z=1, t=1)
    path = write_objects("imagej", [made, made], IMAGE, tmp_path, "x")
    assert path.name == "x.rois.zip"
    with zipfile.ZipFile(path) as archive:
        first, second = archive.namelist()
        assert first != second
        assert "/" not in first
        assert {one.date_time[0] for one in archive.infolist()} == {1980}, "the same objects give the same file"
        roi = ImagejRoi.frombytes(archive.read(first))
    assert (roi.z_position, roi.t_position, roi.stroke_color) == (2, 2, b"\xff\x0a\x0b\x0c")
    assert roi.roitype is ROI_TYPE.POLYGON
    assert np.allclose(np.sort(roi.coordinates(), axis=0)[[0, -1]], [[1, 2], [3, 4]])


def test_rectangles_ovals_lines_and_points_of_imagej(tmp_path: Path) -> None:
    rectangle = ImagejRoi(roitype=ROI_TYPE.RECT, left=5, top=6, right=15, bottom=26)
    (one,) = read_objects(roi_file(rectangle, tmp_path), IMAGE).objects
    assert (one.kind, one.geometry.bounds) == (Kind.RECTANGLE, (5, 6, 15, 26))
    oval = ImagejRoi(roitype=ROI_TYPE.OVAL, left=5, top=6, right=45, bottom=46)
    (one,) = read_objects(roi_file(oval, tmp_path), IMAGE).objects
    assert one.kind is Kind.ELLIPSE
    assert one.geometry.area == pytest.approx(400 * np.pi, rel=0.01)
    exact = ImagejRoi(
        roitype=ROI_TYPE.RECT, options=ROI_OPTIONS.SUB_PIXEL_RESOLUTION, xd=1.5, yd=2.5, widthd=3, heightd=4
    )
    (one,) = read_objects(roi_file(exact, tmp_path), IMAGE).objects
    assert one.geometry.bounds == (1.5, 2.5, 4.5, 6.5)
    line = ImagejRoi(roitype=ROI_TYPE.LINE, x1=1, y1=2, x2=3, y2=4)
    (one,) = read_objects(roi_file(line, tmp_path), IMAGE).objects
    assert one.geometry.wkt == "LINESTRING (1 2, 3 4)"
    points = ImagejRoi.frompoints(np.array([[1, 1], [5, 6]]))
    points.roitype = ROI_TYPE.POINT
    found = read_objects(roi_file(points, tmp_path), IMAGE).objects
    assert [item.geometry.wkt for item in found] == ["POINT (1.5 1.5)", "POINT (5.5 6.5)"]


def test_positions_of_plain_stacks_count_slices(tmp_path: Path) -> None:
    roi = polygon()
    roi.position = 3
    assert read_objects(roi_file(roi, tmp_path), IMAGE).objects[0].z == 2


def test_names_of_foreign_rois_are_kept(tmp_path: Path) -> None:
    roi = polygon()
    roi.name = "0001-0044"
    (one,) = read_objects(roi_file(roi, tmp_path), IMAGE).objects
    assert (one.term, one.properties) == (None, {"name": "0001-0044"})


def test_damaged_rois_are_refused_by_name(tmp_path: Path) -> None:
    whole = polygon().tobytes()
    with pytest.raises(InvalidInputError, match=r"bad\.roi in some\.zip"):
        read_objects(zipped(tmp_path, **{"good.roi": whole, "bad.roi": whole[:70]}), IMAGE)
    with pytest.raises(InvalidInputError, match=r"bad\.roi"):
        read_objects(zipped(tmp_path, **{"bad.roi": b"nonsense" * 20}), IMAGE)
    (tmp_path / "cut.roi").write_bytes(whole[:40])
    with pytest.raises(InvalidInputError, match=r"cut\.roi"):
        read_objects(tmp_path / "cut.roi", IMAGE)


def test_coordinates_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    roi = ImagejRoi.frompoints(np.array([[1.0, 1.0], [9.0, 1.0], [9.0, 9.0]], np.float32))
    assert roi.subpixel_coordinates is not None
    roi.subpixel_coordinates[0, 0] = np.nan
    with pytest.raises(InvalidInputError, match=r"one\.roi"):
        read_objects(roi_file(roi, tmp_path), IMAGE)


@pytest.mark.parametrize("name", ["../up.roi", "/root.roi", "a/../../b.roi", "..\\up.roi"])
def test_a_zip_that_points_outside_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="points out of the zip"):
        read_objects(zipped(tmp_path, **{name: polygon().tobytes()}), IMAGE)


def test_zips_that_are_none_or_too_much_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path, **{"a.roi": polygon().tobytes()})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InvalidInputError, match="no zip"):
        read_objects(path, IMAGE)
    with pytest.raises(InvalidInputError, match="no ImageJ ROI"):
        read_objects(zipped(tmp_path, **{"readme.txt": b"hello"}), IMAGE)
    monkeypatch.setattr("cytoloop.exchange.imagej.MAX_TOTAL_BYTES", 100)
    with pytest.raises(InvalidInputError, match="at most"):
        read_objects(zipped(tmp_path, **{"a.roi": polygon().tobytes()}), IMAGE)
