/** Runs a workload once under strace and once under a session of ours, and compares what they tell. */
import { spawn } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import path from 'node:path';
import { Lifecycle } from '../../src/model/lifecycle';
import type { Report } from '../../src/model/report';
import { DEFAULT_SETTINGS } from '../../src/session/session-settings';
import { armSession } from '../../src/session/sessions';
import { readWorkloadSettings } from '../../src/workload/workload-settings';
import { withDeadline } from '../harness/deadline';
import { temporaryFolder } from '../harness/temporary-folder';
import { compareLives, type Comparison } from './compare';
import { livesInReport } from './told-by-report';
import { livesInStraceLog, STRACE_OPTIONS } from './told-by-strace';
import type { Workload } from './workloads';

const MAX_MS = 60_000;
const BUFFER_KB = 8192;

/** Which of the programs is not there; undefined when all are. */
export function whyMissing({ programs }: Pick<Workload, 'programs'>): string | undefined {
  return programs.find(
    (program) =>
      !(process.env['PATH'] ?? '').split(':').some((folder) => isProgram(path.join(folder, program))),
  );
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @returns the log of strace */
export async function underStrace(
  argv: readonly string[],
  cwd: string,
  options: readonly string[] = STRACE_OPTIONS,
): Promise<string> {
  const log = path.join(temporaryFolder('strace'), 'log');
  const strace = spawn('strace', [...options, '-o', log, ...argv], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    // strace kills its tracees when it dies.
    timeout: MAX_MS,
    killSignal: 'SIGKILL',
  });
  strace.stdout.resume();
  strace.stderr.resume();
  await withDeadline(
    new Promise((resolve, reject) => {
      strace.once('error', reject).once('close', resolve);
    }),
    2 * MAX_MS,
    `strace of ${argv.join(' ')}`,
  );
  return readFileSync(log, 'utf8');
}

/** @param bufferKb for each CPU */
export async function underUs(argv: readonly string[], cwd: string, bufferKb = BUFFER_KB): Promise<Report> {
  const [command, ...args] = argv;
  const session = await armSession({ ...DEFAULT_SETTINGS, topic: 'oracle', bufferKb });
  try {
    const lifecycle = new Lifecycle({ source: 'raw' });
    const batches = session.batches();
    const settings = readWorkloadSettings({ command, args, cwd, timeLimitSeconds: MAX_MS / 1000 });
    const quiet = (): void => undefined;
    const workload = await session.run(settings, { stdout: quiet, stderr: quiet });
    for await (const batch of batches) lifecycle.apply(batch);
    if ((await workload.ended).timedOut) throw new Error(`${argv.join(' ')} did not end`);
    return lifecycle.finish().report;
  } finally {
    await session.disarm();
  }
}

export interface Recorded {
  readonly strace: string;
  readonly report: Report;
  /** Where it ran; strace ran it elsewhere, and its log has this in the place of that. */
  readonly folder: string;
}

export async function recordBoth(workload: Workload): Promise<Recorded> {
  const folders = [temporaryFolder('oracle'), temporaryFolder('oracle')] as const;
  const strace = await underStrace(workload.prepare(folders[0]), folders[0]);
  const report = await underUs(workload.prepare(folders[1]), folders[1]);
  return { strace: strace.replaceAll(folders[0], folders[1]), report, folder: folders[1] };
}

/** @throws where one of them cannot be read as lives, or events were lost */
export function compareBoth({ strace, report, folder }: Recorded, { order }: Workload): Comparison {
  if (report.trace.lost !== 0 || report.damage.length > 0)
    throw new Error(`${report.trace.lost ?? 'unknown'} events lost, ${report.damage.length} damaged`);
  return compareLives(livesInStraceLog(strace, folder), livesInReport(report), order);
}
