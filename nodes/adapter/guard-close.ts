/** Comes between Node-RED and a close handler: always `done`, once, in time, whatever the cleanup does. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Node } from 'node-red';
import { asError } from './as-error';

/** Below `nodeCloseTimeout` (15 s), after which Node-RED itself complains and leaves the node half closed. */
const CLOSE_LIMIT_MS = 10_000;

/**
 * Node-RED looks at the number of a close handler's parameters: with two, it waits for `done`; with fewer it takes the
 * first for `done` or does not wait at all. So this is the one place that registers them.
 */
export function guardClose(node: Node, cleanup: (removed: boolean) => void | Promise<void>): void {
  node.on('close', (removed: boolean, done: () => void) => {
    const deadline = new AbortController();
    const late = sleep(CLOSE_LIMIT_MS, undefined, { signal: deadline.signal }).then(() => {
      throw new Error(`cleaning up takes more than ${CLOSE_LIMIT_MS / 1000} s and continues after the close`);
    });
    // Ended by us, when the cleanup was in time.
    late.catch(() => undefined);
    const cleaned = Promise.resolve().then(() => cleanup(removed));
    Promise.race([cleaned, late])
      .catch((error: unknown) => {
        node.error(asError(error));
      })
      .finally(() => {
        deadline.abort();
        done();
      })
      .catch((error: unknown) => {
        node.error(asError(error));
      });
  });
}
