/**
 * What our nodes have still to do for a stream. `send` returns at once and Node-RED's queues have no limit, so a node
 * that works in slices reports here that it is late, and the node that sends the stream waits for it.
 */

/** So many messages may be on their way: one to work on, and one to go on with. */
const MAX_AHEAD = 2;

interface Backlog {
  open: number;
  readonly waiting: (() => void)[];
}

const backlogs = new Map<string, Backlog>();

/** A message of this stream (`parts.id`) waits, or is worked on. @returns what to call when it is done, once */
export function addToBacklog(stream: string): () => void {
  const backlog = backlogs.get(stream) ?? { open: 0, waiting: [] };
  backlogs.set(stream, backlog);
  backlog.open++;
  return () => {
    backlog.open--;
    if (backlog.open === 0) backlogs.delete(stream);
    if (backlog.open < MAX_AHEAD) for (const wake of backlog.waiting.splice(0)) wake();
  };
}

/** Resolves when the stream's receivers keep up, or when `abort` says so. At once where no receiver counts. */
export async function roomInBacklog(stream: string, abort: AbortSignal): Promise<void> {
  for (;;) {
    const backlog = backlogs.get(stream);
    if (backlog === undefined || backlog.open < MAX_AHEAD || abort.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        abort.removeEventListener('abort', wake);
        resolve();
      };
      abort.addEventListener('abort', wake, { once: true });
      backlog.waiting.push(wake);
    });
  }
}
