/**
 * Loaded with every run of the tests (.mocharc.json). Says what is still going on where a run does not come to its end:
 * which test, and which handles are open. Mocha itself waits for open handles without a word.
 */
import type { ChildProcess } from 'node:child_process';
import type { Server, Socket } from 'node:net';

/** After the last test, until the process is to have ended by itself. */
const END_MS = Number(process.env['FTRACE_LIFE_TEST_END_MS'] ?? 20_000);
/** For the whole run. */
const RUN_MS = Number(process.env['FTRACE_LIFE_TEST_RUN_MS'] ?? 45 * 60_000);

let running = 'nothing';

/** What keeps the process alive, a line each. */
function openHandles(): string[] {
  const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles: () => object[] };
  const named = handles.call(process).map((handle) => {
    const { pid, spawnfile } = handle as Partial<ChildProcess>;
    if (spawnfile !== undefined) return `child process ${pid ?? '?'}: ${spawnfile}`;
    const { localPort, remotePort } = handle as Partial<Socket>;
    if (remotePort !== undefined) return `socket ${localPort ?? '?'} to port ${remotePort}`;
    const address = JSON.stringify((handle as Partial<Server>).address?.() ?? {});
    return `${handle.constructor.name}${address === '{}' ? '' : ` ${address}`}`;
  });
  return [...named, ...process.getActiveResourcesInfo()];
}

function giveUp(why: string): void {
  process.stderr.write(`\n${why}\nlast running: ${running}\nopen:\n  ${openHandles().join('\n  ')}\n`);
  // Mocha sets the status once more when the process exits: to that of the tests, which may all have passed.
  process.on('exit', () => {
    process.exitCode = 1;
  });
  process.exit(1);
}

export const mochaHooks = {
  beforeAll(): void {
    // Without unref the watchdog itself would keep the process alive.
    setTimeout(giveUp, RUN_MS, `the tests did not end within ${RUN_MS} ms`).unref();
  },
  beforeEach(this: Mocha.Context): void {
    running = this.currentTest?.fullTitle() ?? 'unknown';
  },
  afterAll(): void {
    setTimeout(giveUp, END_MS, `all tests ended, but the process did not within ${END_MS} ms`).unref();
  },
};
