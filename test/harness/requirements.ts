/**
 * What a test needs from the machine. A test whose requirement is missing is skipped with a message; where skipping is forbidden
 * (FTRACE_LIFE_NO_SKIP=1, as in .ci/run) it fails.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { launchChromium } from './chromium';

const run = promisify(execFile);

const TRACING = '/sys/kernel/tracing';

/** Each finds out by doing the thing, and throws what was in the way. */
const CHECKS = {
  /** tracefs, with the right to make instances in it. */
  tracefs: (): Promise<void> => {
    const instance = path.join(TRACING, 'instances', `ftrace-life-test-${process.pid}`);
    mkdirSync(instance);
    rmdirSync(instance);
    return Promise.resolve();
  },
  /** A C compiler with the C library's headers. */
  gcc: async (): Promise<void> => {
    const compiling = run('gcc', ['-x', 'c', '-o', '/dev/null', '-']);
    compiling.child.stdin?.end('#include <unistd.h>\nint main(void) { return getpid() == 0; }\n');
    await compiling;
  },
  /** strace, and the right to use ptrace. */
  strace: async (): Promise<void> => {
    await run('strace', ['-o', '/dev/null', 'true']);
  },
  /** stress-ng, for crowds of short lives. */
  stressNg: async (): Promise<void> => {
    await run('stress-ng', ['--version']);
  },
  /** trace-cmd: what it says of a trace.dat is the truth. */
  traceCmd: async (): Promise<void> => {
    await run('trace-cmd', ['--version']).catch((error: unknown) => {
      // Some versions print it with the status of a wrong call.
      if (!/trace-cmd version/.test((error as { stdout?: string }).stdout ?? '')) throw error;
    });
  },
  /** The MQTT broker. */
  mosquitto: async (): Promise<void> => {
    await run('mosquitto', ['-h']).catch((error: unknown) => {
      // It prints its help with the status of a failure.
      if (!/mosquitto version/.test((error as { stdout?: string }).stdout ?? '')) throw error;
    });
  },
  /** script of util-linux, which gives a command a terminal. */
  script: async (): Promise<void> => {
    await run('script', ['--version']);
  },
  /** logger of util-linux. */
  logger: async (): Promise<void> => {
    await run('logger', ['--version']);
  },
  root: (): Promise<void> => {
    const uid = process.getuid?.();
    return uid === 0 ? Promise.resolve() : Promise.reject(new Error(`this is uid ${uid ?? 'unknown'}`));
  },
  /** Chromium and the libraries it needs. */
  browser: async (): Promise<void> => {
    const browser = await launchChromium();
    await browser.close();
  },
} satisfies Record<string, () => Promise<void>>;

export type Requirement = keyof typeof CHECKS;

const found = new Map<Requirement, Promise<string | undefined>>();

/** Why this machine does not have it; undefined when it has. Looked at once in a test run. */
export function whyMissing(requirement: Requirement): Promise<string | undefined> {
  let reason = found.get(requirement);
  if (reason === undefined) {
    reason = Promise.resolve()
      .then(CHECKS[requirement])
      .then(
        () => undefined,
        (error: unknown) => reasonIn(error instanceof Error ? error.message : String(error)),
      );
    found.set(requirement, reason);
  }
  return reason;
}

/** The line that says why: Playwright puts a log of a hundred flags around what the loader said. */
function reasonIn(message: string): string {
  return (
    /error while loading shared libraries.*/.exec(message)?.[0] ?? message.split('\nCall log:')[0]!.trim()
  );
}

/** Skips and says what is missing; where skipping is forbidden it throws instead. */
export function skipLoudly(context: Mocha.Context, need: string): void {
  if (process.env.FTRACE_LIFE_NO_SKIP === '1') throw new Error(`needs ${need}`);
  console.error(`SKIPPED: needs ${need}`);
  context.skip();
}

/**
 * For the start of a `before` hook or a test:
 * `before(async function () { await needs(this, { tracefs: true, gcc: true }); ... })`.
 *
 * Skips what the hook is for, and prints `SKIPPED: needs tracefs: <why>`; with FTRACE_LIFE_NO_SKIP=1 it throws.
 */
export async function needs(
  context: Mocha.Context,
  requirements: Readonly<Partial<Record<Requirement, boolean>>>,
): Promise<void> {
  // The first test of a browser unpacks it, the first of a compiler loads it from disk.
  const limitMs = context.timeout();
  context.timeout(0);
  for (const [name, wanted] of Object.entries(requirements) as [Requirement, boolean][]) {
    const reason = wanted ? await whyMissing(name) : undefined;
    if (reason === undefined) continue;
    skipLoudly(context, `${name}: ${reason}`);
  }
  context.timeout(limitMs);
}
