import { expect, it } from "vitest";
import { upserted } from "./events";
import { Heard } from "./heard";

interface Thing {
  id: string;
  state: string;
  project: string;
}

const thing = (id: string, state: string, project = "mine"): Thing => ({ id, state, project });

function asked(answer: Thing[]) {
  const heard = new Heard<Thing>(upserted);
  let release = (_: Thing[]): void => undefined;
  const fetched = () => new Promise<Thing[]>((resolve) => (release = resolve));
  const list = heard.during(fetched, ({ project }) => project === "mine");
  return { heard, list, answer: () => release(answer) };
}

it("keeps what was told after the question, where the answer is older", async () => {
  const { heard, list, answer } = asked([thing("1", "importing"), thing("2", "importing")]);
  heard.tell(thing("1", "ready"));
  answer();
  expect(await list).toEqual([thing("1", "ready"), thing("2", "importing")]);
});

it("adds what is new in this list only, and leaves out what is gone", async () => {
  const { heard, list, answer } = asked([thing("1", "ready"), thing("2", "ready")]);
  heard.tell(thing("3", "ready"));
  heard.tell(thing("4", "ready", "another"));
  heard.tellGone("2");
  answer();
  expect((await list).map(({ id }) => id)).toEqual(["1", "3"]);
});

it("believes an answer to a question asked later", async () => {
  const { heard, list, answer } = asked([thing("1", "importing")]);
  heard.tell(thing("1", "ready"));
  answer();
  await list;
  const later = await heard.during(
    async () => [thing("1", "failed")],
    () => true,
  );
  expect(later).toEqual([thing("1", "failed")]);
});

it("adds what is new where the list wants it", async () => {
  const heard = new Heard<Thing>((items, news) => upserted(items, news, "first"));
  let release = (_: Thing[]): void => undefined;
  const list = heard.during(
    () => new Promise<Thing[]>((resolve) => (release = resolve)),
    () => true,
  );
  heard.tell(thing("2", "queued"));
  release([thing("1", "done")]);
  expect((await list).map(({ id }) => id)).toEqual(["2", "1"]);
});
