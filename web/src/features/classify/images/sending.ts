/** Classes of images on their way to the server, one change after the other: an undo must not overtake what it takes back. */

let turn: Promise<void> = Promise.resolve();
let waiting = 0;

export const isSending = (): boolean => waiting > 0;

/** When all that was given until now has been stored, or refused: what learns from it waits for that. */
export const classesSent = (): Promise<void> => turn;

/** Sends in turn; `onLast` is called where nothing else waits after it. */
export function sendClasses(send: () => Promise<void>, onLast: () => Promise<void>): void {
  waiting += 1;
  turn = turn.then(send).finally(() => {
    waiting -= 1;
    if (waiting === 0) void onLast();
  });
}
