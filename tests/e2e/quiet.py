"""When a page has come to rest: nothing is asked of the server, no short timer runs, the view does not move.

Waiting for that, rather than for a fixed time, is quicker on a quick machine and longer on a busy one.
"""

WATCH = """(() => {
  const { fetch, setTimeout, clearTimeout } = window;
  const timers = new Set();
  const SHORT_MS = 400; // what asks again and again waits longer than this between two times
  let asked = 0;
  window.fetch = async (...given) => {
    asked += 1;
    try { return await fetch.apply(window, given); } finally { asked -= 1; }
  };
  window.setTimeout = (run, ms = 0, ...given) => {
    const id = setTimeout((...passed) => { timers.delete(id); run(...passed); }, ms, ...given);
    if (ms <= SHORT_MS) timers.add(id);
    return id;
  };
  window.clearTimeout = (id) => { timers.delete(id); clearTimeout(id); };
  const moves = () => window.cytoloop?.map?.getView().getAnimating() ?? false;
  const moment = () => new Promise((next) => setTimeout(next, 20)); // frames would keep the renderer at work
  window.atRest = async (moments, limitMs) => {
    const end = performance.now() + limitMs;
    for (let calm = 0; calm < moments && performance.now() < end; ) {
      await moment();
      calm = asked === 0 && timers.size === 0 && !moves() ? calm + 1 : 0;
    }
  };
})();"""
"""Runs in a page before its own scripts; adds ``atRest(moments, limit)``: so many moments in a row without work."""

REST = """async () => {
  if (!window.atRest) return new Promise((next) => setTimeout(next, 500));
  await window.atRest(3, 5000);
}"""
IDLE = """async () => {
  const { cytoloop, atRest } = window;
  const rest = (ms) => atRest ? atRest(3, 5000) : new Promise((next) => setTimeout(next, ms));
  await rest(350);
  await cytoloop.idle();
  await rest(150);
}"""
"""Until what was asked for has come, is saved and drawn. Pages that are not watched get a fixed time."""
