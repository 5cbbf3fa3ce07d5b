"""Two ways of doing the same, timed in turn."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Comparison:
    """Processor seconds of a unit of work: ours, the peer's, and how many times ours the peer's is."""

    what: str
    peer: str
    unit: str
    ours_ms: float
    peer_ms: float
    ratio: float
    spread: tuple[float, float]


def compare(
    what: str,
    peer_name: str,
    ours: Callable[[], int],
    peer: Callable[[], int],
    *,
    unit: str,
    rounds: int = 5,
    clock: Callable[[], float] = time.process_time,
) -> Comparison:
    """Run both in turn; each returns how many units it did. The first round warms up and does not count."""
    pairs: list[tuple[float, float]] = []
    for round_number in range(rounds + 1):
        times = []
        for work in (ours, peer):
            start = clock()
            units = work()
            times.append((clock() - start) / units)
        if round_number:
            pairs.append((times[0], times[1]))
    ratios = [theirs / mine for mine, theirs in pairs]
    return Comparison(
        what,
        peer_name,
        unit,
        statistics.median(mine for mine, _ in pairs) * 1e3,
        statistics.median(theirs for _, theirs in pairs) * 1e3,
        statistics.median(ratios),
        (min(ratios), max(ratios)),
    )


def table(rows: list[Comparison]) -> str:
    """The comparisons as Markdown."""
    lines = [
        "| what | peer | ours, cpu ms | peer, cpu ms | unit | ratio (min to max) |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for one in rows:
        low, high = one.spread
        numbers = f"{one.ours_ms:.3g} | {one.peer_ms:.3g} | {one.unit}"
        lines.append(f"| {one.what} | {one.peer} | {numbers} | {one.ratio:.1f} ({low:.1f} to {high:.1f}) |")
    return "\n".join(lines)
