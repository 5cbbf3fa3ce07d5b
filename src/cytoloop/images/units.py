"""Lengths and times of files in micrometres and seconds."""

from math import isfinite

_MICROMETRES = {
    "m": 1e6,
    "meter": 1e6,
    "metre": 1e6,
    "dm": 1e5,
    "cm": 1e4,
    "centimeter": 1e4,
    "mm": 1e3,
    "millimeter": 1e3,
    "micrometer": 1.0,
    "micrometre": 1.0,
    "micron": 1.0,
    "microns": 1.0,
    "um": 1.0,
    "\u00b5m": 1.0,  # micro sign
    "\u03bcm": 1.0,  # Greek mu
    "nm": 1e-3,
    "nanometer": 1e-3,
    "angstrom": 1e-4,
    "\u00c5": 1e-4,
    "pm": 1e-6,
    "inch": 25_400.0,
    "in": 25_400.0,
}
_SECONDS = {
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "ms": 1e-3,
    "msec": 1e-3,
    "millisecond": 1e-3,
    "us": 1e-6,
    "\u00b5s": 1e-6,
    "microsecond": 1e-6,
    "min": 60.0,
    "minute": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
}


def micrometres(value: float, unit: str) -> float | None:
    """``value`` in um, or ``None`` for units that are no length (such as ``pixel``) and useless values."""
    factor = _MICROMETRES.get(unit.strip(), _MICROMETRES.get(unit.strip().lower()))
    return _positive(value, factor)


def seconds(value: float, unit: str) -> float | None:
    """``value`` in seconds, or ``None`` for unknown units and useless values."""
    return _positive(value, _SECONDS.get(unit.strip().lower()))


def _positive(value: float, factor: float | None) -> float | None:
    if factor is None or not isfinite(value) or value <= 0:
        return None
    return value * factor
