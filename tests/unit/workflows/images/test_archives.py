import stat
import zipfile
from pathlib import Path

import pytest

from cytoloop.core.errors import InvalidInputError, TooLargeError
from cytoloop.workflows.images.archives import ArchiveLimits, images_in, is_zip, safe_relative_path, unpack


def make(path: Path, files: dict[str, bytes], *, link: str | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        if link is not None:
            info = zipfile.ZipInfo(link)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, "/etc/passwd")
    return path


def test_files_are_unpacked_without_junk(tmp_path: Path) -> None:
    archive = make(tmp_path / "a.zip", {"x/1.tif": b"one", "x/.DS_Store": b"", "__MACOSX/x": b"", "2.tif": b"two"})
    found = unpack(archive, tmp_path / "out", ArchiveLimits())
    assert sorted(one.relative_to(tmp_path / "out").as_posix() for one in found) == ["2.tif", "x/1.tif"]
    assert (tmp_path / "out/x/1.tif").read_bytes() == b"one"


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "..\\evil", "C:\\evil"])
def test_names_that_climb_out_are_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    archive = make(tmp_path / "a.zip", {"fine.tif": b"x", name: b"x"})
    with pytest.raises(InvalidInputError, match="out of its folder"):
        unpack(archive, tmp_path / "out", ArchiveLimits())
    assert not (tmp_path / "out").exists()


def test_links_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="link"):
        unpack(make(tmp_path / "a.zip", {}, link="innocent.tif"), tmp_path / "out", ArchiveLimits())


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    archive = make(tmp_path / "a.zip", {"zeros": bytes(50_000_000)})
    with pytest.raises(TooLargeError, match="more than is allowed"):
        unpack(archive, tmp_path / "out", ArchiveLimits())


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    archive = make(tmp_path / "a.zip", {str(n): b"" for n in range(20)})
    with pytest.raises(TooLargeError, match="20 files"):
        unpack(archive, tmp_path / "out", ArchiveLimits(max_files=10))


def test_what_is_cut_or_no_zip_is_told(tmp_path: Path) -> None:
    archive = make(tmp_path / "a.zip", {"a.tif": bytes(range(256)) * 400})
    content = archive.read_bytes()
    for bad in (content[: len(content) // 2], b"PK", b"not at all"):
        archive.write_bytes(bad)
        assert not is_zip(archive)
        with pytest.raises(InvalidInputError, match="complete zip"):
            unpack(archive, tmp_path / "out", ArchiveLimits())


def test_the_shape_of_a_folder_tells_its_images(tmp_path: Path) -> None:
    for name in (
        "a.tif",
        "dicom/1.dcm",
        "dicom/2.dcm",
        "z.ome.zarr/.zattrs",
        "z.ome.zarr/0/0.0",
        "m.mrxs",
        "m/Data0001.dat",
        ".hidden",
    ):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    found = sorted(one.relative_to(tmp_path / "in").as_posix() for one in images_in(tmp_path / "in"))
    assert found == ["a.tif", "dicom", "m.mrxs", "z.ome.zarr"]


def test_plain_relative_names_stay_as_they_are() -> None:
    assert safe_relative_path("a/b c/d.tif").as_posix() == "a/b c/d.tif"
