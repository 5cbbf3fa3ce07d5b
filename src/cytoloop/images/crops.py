"""The part of an image that a small picture of one object shows."""

from cytoloop.core.geometry import Box

MARGIN = 0.25
"""Of the object's longer side, on each side of it: what lies around tells much."""
SMALLEST_PX = 24.0
"""Points and specks are shown with at least this much of the image."""


def crop_window(box: Box) -> Box:
    """A square around an object (px of the image); it may reach outside the image, which is filled there."""
    side = max(max(box.width, box.height) * (1 + 2 * MARGIN), SMALLEST_PX)
    x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    return Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)
