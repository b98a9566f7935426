/**
 * One thread that stays, in place of a new one for each session: an emulated processor takes seconds to start a
 * thread of Node's, and what the thread does is the same. The walk-through runs as users run it, with its own.
 */
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import path from 'node:path';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

interface Task {
  readonly file: string;
  readonly workerData: unknown;
}

type Answer = { readonly part: unknown } | { readonly ended: true } | { readonly failed: Error };

const load = createRequire(__filename);
/** The module's own object: the sessions and their thread look at its properties when they start. */
const threads = load('node:worker_threads') as { Worker: unknown; workerData: unknown; parentPort: unknown };

/** The real one, also after `useStandingThread`. */
const Thread = Worker;
const FILE = path.join(__dirname, 'standing-thread.js');

class StandingThread extends EventEmitter {
  static worker: Worker | null = null;

  constructor(file: string, { workerData }: { workerData: unknown }) {
    super();
    const worker = (StandingThread.worker ??= new Thread(FILE));
    worker.ref();
    const take = (answer: Answer): void => {
      if ('part' in answer) this.emit('message', answer.part);
      else {
        worker.off('message', take);
        worker.unref();
        if ('failed' in answer) this.emit('error', answer.failed);
        this.emit('exit', 0);
      }
    };
    worker.on('message', take);
    worker.postMessage({ file, workerData } satisfies Task);
  }
}

/** From now on a session's thread is the one that stays. */
export function useStandingThread(): void {
  threads.Worker = StandingThread;
}

function serve(port: NonNullable<typeof parentPort>): void {
  threads.parentPort = {
    postMessage: (part: unknown, buffers: ArrayBuffer[]): void => {
      port.postMessage({ part } satisfies Answer, buffers);
    },
  };
  port.on('message', ({ file, workerData }: Task) => {
    threads.workerData = workerData;
    try {
      // It runs when it is loaded, and so it is loaded anew for each session.
      // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
      delete load.cache[file];
      load(file);
      port.postMessage({ ended: true } satisfies Answer);
    } catch (error) {
      port.postMessage({ failed: error as Error } satisfies Answer);
    }
  });
}

if (!isMainThread && parentPort !== null) serve(parentPort);
