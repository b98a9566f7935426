import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { formatEvent, formatHeader, formatNote } from '../../src/export/ftrace-text';
import { Lifecycle } from '../../src/model/lifecycle';
import type { Identity, Report, SignalTarget, Stage } from '../../src/model/report';
import { CaptureReader } from '../../src/readers/capture/capture-reader';
import { CaptureWriter } from '../../src/readers/capture/capture-writer';
import { RingBatch } from '../../src/readers/pages/ring-batch';
import { TextReader } from '../../src/readers/text/text-reader';
import { ReportTargets } from '../../src/rules/watch/report-targets';
import type { Session } from '../../src/session/session';
import { armSession } from '../../src/session/sessions';
import { DEFAULT_SETTINGS } from '../../src/session/session-settings';
import type { EventBatch } from '../../src/trace-event';
import type { Workload } from '../../src/workload/workload';
import { readWorkloadSettings } from '../../src/workload/workload-settings';
import { needs } from '../harness/requirements';
import { NOBODY, startStranger, truthOf, type Stranger, type Truth } from '../live/stranger';
import { ownInstances } from '../live/tracing-state';

interface Told {
  readonly report: Report;
  readonly stages: readonly Stage[];
}

function told(batches: Iterable<EventBatch>): Told {
  const lifecycle = new Lifecycle({ source: 'raw' });
  const stages: Stage[] = [];
  for (const batch of batches) stages.push(...lifecycle.apply(batch).stages);
  const { report, stages: last } = lifecycle.finish();
  return { report, stages: [...stages, ...last] };
}

/** Live, and the same saved as a capture and as text. */
interface Recorded {
  readonly live: Told;
  readonly capture: Told;
  readonly text: Told;
}

/** @param noted hears of each process that the session has read of */
async function recording(
  session: Session,
  noted: (pid: number, exe: string | null) => void,
): Promise<Recorded> {
  const batches: EventBatch[] = [];
  const writer = new CaptureWriter(session.context);
  const chunks = [writer.head()];
  const lines = [formatHeader()];
  for await (const batch of session.batches()) {
    batches.push(batch);
    assert.ok(batch instanceof RingBatch);
    chunks.push(writer.batch(batch));
    for (const note of batch.notes) {
      lines.push(`${formatNote(note)}\n`);
      if (note.kind === 'who') noted(note.pid, note.exe);
    }
    for (const event of batch) lines.push(`${formatEvent(event)}\n`);
  }
  const captured = new CaptureReader();
  const text = new TextReader();
  return {
    live: told(batches),
    capture: told([...chunks.map((chunk) => captured.push(chunk)), captured.end()]),
    text: told([text.push(Buffer.from(lines.join(''))), text.end()]),
  };
}

/** What comes line by line. */
class Lines {
  readonly #lines: string[] = [];
  #wake: (() => void) | null = null;

  readonly sink = (line: string): void => {
    this.#lines.push(line.trimEnd());
    this.#wake?.();
  };

  async until(wanted: string): Promise<void> {
    while (!this.#lines.includes(wanted)) await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}

/** Says that it runs, takes SIGUSR1, and waits for its end; it has children to show that they are not it. */
const VICTIM =
  'trap "echo handled" USR1; cat /etc/hostname > /dev/null; echo ready; while :; do sleep 0.05; done';

async function runVictim(session: Session, lines: Lines): Promise<Workload> {
  const settings = readWorkloadSettings({
    command: 'sh',
    args: ['-c', VICTIM],
    cwd: '/',
    uid: NOBODY,
    gid: NOBODY,
    timeLimitSeconds: 15,
  });
  return session.run(settings, { stdout: lines.sink, stderr: (): void => undefined });
}

function asTruth(identity: Identity | undefined): Truth | undefined {
  if (identity === undefined) return undefined;
  const { exe, uid, ppid, cgroup, startTime, ancestors } = identity;
  return { exe, uid, ppid, cgroup, startTime, ancestors } as Truth;
}

describe('who sent a signal, and who got it', () => {
  let recorded: Recorded;
  let stranger: Stranger;
  let victim: { pid: number; truth: Truth; parentTruth: Truth };
  let user: string;

  before(async function () {
    await needs(this, { tracefs: true, root: true });
    user = /^([^:]*):[^:]*:65534:/m.exec(readFileSync('/etc/passwd', 'utf8'))![1]!;
    stranger = await startStranger();
    const session = await armSession({ ...DEFAULT_SETTINGS, topic: 'identity test', bufferKb: 2048 });
    // Of one that is gone nothing is read: it is to live until then.
    const read = new Lines();
    const reading = recording(session, (pid, exe) => {
      read.sink(`${pid} ${exe}`);
    });
    const lines = new Lines();
    const workload = await runVictim(session, lines);
    await lines.until('ready');
    assert.ok(workload.parentPid !== null);
    await read.until(`${workload.pid} ${truthOf(workload.pid).exe}`);
    victim = { pid: workload.pid, truth: truthOf(workload.pid), parentTruth: truthOf(workload.parentPid) };
    await stranger.send('USR1', workload.pid);
    await lines.until('handled');
    await stranger.send('TERM', workload.pid);
    await workload.ended;
    recorded = await reading;
    await session.disarm();
  });
  after(async () => {
    // Absent where the hook above skipped.
    await (stranger as Stranger | undefined)?.end();
    assert.deepEqual(ownInstances(), []);
  });

  for (const form of ['live', 'capture', 'text'] as const) {
    describe(form === 'live' ? 'live' : `saved as ${form}`, () => {
      it('has the sender as /proc had it', () => {
        const { report } = recorded[form];
        for (const name of ['SIGUSR1', 'SIGTERM']) {
          const signal = report.signals.find(
            ({ signal, sender }) => signal === name && sender?.pid === stranger.pid,
          );
          assert.ok(signal?.sender, name);
          assert.deepEqual(asTruth(signal.sender.identity), stranger.truth);
          assert.equal(signal.sender.identity?.user, user);
          assert.equal(signal.sender.inTree, false);
          const ownCgroup = stranger.truth.cgroup.endsWith('/stranger.service');
          assert.equal(signal.sender.identity.unit, ownCgroup ? 'stranger.service' : null);
        }
      });

      it('has the victim and the traced parent as /proc had them', () => {
        const { report } = recorded[form];
        const of = (pid: number): Truth | undefined =>
          asTruth(report.processes.find((process) => process.pid === pid)?.identity);
        assert.deepEqual(of(victim.pid), victim.truth);
        assert.deepEqual(of(victim.truth.ppid), victim.parentTruth);
      });

      it('has the victim with the stage of its death, as the report tells it afterwards', () => {
        const { report, stages } = recorded[form];
        const stage = stages.find(({ stage, detail }) => stage === 'signal' && isFatal(detail));
        assert.deepEqual(asTruth(stage?.target?.identity), victim.truth);
        const index = report.signals.findIndex((signal) => signal === stage?.detail);
        const target: SignalTarget | null = new ReportTargets(report.processes).of(
          index,
          report.signals[index]!.ts,
        );
        assert.deepEqual(target?.identity, stage?.target?.identity);
      });

      it('has what the victim did before its death', () => {
        const fatal = recorded[form].report.signals.find(isFatal);
        assert.equal(fatal?.signal, 'SIGTERM');
        assert.ok(fatal.before);
        assert.equal(fatal.before.length, 8);
        // All that it does is to make a child and to wait for it.
        const texts = fatal.before.map(({ text }) => text);
        assert.ok(
          texts.some((text) => /^wait4\(-1\)/.test(text)) &&
            texts.some((text) => /^(?:clone|v?fork)\(\)/.test(text)),
          texts.join(),
        );
        assert.ok(
          texts.every((text) => /^\w+\(.*\)(?: = .+)?$/.test(text)),
          texts.join(),
        );
        assert.ok(fatal.before.every(({ tid }) => tid === victim.pid));
      });

      it('names the machine and its boot', () => {
        const { trace } = recorded[form].report;
        const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
        assert.deepEqual([trace.host, trace.boot], [hostname(), boot]);
      });
    });
  }

  it('tells the same live and saved', () => {
    const identities = ({ report }: Told): unknown => [
      report.processes.map(({ pid, identity, earlierIdentities }) => [pid, identity, earlierIdentities]),
      report.signals.map(({ sender, before }) => [sender, before?.map(({ text }) => text)]),
    ];
    assert.deepEqual(identities(recorded.capture), identities(recorded.live));
    // Text has microseconds.
    const rounded = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value, (key, inner: unknown) => (key === 'since' ? undefined : inner)));
    assert.deepEqual(rounded(identities(recorded.text)), rounded(identities(recorded.live)));
  });
});

function isFatal(detail: unknown): boolean {
  return (detail as { fatal?: boolean }).fatal === true;
}

describe('who a process is that a session attaches to', () => {
  before(async function () {
    await needs(this, { tracefs: true, root: true });
  });
  afterEach(() => {
    assert.deepEqual(ownInstances(), []);
  });

  it('is read when the session attaches, and of a child that never calls exec when it gets a signal', async () => {
    const stranger = await startStranger();
    // A subshell, which has no standard input of its own: it is forked, and stays what it is.
    const script =
      'exec 3<&0; read -r go; (echo "child $(exec sh -c "echo \\$PPID")"; read -r never <&3) & wait';
    const child = spawn('/bin/sh', ['-c', script], {
      uid: NOBODY,
      gid: NOBODY,
      cwd: '/',
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const gone = once(child, 'exit');
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    try {
      const pid = child.pid!;
      const truth = truthOf(pid);
      const session = await armSession({
        ...DEFAULT_SETTINGS,
        topic: 'identity attach test',
        bufferKb: 2048,
        attach: [pid],
      });
      const read = new Lines();
      const reading = recording(session, (pid) => {
        read.sink(String(pid));
      });
      await session.attach();
      child.stdin.write('go\n');
      const subshell = Number(/^child (\d+)$/.exec(String((await lines.next()).value))![1]);
      const subshellTruth = truthOf(subshell);
      await stranger.send('STOP', subshell);
      await read.until(String(subshell));
      await stranger.send('TERM', pid);
      await gone;
      const { live } = await reading;
      await session.disarm();
      process.kill(subshell, 'SIGKILL');
      const of = (wanted: number): Truth | undefined =>
        asTruth(live.report.processes.find((process) => process.pid === wanted)?.identity);
      assert.deepEqual(of(pid), truth);
      const { ancestors, ppid, ...rest } = subshellTruth;
      assert.equal(ppid, pid);
      const told = of(subshell);
      assert.deepEqual({ ...told, ancestors, ppid }, { ...rest, ancestors, ppid });
    } finally {
      child.kill('SIGKILL');
      await gone;
      await stranger.end();
    }
  });
});
