"""Which kind of TIFF a file is."""

import tifffile

_MAGIC = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_JPEG = 7


def is_tiff(head: bytes) -> bool:
    """Whether the first bytes are those of a TIFF or BigTIFF."""
    return head[:4] in _MAGIC


def is_scanner_slide(tiff: tifffile.TiffFile) -> bool:
    """Whether a slide scanner wrote the file in its own way."""
    return bool(tiff.is_svs or tiff.is_ndpi or tiff.is_scn or tiff.is_bif or tiff.is_philips)


def is_jpeg_tiled_rgb(page: tifffile.TiffPage) -> bool:
    """Whether the page is a colour image in JPEG tiles that can be passed through as they are."""
    return (
        page.is_tiled
        and page.compression == _JPEG
        and page.samplesperpixel == 3
        and page.bitspersample == 8
        and page.planarconfig == 1
        and page.photometric in {tifffile.PHOTOMETRIC.RGB, tifffile.PHOTOMETRIC.YCBCR}
    )
