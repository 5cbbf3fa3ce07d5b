"""Stored JPEG tiles made into complete files that a browser reads with the right colours."""

_START = b"\xff\xd8"
_ADOBE_RGB = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
"""APP14 marker with transform 0: the three components are red, green and blue, not YCbCr."""


def complete_jpeg(data: bytes, tables: bytes | None, *, stored_as_rgb: bool) -> bytes | None:
    """A tile of a TIFF as a JPEG file, or ``None`` where the stored bytes are no JPEG stream.

    Parameters
    ----------
    data
        The stored tile: an abbreviated or a whole JPEG stream.
    tables
        The TIFF's JPEGTables, shared by all tiles, if it has them.
    stored_as_rgb
        The TIFF says photometric RGB. Without the Adobe marker, decoders would take the
        components for YCbCr, as Aperio files show.
    """
    if data[:2] != _START or data[-2:] != b"\xff\xd9":
        return None
    marker = _ADOBE_RGB if stored_as_rgb and b"Adobe" not in (tables or b"") + data[:512] else b""
    shared = tables[2:-2] if tables else b""
    return _START + marker + shared + data[2:]
