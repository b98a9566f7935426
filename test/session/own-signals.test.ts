/** What a session sends itself is known as its own, live and saved. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { formatEvent, formatHeader, formatNote } from '../../src/export/ftrace-text';
import { Lifecycle } from '../../src/model/lifecycle';
import type { Report } from '../../src/model/report';
import { TextReader } from '../../src/readers/text/text-reader';
import { sendSignal } from '../../src/session/own-signals';
import type { Session } from '../../src/session/session';
import { armSession } from '../../src/session/sessions';
import { DEFAULT_SETTINGS, type SessionSettings } from '../../src/session/session-settings';
import type { Workload } from '../../src/workload/workload';
import { readWorkloadSettings } from '../../src/workload/workload-settings';
import { needs } from '../harness/requirements';
import { ownInstances } from '../live/tracing-state';

/** Long enough for a command to set its traps on a busy machine. */
const LIMIT = 2;
const SILENT = { stdout: (): void => undefined, stderr: (): void => undefined };

function arm(changes: Partial<SessionSettings> = {}): Promise<Session> {
  return armSession({ ...DEFAULT_SETTINGS, topic: 'own signals test', bufferKb: 1024, ...changes });
}

/** Live, and read again from text. */
async function reports(session: Session): Promise<Report[]> {
  const live = new Lifecycle({ source: 'raw' });
  const lines = [formatHeader()];
  for await (const batch of session.batches()) {
    live.apply(batch);
    for (const note of batch.notes) lines.push(`${formatNote(note)}\n`);
    for (const event of batch) lines.push(`${formatEvent(event)}\n`);
  }
  const text = new TextReader();
  const saved = new Lifecycle({ source: 'text' });
  saved.apply(text.push(Buffer.from(lines.join(''))));
  saved.apply(text.end());
  return [live.finish().report, saved.finish().report];
}

function runShell(session: Session, script: string, more: object = {}): Promise<Workload> {
  const settings = readWorkloadSettings({ command: 'sh', args: ['-c', script], ...more });
  return session.run(settings, SILENT);
}

/** SIGNAL and reason of each that the session sent, without repeats. */
function ownSignals(report: Report): string[] {
  const own = report.signals.filter(({ sender, control }) => (sender?.control ?? null) !== null && !control);
  return [...new Set(own.map(({ signal, sender }) => `${signal}: ${sender?.control}`))].sort();
}

function causeOf(report: Report, comm: string): string | undefined {
  return report.processes.find((process) => process.comm === comm && process.exit !== null)?.exit?.cause;
}

describe('a signal that the session sends itself', () => {
  before(async function () {
    await needs(this, { tracefs: true });
  });
  afterEach(() => {
    assert.deepEqual(ownInstances(), []);
  });

  it('is of its time limit: the SIGTERM by the traced parent, and the SIGKILL for what ignores it', async () => {
    const session = await arm();
    const reading = reports(session);
    await (
      await runShell(session, 'trap "" TERM; sleep 30; sleep 30', { timeLimitSeconds: LIMIT })
    ).ended;
    for (const report of await reading) {
      assert.deepEqual(ownSignals(report), [
        `SIGKILL: time limit of ${LIMIT} s`,
        `SIGTERM: time limit of ${LIMIT} s`,
      ]);
      assert.equal(causeOf(report, 'sh'), `SIGKILL, ended by its time limit of ${LIMIT} s`);
      const unknown = report.signals.filter(({ signal, sender }) => signal === 'SIGKILL' && !sender?.control);
      assert.deepEqual(unknown, []);
    }
    await session.disarm();
  });

  it('is of its time limit too for a daemon that outlives the command', async () => {
    const session = await arm();
    const reading = reports(session);
    await runShell(session, 'setsid sh -c "trap \\"\\" TERM; sleep 31" & exit 0', {
      timeLimitSeconds: LIMIT,
    });
    for (const report of await reading)
      assert.equal(causeOf(report, 'sleep'), `SIGKILL, ended by its time limit of ${LIMIT} s`);
    await session.disarm();
  });

  it('is of a disarm in the middle of a run', async () => {
    const session = await arm();
    const reading = reports(session);
    let isReady!: () => void;
    const ready = new Promise<void>((resolve) => (isReady = resolve));
    const settings = readWorkloadSettings({ command: 'sh', args: ['-c', 'echo ready; sleep 32; exit 1'] });
    await session.run(settings, { ...SILENT, stdout: isReady });
    await ready;
    await session.disarm();
    for (const report of await reading) {
      assert.deepEqual(ownSignals(report), ['SIGTERM: disarm']);
      assert.equal(causeOf(report, 'sh'), 'SIGTERM, ended because its session was disarmed');
    }
  });

  it('is of the flow that asks for it, and not what the settings of the run ask the parent to send', async () => {
    const session = await arm();
    const reading = reports(session);
    let isHandled!: () => void;
    const handled = new Promise<void>((resolve) => (isHandled = resolve));
    const settings = readWorkloadSettings({
      command: 'sh',
      args: ['-c', 'trap "echo handled" USR1; sleep 33 & wait; wait; exit 0'],
      kill: { signal: 'SIGUSR1', afterSeconds: 1 },
      timeLimitSeconds: 40,
    });
    const workload = await session.run(settings, { ...SILENT, stdout: isHandled });
    await handled;
    workload.kill('SIGKILL');
    await workload.ended;
    // What the command left running is ended too.
    await session.disarm();
    for (const report of await reading)
      assert.deepEqual(ownSignals(report), ['SIGKILL: asked by the flow', 'SIGTERM: disarm']);
  });

  it('is noted by every session of this process, whoever it goes to', async () => {
    const victim = spawn('sleep', ['60'], { stdio: 'ignore' });
    const gone = once(victim, 'exit');
    const session = await arm({ attach: [victim.pid!] });
    const reading = reports(session);
    await session.attach();
    sendSignal(victim.pid!, 'SIGTERM', 'sweep of an abandoned session');
    await gone;
    for (const report of await reading)
      assert.equal(causeOf(report, 'sleep'), 'SIGTERM, ended because its session was abandoned');
    await session.disarm();
  });

  it('is not what somebody else sends, nor another signal of ours', async () => {
    const victim = spawn('sleep', ['60'], { stdio: 'ignore' });
    const gone = once(victim, 'exit');
    const session = await arm({ attach: [victim.pid!] });
    const reading = reports(session);
    await session.attach();
    sendSignal(victim.pid!, 'SIGCONT', 'asked by the flow');
    process.kill(victim.pid!, 'SIGTERM');
    await gone;
    for (const report of await reading) assert.deepEqual(ownSignals(report), ['SIGCONT: asked by the flow']);
    await session.disarm();
  });
});
