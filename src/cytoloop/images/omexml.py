"""Facts from OME-XML, by local names, so that the year of the schema does not matter."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, cast

from defusedxml import DefusedXmlException
from defusedxml import ElementTree as SafeElementTree

from cytoloop.core.errors import UnreadableImageError

from .source import Channel
from .units import micrometres, seconds


class Element(Protocol):
    """The part of an XML element that is used here."""

    tag: str
    text: str | None
    attrib: dict[str, str]

    def iter(self) -> Iterator["Element"]: ...


@dataclass(frozen=True, slots=True)
class OmeFacts:
    """What one ``Image`` element says."""

    pixel_width_um: float | None = None
    pixel_height_um: float | None = None
    z_spacing_um: float | None = None
    frame_interval_s: float | None = None
    magnification: float | None = None
    channels: tuple[Channel, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])


def parse_xml(text: str) -> Element:
    """The root of an XML text from an untrusted file."""
    try:
        return cast("Element", SafeElementTree.fromstring(text))
    except (SafeElementTree.ParseError, DefusedXmlException, ValueError) as error:
        raise UnreadableImageError(f"The metadata (XML) of the file is damaged: {error}.") from error


def local_name(element: Element) -> str:
    """The tag without its namespace."""
    return element.tag.rpartition("}")[2]


def descendants(element: Element, name: str) -> list[Element]:
    """All elements below (and including) ``element`` with this local name, in document order."""
    return [found for found in element.iter() if local_name(found) == name]


def ome_facts(text: str, series: int) -> OmeFacts:
    """Facts of image number ``series``."""
    root = parse_xml(text)
    images = descendants(root, "Image")
    if series >= len(images):
        return OmeFacts()
    image = images[series]
    pixels = descendants(image, "Pixels")
    attributes = pixels[0].attrib if pixels else {}
    objective = _objective(root, image)
    magnification = _number(objective.get("NominalMagnification"))
    interval = _number(attributes.get("TimeIncrement"))
    return OmeFacts(
        pixel_width_um=_physical_size(attributes, "X"),
        pixel_height_um=_physical_size(attributes, "Y"),
        z_spacing_um=_physical_size(attributes, "Z"),
        frame_interval_s=None if interval is None else seconds(interval, attributes.get("TimeIncrementUnit", "s")),
        magnification=magnification,
        channels=_channels(image),
        metadata=_metadata(root, image, objective),
    )


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _physical_size(pixels: Mapping[str, str], axis: str) -> float | None:
    size = _number(pixels.get(f"PhysicalSize{axis}"))
    if size is None:
        return None
    return micrometres(size, pixels.get(f"PhysicalSize{axis}Unit", "\u00b5m"))


def _channels(image: Element) -> tuple[Channel, ...]:
    """Channels with samples unrolled; white for all of several channels means that no colour was chosen."""
    found: list[Channel] = []
    for index, element in enumerate(descendants(image, "Channel")):
        name = element.attrib.get("Name") or element.attrib.get("Fluor") or f"Channel {index + 1}"
        samples = int(_number(element.attrib.get("SamplesPerPixel")) or 1)
        color = _color(element.attrib.get("Color"))
        if samples == 1:
            found.append(Channel(name, color))
        else:
            found.extend(Channel(f"{name} {sample + 1}") for sample in range(samples))
    if len(found) > 1 and all(channel.color in {None, "#ffffff"} for channel in found):
        return tuple(Channel(channel.name) for channel in found)
    return tuple(found)


def _color(text: str | None) -> str | None:
    """``#rrggbb`` of the signed 32-bit RGBA integer of OME-XML."""
    number = _number(text)
    if number is None:
        return None
    return f"#{(int(number) & 0xFFFFFFFF) >> 8:06x}"


def _objective(root: Element, image: Element) -> Mapping[str, str]:
    wanted = [settings.attrib.get("ID") for settings in descendants(image, "ObjectiveSettings")]
    for objective in descendants(root, "Objective"):
        if objective.attrib.get("ID") in wanted:
            return objective.attrib
    return {}


def _metadata(root: Element, image: Element, objective: Mapping[str, str]) -> dict[str, str]:
    facts: dict[str, str] = {}
    if image.attrib.get("Name"):
        facts["Name"] = image.attrib["Name"]
    dates = descendants(image, "AcquisitionDate") or descendants(image, "AcquiredDate")
    if dates and dates[0].text:
        facts["Acquired"] = dates[0].text.strip()
    if objective:
        model = " ".join(objective.get(key, "") for key in ("Manufacturer", "Model")).strip()
        numerical_aperture = objective.get("LensNA")
        parts = [model, f"NA {numerical_aperture}" if numerical_aperture else ""]
        facts["Objective"] = ", ".join(part for part in parts if part) or "unnamed"
    if root.attrib.get("Creator"):
        facts["Software"] = root.attrib["Creator"]
    return facts
