"""Many people looking at slides on one server at once: latency of tiles, and the server's memory over the time.

``python -m tests.performance.viewers --viewers 50 --minutes 10`` lets each viewer pan and zoom over a mosaic of real
H&E: at every step it asks for the tiles of a window of 1,440 x 900 px that it does not have yet, six at a time as a
browser does, looks at them for a moment and moves on. Those who ask run on the same machine, so that latencies hold
their processor time too.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx2 as httpx
import numpy as np
from tests.liveserver import Server
from tests.soak.mosaic import write_mosaic
from tests.soak.slide import API, SlideRun

from .memory import family, memory_mb

WINDOW = (1440, 900)
AT_ONCE = 6
LOOKS_S = (0.3, 1.5)
"""How long a person looks before the next step, from and to."""
PARTS = 5


@dataclass(slots=True)
class Told:
    """What the viewers met."""

    latencies_s: list[float] = field(default_factory=list[float])
    bytes: int = 0
    failures: int = 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--side", type=int, default=12_000, help="side of the slide (px)")
    given = parser.parse_args()
    print(f"Command: python -m tests.performance.viewers --viewers {given.viewers} --minutes {given.minutes:g} "
          f"--side {given.side}\n")  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="cytoloop-viewers-") as folder:
        return _measure(Path(folder), given)


def _measure(folder: Path, given: argparse.Namespace) -> int:
    slide = folder / "slides" / "mosaic.tif"
    slide.parent.mkdir()
    write_mosaic(slide, given.side)
    server = Server(folder / "home", "--image-folder", str(slide.parent))
    run = SlideRun(server, folder / "home")
    server.start()
    try:
        run.add(slide)
        levels = run.request("GET", f"/images/{run.image}")["levels"]
        told = Told()
        print("| minutes | tiles | tiles/s | median (ms) | 95th percentile (ms) | failures | memory (MB) |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        asyncio.run(_visits(server, run.image, levels, given, told))
    finally:
        server.stop()
    return 1 if told.failures else 0


async def _visits(
    server: Server, image: str, levels: list[dict[str, int]], given: argparse.Namespace, told: Told
) -> None:
    end = time.monotonic() + 60 * given.minutes
    base = f"{server.url}{API}/images/{image}/tiles"
    limits = httpx.Limits(max_connections=given.viewers * AT_ONCE)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:
        visits = [_visit(client, base, levels, random.Random(seed), told, end) for seed in range(given.viewers)]
        await asyncio.gather(_report(server, told, given.minutes), *visits)


async def _visit(
    client: httpx.AsyncClient, base: str, levels: list[dict[str, int]], chance: random.Random, told: Told, end: float
) -> None:
    """One person: a walk over the slide, mostly at one magnification."""
    await asyncio.sleep(chance.uniform(0, LOOKS_S[1]))
    gate = asyncio.Semaphore(AT_ONCE)
    level, x, y = len(levels) - 1, 0.5, 0.5
    seen: set[str] = set()
    while time.monotonic() < end:
        if chance.random() < 0.25:
            level = min(max(level + chance.choice((-1, -1, 1)), 0), len(levels) - 1)
        x, y = (min(max(value + chance.gauss(0, 0.04), 0), 1) for value in (x, y))
        wanted = [one for one in _window(levels[level], level, x, y) if one not in seen]
        seen.update(wanted)
        await asyncio.gather(*(_fetch(client, gate, f"{base}/{one}", told) for one in wanted))
        await asyncio.sleep(chance.uniform(*LOOKS_S))


def _window(level: dict[str, int], number: int, x: float, y: float) -> list[str]:
    """Addresses of the tiles of a window around a place (0..1) of a level."""
    spans: list[range] = []
    for side, window, at in (("width", WINDOW[0], x), ("height", WINDOW[1], y)):
        size, tile = level[side], level[f"tile_{side}"]
        start = min(max(at * size - window / 2, 0), max(size - window, 0))
        spans.append(range(int(start // tile), -(-int(min(start + window, size)) // tile)))
    return [f"{number}/{column}/{row}" for row in spans[1] for column in spans[0]]


async def _fetch(client: httpx.AsyncClient, gate: asyncio.Semaphore, address: str, told: Told) -> None:
    async with gate:
        begun = time.perf_counter()
        try:
            answer = await client.get(address)
        except httpx.HTTPError:
            told.failures += 1
            return
        told.latencies_s.append(time.perf_counter() - begun)
        told.failures += answer.status_code != 200
        told.bytes += len(answer.content)


async def _report(server: Server, told: Told, minutes: float) -> None:
    for part in range(1, PARTS + 1):
        before = len(told.latencies_s)
        await asyncio.sleep(60 * minutes / PARTS)
        new = 1000 * np.array(told.latencies_s[before:] or [np.nan])
        rate = (len(told.latencies_s) - before) / (60 * minutes / PARTS)
        memory = sum(memory_mb(pid) for pid in family(server.pid))
        print(f"| {minutes * part / PARTS:.1f} | {len(new):,} | {rate:.0f} | {np.median(new):.1f} | "
              f"{np.percentile(new, 95):.1f} | {told.failures} | {memory:.0f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
