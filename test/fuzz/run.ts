/**
 * The long run: `node dist/test/fuzz/run.js --minutes 20 --seed 1`; one find again: `--target pages --seed 42 --cases 1`.
 *
 * The readers run in a thread. This one watches: an input that takes longer than LONGEST_CASE_MS is a find, and the
 * thread goes on after it. Each find is reported with its seed, and the run ends with 1.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { bytesInUse } from './memory';
import { runCase, TARGETS } from './targets';

const LONGEST_CASE_MS = 20_000;
/** So many inputs of one target, then of the next. */
const TURN = 200;
const MEMORY_CHECK_TURNS = 50;
const GROWTH_BYTES = 64 << 20;
const HEAP_MB = 1024;

interface Orders {
  readonly targets: readonly string[];
  readonly seed: number;
  readonly cases: number;
  readonly untilMs: number;
  /** Two numbers for the watcher: the place of the target in TARGETS, and the seed that is being read. */
  readonly place: Int32Array;
}

interface Find {
  readonly target: string;
  readonly seed: number;
  readonly what: string;
}

async function readAll({ targets, seed, cases, untilMs, place }: Orders): Promise<void> {
  const chosen = TARGETS.filter((target) => targets.includes(target.name)).map((target) => ({
    target,
    good: target.good(),
  }));
  let usual = Infinity;
  const tell = (find: Find): void => {
    parentPort!.postMessage(find);
  };
  for (let first = 0, turns = 1; first < cases && Date.now() < untilMs; first += TURN, turns++) {
    for (const { target, good } of chosen) {
      Atomics.store(place, 0, TARGETS.indexOf(target));
      for (let next = first; next < Math.min(first + TURN, cases) && Date.now() < untilMs; next++) {
        Atomics.store(place, 1, seed + next);
        Atomics.add(place, 2, 1);
        try {
          await runCase(target, good, seed + next);
        } catch (error) {
          tell({
            target: target.name,
            seed: seed + next,
            what: error instanceof Error ? (error.stack ?? '') : String(error),
          });
        }
      }
    }
    if (turns % MEMORY_CHECK_TURNS !== 0) continue;
    const bytes = bytesInUse();
    if (usual === Infinity) usual = bytes;
    if (bytes > usual + GROWTH_BYTES) {
      tell({ target: 'all', seed: seed + first, what: `${bytes - usual} bytes more in use than at first` });
      usual = bytes;
    }
  }
}

function startReading(orders: Orders): Worker {
  return new Worker(path.resolve(__filename), {
    workerData: orders,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
}

function watch(): void {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      cases: { type: 'string', default: 'Infinity' },
      target: { type: 'string', multiple: true, default: TARGETS.map((target) => target.name) },
    },
  });
  const place = new Int32Array(new SharedArrayBuffer(12));
  const orders: Orders = {
    targets: values.target,
    seed: Number(values.seed),
    cases: Number(values.cases),
    untilMs: Date.now() + Number(values.minutes) * 60_000,
    place,
  };
  const seen = new Map<string, number>();
  const note = ({ target, seed, what }: Find): void => {
    process.exitCode = 1;
    // The same place in the code is reported once.
    const where = `${target} ${what.split('\n').find((line) => line.trimStart().startsWith('at ')) ?? what}`;
    const times = (seen.get(where) ?? 0) + 1;
    seen.set(where, times);
    if (times === 1) console.log(`FOUND --target ${target} --seed ${seed} --cases 1\n${what}\n`);
  };
  const here = (): { target: string; seed: number } => ({
    target: TARGETS[place[0]!]!.name,
    seed: place[1]!,
  });
  const follow = (seed: number): void => {
    const reading = startReading({ ...orders, seed });
    let last = -1;
    const watching = setInterval(() => {
      const now = Atomics.load(place, 2);
      if (now === last) {
        note({ ...here(), what: `no end within ${LONGEST_CASE_MS} ms` });
        void reading.terminate();
      }
      last = now;
    }, LONGEST_CASE_MS);
    reading.on('message', note);
    reading.on('error', (error: Error) => {
      note({ ...here(), what: error.stack ?? error.message });
    });
    reading.on('exit', (code) => {
      clearInterval(watching);
      if (code !== 0 && orders.cases === Infinity && Date.now() < orders.untilMs) follow(place[1]! + 1);
      else console.log(`${place[2]!} inputs read, ${seen.size} finds`);
    });
  };
  follow(orders.seed);
}

if (isMainThread) watch();
else void readAll(workerData as Orders);
