import { expect, it, vi } from "vitest";
import { classesSent, isSending, sendClasses } from "./sending";

function held() {
  let release: () => void = () => undefined;
  const send = vi.fn(
    () =>
      new Promise<void>((resolve) => {
        release = resolve;
      }),
  );
  return { send, release: () => release() };
}

it("sends a change only when the one before has been stored, and looks anew after the last", async () => {
  const [first, second] = [held(), held()];
  const onLast = vi.fn(async () => undefined);
  sendClasses(first.send, onLast);
  sendClasses(second.send, onLast);
  await Promise.resolve();
  expect(second.send).not.toHaveBeenCalled();
  const whenSent = vi.fn();
  void classesSent().then(whenSent);
  first.release();
  await vi.waitFor(() => expect(second.send).toHaveBeenCalled());
  expect(onLast).not.toHaveBeenCalled();
  expect(whenSent).not.toHaveBeenCalled();
  expect(isSending()).toBe(true);
  second.release();
  await vi.waitFor(() => expect(whenSent).toHaveBeenCalled());
  expect(onLast).toHaveBeenCalledTimes(1);
  expect(isSending()).toBe(false);
});
