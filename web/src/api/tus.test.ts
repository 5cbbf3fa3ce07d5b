import { describe, expect, it, vi } from "vitest";
import { ApiError, ConnectionError } from "./http";
import { CHUNK_BYTES, type Transport, TusUpload, type UploadProgress } from "./tus";

const MEGABYTES = 1024 * 1024;

/** A server in memory, with faults to order. */
class FakeServer implements Transport {
  stored = 0;
  asked: string[] = [];
  faults: (() => void)[] = [];

  async create(): Promise<string> {
    this.asked.push("create");
    return "/api/v1/uploads/u1";
  }
  async offset(): Promise<number> {
    this.asked.push("offset");
    return this.stored;
  }
  async patch(
    _address: string,
    offset: number,
    chunk: Blob,
    onProgress: (sent: number) => void,
  ): Promise<number> {
    this.asked.push(`patch ${offset}`);
    if (offset !== this.stored) throw new ApiError("offsets differ", 409, "offset");
    this.faults.shift()?.();
    onProgress(chunk.size);
    this.stored += chunk.size;
    return this.stored;
  }
  async remove(): Promise<void> {
    this.asked.push("remove");
  }
}

const fileOf = (size: number) => new File([new Uint8Array(size)], "a.tif");

function uploadTo(server: FakeServer, size: number) {
  const seen: UploadProgress[] = [];
  const pauses: number[] = [];
  const target = { pid: "p", file: fileOf(size), relativePath: "", isHeld: false };
  const upload = new TusUpload(
    target,
    (state) => seen.push(state),
    server,
    async (ms) => {
      pauses.push(ms);
    },
  );
  return { upload, seen, pauses };
}

describe("TusUpload", () => {
  it("sends a file in chunks of 8 MiB and tells how far it is", async () => {
    const server = new FakeServer();
    const { upload, seen } = uploadTo(server, 20 * MEGABYTES);
    const last = await upload.run();
    expect(last).toMatchObject({ phase: "sent", sent: 20 * MEGABYTES, uploadId: "u1" });
    expect(server.asked).toEqual(["create", "patch 0", `patch ${CHUNK_BYTES}`, `patch ${2 * CHUNK_BYTES}`]);
    expect(seen.map(({ sent }) => sent)).toContain(2 * CHUNK_BYTES);
  });

  it("sends an empty file", async () => {
    const { upload } = uploadTo(new FakeServer(), 0);
    expect((await upload.run()).phase).toBe("sent");
  });

  it("asks the server for its offset after a cut, and goes on from there", async () => {
    const server = new FakeServer();
    server.faults = [
      () => undefined,
      () => {
        // half of the chunk had arrived
        server.stored += 4 * MEGABYTES;
        throw new ConnectionError("cut");
      },
    ];
    const { upload, seen, pauses } = uploadTo(server, 20 * MEGABYTES);
    expect((await upload.run()).phase).toBe("sent");
    expect(server.stored).toBe(20 * MEGABYTES);
    expect(server.asked.slice(3, 5)).toEqual(["offset", `patch ${12 * MEGABYTES}`]);
    expect(seen.some(({ phase }) => phase === "paused")).toBe(true);
    expect(pauses).toEqual([500]);
  });

  it("gives up at once where the server refuses, with its reason", async () => {
    const server = new FakeServer();
    server.create = vi.fn().mockRejectedValue(new ApiError("The project is full.", 413, "quota"));
    const { upload, pauses } = uploadTo(server, 10);
    expect(await upload.run()).toMatchObject({ phase: "failed", error: "The project is full." });
    expect(pauses).toEqual([]);
  });

  it("gives up after five cuts in a row", async () => {
    const server = new FakeServer();
    server.faults = Array.from({ length: 20 }, () => () => {
      throw new ConnectionError("cut");
    });
    const { upload, pauses } = uploadTo(server, 10);
    expect((await upload.run()).phase).toBe("failed");
    expect(pauses).toHaveLength(5);
  });

  it("removes the upload from the server when it is cancelled", async () => {
    const server = new FakeServer();
    const { upload } = uploadTo(server, 20 * MEGABYTES);
    server.faults = [() => void upload.cancel()];
    expect((await upload.run()).phase).toBe("cancelled");
    expect(server.asked.at(-1)).toBe("remove");
    expect(server.asked.filter((what) => what.startsWith("patch"))).toHaveLength(1);
  });
});
