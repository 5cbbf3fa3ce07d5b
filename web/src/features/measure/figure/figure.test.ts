import { describe, expect, it } from "vitest";
import { histogram, scatter } from "./clouds";
import { groupColor, viridis } from "./colours";
import { distribution, type Group, MOST_POINTS } from "./distributions";
import { PRINT } from "./frame";
import { boxNumbers, density, quantile, swarm, thinned, ticks } from "./numbers";
import { csvText, fileName } from "./saving";
import { el, svgText } from "./svg";

describe("boxes", () => {
  it("have the quartiles of the statistics, and Tukey's whiskers", () => {
    const found = boxNumbers([1, 2, 3, 4, 5, 6, 7, 8, 100]);
    expect([found?.low, found?.median, found?.high]).toEqual([3, 5, 7]);
    expect(found?.whiskers).toEqual([1, 8]);
    expect(found?.outside).toEqual([8]);
    expect(boxNumbers([])).toBeNull();
    expect(boxNumbers([4])?.whiskers).toEqual([4, 4]);
    expect(quantile([1, 2], 0.25)).toBe(1.25);
  });
});

describe("a density", () => {
  it("holds an area of about one, and is highest in the middle", () => {
    const values = Array.from({ length: 400 }, (_, i) => Math.sin(i * 12.9898) + Math.sin(i * 78.233));
    const curve = density(values, 200);
    const step = (curve[1]?.at ?? 0) - (curve[0]?.at ?? 0);
    const area = curve.reduce((sum, { height }) => sum + height * step, 0);
    expect(area).toBeGreaterThan(0.85);
    expect(area).toBeLessThan(1.05);
  });

  it("of equal values is one line", () => {
    expect(density([3, 3, 3], 50)).toEqual([{ at: 3, height: 1 }]);
  });
});

describe("a swarm", () => {
  it("keeps points from covering each other while there is room", () => {
    const places = Array.from({ length: 60 }, (_, i) => (i * 37) % 50);
    const offsets = swarm(places, 2, 200);
    for (let a = 0; a < places.length; a += 1)
      for (let b = 0; b < a; b += 1) {
        const distance = Math.hypot(
          (offsets[a] ?? 0) - (offsets[b] ?? 0),
          (places[a] ?? 0) - (places[b] ?? 0),
        );
        expect(distance).toBeGreaterThan(3.99);
      }
  });

  it("stays within its reach", () => {
    const offsets = swarm(new Array<number>(100).fill(5), 2, 20);
    expect(Math.max(...offsets.map(Math.abs))).toBeLessThanOrEqual(20);
  });
});

describe("axes", () => {
  it("have round numbers", () => {
    expect(ticks(0, 10)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(ticks(-0.31, 0.32)).toEqual([-0.2, 0, 0.2]);
    expect(ticks(3, 3)).toEqual([3]);
    expect(ticks(1e6, 3e6)).toContain(2e6);
  });
});

const group = (name: string, count: number, from: number): Group => ({
  name,
  color: "#0072b2",
  values: Array.from({ length: count }, (_, i) => from + i),
  ids: Array.from({ length: count }, (_, i) => 1000 + i),
});

describe("figures", () => {
  it.each(["box", "violin", "swarm"] as const)("show %s plots with names, units and counts", (kind) => {
    const look = { ...PRINT, title: "Cells & more" };
    const { mark, scale, groupAt, box } = distribution(
      kind,
      [group("A", 20, 0), group("<B>", 9, 5)],
      "Area (µm²)",
      look,
    );
    const text = svgText(mark);
    expect(text).toContain("Cells &amp; more");
    expect(text).toContain("Area (µm²)");
    expect(text).toContain("&lt;B&gt;");
    expect(text).toContain("n = 20");
    expect(scale.inverse(scale(7))).toBeCloseTo(7);
    expect([groupAt(box.x0 + 1), groupAt(box.x1 - 1)]).toEqual([0, 1]);
    expect(text).not.toContain("NaN");
  });

  it("of one value, and of none, are still figures", () => {
    for (const kind of ["box", "violin", "swarm"] as const) {
      const text = svgText(distribution(kind, [group("one", 1, 4), group("none", 0, 0)], "x", PRINT).mark);
      expect(text).not.toContain("NaN");
      expect(text).not.toContain("Infinity");
    }
  });

  it("draw very many points of a group in part, and marked ones always", () => {
    const marked = new Set([1001, 5999]);
    const text = svgText(distribution("swarm", [group("many", 5000, 0)], "x", PRINT, marked).mark);
    expect(text.split("<circle").length - 1).toBeLessThanOrEqual(MOST_POINTS + 2);
    expect(text).toContain('data-id="1001"');
    expect(text).toContain('data-id="5999"');
  });

  it("scatter tells what colours mean", () => {
    const points = { xs: [1, 2], ys: [3, 4], colors: ["#111111", "#222222"] };
    const classes = scatter(
      points,
      "x",
      "y",
      { title: "Class", entries: [{ name: "Red", color: "#111111" }] },
      PRINT,
    );
    expect(svgText(classes)).toContain("Red");
    expect(svgText(classes).match(/h0/g)).toHaveLength(2);
    const scale = scatter(points, "x", "y", { title: "Mean", entries: [], range: [0, 250] }, PRINT);
    expect(svgText(scale)).toContain("250");
    expect(svgText(scale)).toContain(viridis(1));
  });

  it("histograms hold every bar", () => {
    const text = svgText(histogram({ from: 0, step: 1, counts: [1, 0, 4] }, "x", PRINT));
    expect(text.split("<rect").length - 1).toBe(4);
  });
});

describe("files", () => {
  it("have names for every system, and cells that are no formulas", () => {
    expect(fileName("a b/c: µ", "svg")).toBe("a_b_c.svg");
    expect(
      csvText(
        ["a", "b"],
        [
          ["=1+1", null],
          ['say "x", y', 2.5],
        ],
      ),
    ).toBe('a,b\n\'=1+1,\n"say ""x"", y",2.5\n');
  });

  it("write attributes as files have them", () => {
    expect(svgText(el("text", { textAnchor: "end", viewBox: "0 0 1 1", x: 0.123456 }, "a<b"))).toBe(
      '<text text-anchor="end" viewBox="0 0 1 1" x="0.12">a&lt;b</text>',
    );
  });
});

describe("colours", () => {
  it("run from dark to light, and groups differ", () => {
    expect(viridis(0)).toBe("rgb(68,1,84)");
    expect(viridis(2)).toBe("rgb(253,231,37)");
    expect(new Set(Array.from({ length: 10 }, (_, i) => groupColor(i))).size).toBe(10);
    expect(thinned([1, 2, 3, 4], 2)).toEqual([1, 3]);
  });
});
