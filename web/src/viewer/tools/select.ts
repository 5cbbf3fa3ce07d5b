/** Move, select, and the single vertices of the selected object; and points. */
import { clamped, repaired, union } from "../../geometry/boolean";
import { pointGeometry } from "../../geometry/geojson";
import { boxOf, clampPoint, rectangle } from "../../geometry/shapes";
import { type Affine, moved as movedBy, transformed } from "../../geometry/transform";
import type { Geometry, Polygon } from "../../geometry/types";
import {
  deletedVertex,
  insertedVertex,
  movedVertex,
  nearestEdge,
  nearestVertex,
  type VertexRef,
} from "../../geometry/vertices";
import { OUTSIDE } from "./outlines";
import {
  CLICK_PX,
  type EditTarget,
  IdleTool,
  moved,
  type Placed,
  type ToolHost,
  type ToolPointer,
} from "./tool";

const REACH_PX = 8;

export class MoveTool extends IdleTool {
  override readonly cursor: string = "grab";
  override click(pointer: ToolPointer): void {
    this.host.pick(pointer.pixel, pointer.ctrl ? "toggle" : "replace");
  }
}

interface VertexDrag {
  readonly target: EditTarget;
  readonly ref: VertexRef;
  readonly start: ToolPointer;
  polygons: readonly Polygon[];
}

/** A selected point on its way to another place. */
class PointDrag {
  private constructor(
    private readonly host: ToolHost,
    private readonly point: Placed,
    private readonly start: ToolPointer,
  ) {}

  /** Of the selected point under the pointer, if there is one. */
  static at(host: ToolHost, pointer: ToolPointer): PointDrag | null {
    const reach = REACH_PX * pointer.resolution;
    const [x, y] = pointer.at;
    const point = host.placed().find(({ geometry }) => {
      if (geometry.type !== "Point") return false;
      const [px = 0, py = 0] = geometry.coordinates;
      return Math.hypot(px - x, py - y) <= reach;
    });
    return point ? new PointDrag(host, point, pointer) : null;
  }

  drag(pointer: ToolPointer): void {
    const by = this.by(pointer);
    this.host.previewAll(
      this.host
        .placed()
        .map((one) => (one.id === this.point.id ? transformed<Geometry>(one.geometry, by) : one.geometry)),
    );
  }

  up(pointer: ToolPointer): void {
    this.host.preview(null);
    if (moved(this.start, pointer) >= CLICK_PX) this.host.replaced([this.point], this.by(pointer));
  }

  private by(pointer: ToolPointer): Affine {
    const [x, y] = clampPoint(pointer.at, this.host.size);
    return movedBy(x - this.start.at[0], y - this.start.at[1]);
  }
}

export class SelectTool extends MoveTool {
  override readonly cursor = "default";
  private box: ToolPointer | null = null;
  private vertex: VertexDrag | null = null;
  private point: PointDrag | null = null;

  override down(pointer: ToolPointer): boolean {
    if (pointer.shift) {
      this.box = pointer;
      return true;
    }
    this.point = PointDrag.at(this.host, pointer);
    if (this.point) return true;
    const target = this.host.target();
    const ref = target && nearestVertex(target.polygons, pointer.at, REACH_PX * pointer.resolution);
    if (!target || !ref) return false;
    this.vertex = { target, ref, start: pointer, polygons: target.polygons };
    return true;
  }

  override drag(pointer: ToolPointer): void {
    this.point?.drag(pointer);
    if (this.box) this.host.sketch({ closed: [[rectangle(boxOf(this.box.at, pointer.at))]] });
    if (!this.vertex) return;
    const to = clampPoint(pointer.at, this.host.size);
    this.vertex.polygons = movedVertex(this.vertex.target.polygons, this.vertex.ref, to);
    this.host.preview(this.vertex.polygons);
  }

  override up(pointer: ToolPointer): void {
    const { box, vertex, point } = this;
    this.cancel();
    point?.up(pointer);
    if (box) {
      const mode = pointer.ctrl ? "toggle" : "replace";
      if (moved(box, pointer) < CLICK_PX) this.host.pick(pointer.pixel, "toggle");
      else this.host.boxed(boxOf(box.at, pointer.at), mode);
    }
    if (!vertex) return;
    if (moved(vertex.start, pointer) >= CLICK_PX) this.save(vertex.target, vertex.polygons);
    else if (pointer.alt) this.remove(vertex);
  }

  override doubleClick(pointer: ToolPointer): boolean {
    const target = this.host.target();
    if (!target) return false;
    const reach = REACH_PX * pointer.resolution;
    if (nearestVertex(target.polygons, pointer.at, reach)) return true;
    const edge = nearestEdge(target.polygons, pointer.at, reach);
    if (!edge) return false;
    this.host.edited(target.id, insertedVertex(target.polygons, edge));
    return true;
  }

  override cancel(): boolean {
    const had = this.box !== null || this.vertex !== null || this.point !== null;
    this.box = null;
    this.vertex = null;
    this.point = null;
    this.host.sketch(null);
    this.host.preview(null);
    return had;
  }

  private remove({ target, ref }: VertexDrag): void {
    const polygons = deletedVertex(target.polygons, ref);
    if (polygons) this.save(target, polygons);
    else this.host.say("A shape needs three corners. Press Del to delete the whole object.");
  }

  private save(target: EditTarget, polygons: readonly Polygon[]): void {
    const valid = clamped(validated(polygons), this.host.size);
    if (valid.length === 0) this.host.say("That would leave nothing of the object. Press Del to delete it.");
    else this.host.edited(target.id, valid);
  }
}

/** A moved corner may have crossed an edge: then the outline is what it encloses. */
function validated(polygons: readonly Polygon[]): Polygon[] {
  const withHoles = polygons.filter((polygon) => polygon.length > 1);
  const simple = polygons.filter((polygon) => polygon.length === 1);
  return union(
    withHoles,
    simple.flatMap((polygon) => repaired(polygon[0] ?? [])),
  );
}

export class PointTool extends IdleTool {
  override readonly cursor = "crosshair";

  override click(pointer: ToolPointer): void {
    const [x, y] = pointer.at;
    const { width, height } = this.host.size;
    if (x < 0 || y < 0 || x > width || y > height) this.host.say(OUTSIDE);
    else this.host.drawn({ kind: "point", geometry: pointGeometry(pointer.at) });
  }
}
