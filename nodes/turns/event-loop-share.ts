/**
 * How much of one turn of the event loop our nodes take together: the editor, other flows and timers wait meanwhile.
 * Node-RED itself has no measure for it, and a `send` costs its receivers more than its sender.
 */

/** Well below the 10 ms that a person or a timer would notice; more than the overhead of a turn. */
const SHARE_MS = 4;
/** Messages are handled all in the next turn, by nodes that may each take a while for one. */
const MAX_MESSAGES = 200;

let began = -1;
let messages = 0;
const waiting: (() => void)[] = [];
/** Those who were woken when the turn had ended already. */
const passedOver: (() => void)[] = [];

function beginTurn(): void {
  began = performance.now();
  messages = 0;
  setImmediate(() => {
    began = -1;
    for (const wake of [...passedOver.splice(0), ...waiting.splice(0)]) wake();
  });
}

/** Before each message that is one of many. */
export function countMessage(): void {
  if (began < 0) beginTurn();
  messages++;
}

/** True when our nodes had their share of this turn. */
export function isTurnOver(): boolean {
  if (began < 0) beginTurn();
  return messages >= MAX_MESSAGES || performance.now() - began > SHARE_MS;
}

/** Resolves in a later turn that has time left. Those who had none come before those who had some. */
export async function nextTurn(): Promise<void> {
  for (let queue = waiting; ; queue = passedOver) {
    if (began < 0) beginTurn();
    await new Promise<void>((resolve) => queue.push(resolve));
    if (!isTurnOver()) return;
  }
}
