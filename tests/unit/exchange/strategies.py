"""Made-up objects of every kind, for round trips."""

import math

import numpy as np
import shapely
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from cytoloop.annotations.details import Details
from cytoloop.annotations.geometry import Kind, kind_fits
from cytoloop.annotations.model import Status
from cytoloop.exchange.model import ExchangeImage, ExchangeObject, ExchangeTerm

IMAGE = ExchangeImage("slide 1.svs", 300, 200, size_z=3, size_t=2, pixel_width_um=0.25, pixel_height_um=0.5)
names = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(
    lambda name: name == name.strip()
)
colors = st.none() | st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")
values = st.text(max_size=9).filter(lambda text: "\0" not in text) | st.booleans() | st.floats(-1e9, 1e9)
details = st.builds(
    Details,
    st.dictionaries(names, values, max_size=3),
    st.lists(names, max_size=3, unique=True).map(tuple),
    st.text(max_size=9).filter(lambda text: "\0" not in text),
)
exact = st.floats(0, 1, allow_subnormal=False, width=64)
single = st.floats(0, 1, allow_subnormal=False, width=32)


@st.composite
def stars(draw: st.DrawFn, share: st.SearchStrategy[float], x: float, y: float, radius: float) -> np.ndarray:
    """A ring around a centre that does not cross itself."""
    count = draw(st.integers(3, 12))
    reach = [radius * (0.4 + 0.6 * draw(share)) for _ in range(count)]
    angles = [2 * math.pi * number / count for number in range(count)]
    points = [(x + far * math.cos(turn), y + far * math.sin(turn)) for far, turn in zip(reach, angles, strict=True)]
    return np.array(points, np.float32).astype(np.float64)


@st.composite
def polygons(draw: st.DrawFn, share: st.SearchStrategy[float], x: float = 80, y: float = 80) -> shapely.Polygon:
    outline = draw(stars(share, x, y, 60))
    if not draw(st.booleans()):
        return shapely.Polygon(outline)
    return shapely.Polygon(outline, [draw(stars(share, x, y, 5))])


@st.composite
def geometries(draw: st.DrawFn, share: st.SearchStrategy[float]) -> tuple[BaseGeometry, Kind]:
    """A valid geometry on the image and its kind. ``share`` decides how precise coordinates are."""
    place = st.tuples(share, share).map(lambda one: (float(np.float32(300 * one[0])), float(np.float32(200 * one[1]))))
    match draw(st.sampled_from(Kind)):
        case Kind.POINT:
            return shapely.Point(draw(place)), Kind.POINT
        case Kind.LINE | Kind.ARROW as kind:
            points = draw(st.lists(place, min_size=2, max_size=6, unique=True))
            return shapely.LineString(points), kind
        case Kind.ANGLE:
            points = draw(st.lists(place, min_size=3, max_size=3, unique=True))
            return shapely.LineString(points), Kind.ANGLE
        case Kind.POLYGON:
            return draw(polygons(share)), Kind.POLYGON
        case Kind.MULTIPOLYGON:
            parts = [draw(polygons(share)), draw(polygons(share, 220, 90))]
            return shapely.MultiPolygon(parts), Kind.MULTIPOLYGON
        case Kind.RECTANGLE:
            side = draw(st.integers(1, 50))
            return shapely.box(10, 20, 10.5 + side, 21.25 + side), Kind.RECTANGLE
        case Kind.ELLIPSE:
            round_ = shapely.Point(100, 100).buffer(30)
            kept = shapely.Polygon(shapely.get_coordinates(round_.exterior).astype(np.float32).astype(np.float64))
            return kept, Kind.ELLIPSE


@st.composite
def objects(draw: st.DrawFn, share: st.SearchStrategy[float] = exact) -> list[ExchangeObject]:
    """Objects with ids 1, 2, ...; classes of one name have one colour."""
    known = draw(st.dictionaries(names, colors, max_size=3))
    terms = [None, *(ExchangeTerm(name, color) for name, color in known.items())]
    found: list[ExchangeObject] = []
    for number in range(draw(st.integers(0, 5))):
        geometry, kind = draw(geometries(share))
        assert kind_fits(kind, geometry)
        found.append(
            ExchangeObject(
                geometry,
                kind,
                term=draw(st.sampled_from(terms)),
                status=draw(st.sampled_from(Status)),
                score=draw(st.none() | st.floats(0, 1)),
                z=draw(st.integers(0, 2)),
                t=draw(st.integers(0, 1)),
                id=number + 1,
                parent_id=draw(st.none() | st.integers(1, 2**52)),
                details=draw(details),
                locked=draw(st.booleans()),
            )
        )
    return found
