"""Small plots as inline SVG, coloured by the page's style."""

import html
from collections.abc import Mapping, Sequence

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 460, 260, 52, 12, 14, 44


def line_plot(series: Mapping[str, Sequence[tuple[float, float]]], *, x: str, y: str, top: float | None = None) -> str:
    """Lines by name over common axes, y from 0. Points are in rising order of x."""
    points = [point for line in series.values() for point in line]
    if not points:
        return "<p>Nothing to plot.</p>"
    left, right = min(one[0] for one in points), max(one[0] for one in points)
    high = top if top is not None else max(one[1] for one in points) * 1.05 or 1.0
    place = _Place(left, right if right > left else left + 1, high)
    lines = [
        f'<polyline class="line s{number}" points="{" ".join(place.at(*one) for one in line)}"/>'
        + "".join(f'<circle class="dot s{number}" r="2.5" {place.circle(*one)}/>' for one in line)
        for number, line in enumerate(series.values())
    ]
    return _framed(place, lines, list(series), x, y)


def histogram(
    series: Mapping[str, Sequence[float]], *, x: str, y: str = "objects", bins: int = 24, limit: float | None = None
) -> str:
    """Counts by name over common bins, as steps."""
    values = sorted(value for one in series.values() for value in one)
    if not values:
        return "<p>Nothing to plot.</p>"
    top = limit if limit is not None else values[min(len(values) - 1, int(0.995 * len(values)))]
    width = (top or 1.0) / bins
    counts = {name: _counts(one, width, bins) for name, one in series.items()}
    high = max(max(one) for one in counts.values()) * 1.05 or 1.0
    place = _Place(0, width * bins, high)
    lines: list[str] = []
    for number, row in enumerate(counts.values()):
        corners = [(0.0, 0.0)]
        for index, count in enumerate(row):
            corners += [(index * width, count), ((index + 1) * width, count)]
        corners.append((bins * width, 0.0))
        lines.append(f'<polyline class="line s{number}" points="{" ".join(place.at(*one) for one in corners)}"/>')
    return _framed(place, lines, list(series), x, y)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2g}"


def _counts(values: Sequence[float], width: float, bins: int) -> list[int]:
    row = [0] * bins
    for value in values:
        row[min(bins - 1, max(0, int(value / width)))] += 1
    return row


class _Place:
    """From values to places on the paper."""

    def __init__(self, left: float, right: float, high: float) -> None:
        self.left, self.right, self.high = left, right, high

    def xy(self, x: float, y: float) -> tuple[float, float]:
        across = (x - self.left) / (self.right - self.left)
        up = min(max(y / self.high, 0.0), 1.0)
        return (
            _LEFT + across * (_WIDTH - _LEFT - _RIGHT),
            _TOP + (1 - up) * (_HEIGHT - _TOP - _BOTTOM),
        )

    def at(self, x: float, y: float) -> str:
        px, py = self.xy(x, y)
        return f"{px:.1f},{py:.1f}"

    def circle(self, x: float, y: float) -> str:
        px, py = self.xy(x, y)
        return f'cx="{px:.1f}" cy="{py:.1f}"'


def _framed(place: _Place, lines: Sequence[str], names: Sequence[str], x: str, y: str) -> str:
    parts: list[str] = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        px, py = place.xy(place.left + share * (place.right - place.left), share * place.high)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{py:.1f}" y2="{py:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{py + 4:.1f}" text-anchor="end">{_number(share * place.high)}</text>')
        told = place.left + share * (place.right - place.left)
        parts.append(f'<text x="{px:.1f}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">{_number(told)}</text>')
    parts.append(f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 6}" text-anchor="middle">{html.escape(x)}</text>')
    label = html.escape(f"{y} over {x}: {', '.join(names)}")
    legend = "".join(f'<span class="key s{number}">{html.escape(name)}</span> ' for number, name in enumerate(names))
    return (
        f'<figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">'
        f"{''.join(parts)}{''.join(lines)}</svg><figcaption>{html.escape(y)}: {legend}</figcaption></figure>"
    )
