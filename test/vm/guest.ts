/** Runs in a guest as root: every scenario, one after the other, and a line of JSON for each on standard output. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { inspectTracing } from '../../src/index';
import type { Report } from '../../src/model/report';
import { RequirementMissing, runScenario } from '../scenarios/run-scenario';
import type { Verdict } from '../scenarios/scenario';
import type { Cell, GuestLine, GuestRequest, Recorded } from './cells';
import { allScenarios, programKey } from './listed';
import { recordWithCapture, type Kept } from './record-with-capture';
import { useStandingThread } from './standing-thread';
import { WALK_THROUGH, walkThroughArguments, walkThroughIsTrue } from './walkthrough';

/** An emulated processor is some twenty times slower; what needs longer than this hangs. */
const SCENARIO_MS = 60_000;
const COMMAND = '/vm/tree/src/cli/ftrace-life.js';
const FOLDER = '/tmp/walk-through';

function tell(line: GuestLine): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.length;) at += writeSync(1, bytes, at);
}

/** `ftrace-life record`, as a person calls it. */
async function walkThrough(spin: string, kept: Kept): Promise<Verdict> {
  mkdirSync(FOLDER, { recursive: true });
  const capture = path.join(FOLDER, 'life.capture');
  const running = spawn(process.execPath, [COMMAND, ...walkThroughArguments(capture, spin)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  let said = '';
  running.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  running.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const status = await new Promise<number | null>((resolve) => running.once('close', resolve));
  try {
    if (status !== 0) throw new Error(`ftrace-life ended with ${status ?? 'a signal'}: ${said}`);
    kept.capture.push(readFileSync(capture));
    const report = JSON.parse(printed) as Report;
    kept.report = report;
    return walkThroughIsTrue(report);
  } finally {
    rmSync(FOLDER, { recursive: true });
  }
}

/**
 * What the scenario's lives say of themselves that they do not know, without their numbers. The traced parent is none
 * of them: on a slow machine tracing begins while it still opens files of its own.
 */
function doubts(report: Report | null): string[] {
  const lives = report?.processes.filter(({ role }) => role === 'workload' || role === 'descendant') ?? [];
  const reasons = [...lives.flatMap(({ incomplete }) => incomplete), ...(report?.trace.incomplete ?? [])];
  return [...new Set(reasons.map((reason) => reason.replaceAll(/\d+/g, 'N')))];
}

function recordedOf({ said, capture }: Kept): Recorded {
  const zipped = gzipSync(Buffer.concat(capture), { level: 9 });
  return { said, outsider: process.pid, capture: zipped.toString('base64') };
}

async function cellOf(id: string, play: (kept: Kept) => Promise<Verdict>, keep: boolean): Promise<Cell> {
  const began = performance.now();
  const kept: Kept = { capture: [], report: null, said: [] };
  const cell = (outcome: Cell['outcome'], reason: string, withCapture: boolean): Cell => ({
    id,
    outcome,
    reason,
    seconds: Math.round(performance.now() - began) / 1000,
    ...(withCapture ? { recorded: recordedOf(kept) } : {}),
  });
  try {
    const verdict = await play(kept);
    if (verdict !== 'ok') return cell('incomplete', verdict.incomplete, keep);
    const reasons = doubts(kept.report);
    return cell(reasons.length === 0 ? 'ok' : 'incomplete', reasons.join('; '), keep);
  } catch (error) {
    if (error instanceof RequirementMissing) return cell('not run', error.message, false);
    return cell('WRONG', error instanceof Error ? (error.stack ?? error.message) : String(error), true);
  }
}

async function main(): Promise<void> {
  const request = JSON.parse(readFileSync('/vm/request.json', 'utf8')) as GuestRequest;
  const found = inspectTracing();
  const limits = found.findings.filter(({ level }) => level !== 'ok');
  tell({
    kernel: {
      release: found.kernel,
      fileNames: found.fileNames,
      limits: limits.map(({ subject, found: reason }) => `${subject}: ${reason}`),
    },
  });
  const isKept = (id: string): boolean => request.keep === 'all' || request.keep.includes(id);
  const play = async (id: string, how: (kept: Kept) => Promise<Verdict>): Promise<void> => {
    if (request.only !== null && !request.only.includes(id)) return;
    const patience = setTimeout(() => {
      const reason = `no end within ${SCENARIO_MS / 1000} s`;
      tell({ cell: { id, outcome: 'WRONG', reason, seconds: SCENARIO_MS / 1000 } });
      // The session that hangs would be in the way of all others.
      process.exit(1);
    }, SCENARIO_MS);
    tell({ cell: await cellOf(id, how, isKept(id)) });
    clearTimeout(patience);
  };

  await play(WALK_THROUGH.id, (kept) => walkThrough(request.spin, kept));
  useStandingThread();
  for (const { id, scenario } of allScenarios()) {
    await play(id, (kept) =>
      runScenario(
        scenario,
        recordWithCapture(kept),
        (program, flags) => request.programs[programKey(program, flags)]!,
      ),
    );
  }
}

void main();
