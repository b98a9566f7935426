/** Senders outside of the traced tree, as they were when they sent: gone since, or another program since. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { formatEvent, formatHeader, formatNote } from '../../src/export/ftrace-text';
import { Lifecycle } from '../../src/model/lifecycle';
import type { Report, Sender } from '../../src/model/report';
import { CaptureReader } from '../../src/readers/capture/capture-reader';
import { CaptureWriter } from '../../src/readers/capture/capture-writer';
import { RingBatch } from '../../src/readers/pages/ring-batch';
import { TextReader } from '../../src/readers/text/text-reader';
import { armSession } from '../../src/session/sessions';
import { DEFAULT_SETTINGS, type SessionSettings } from '../../src/session/session-settings';
import type { EventBatch } from '../../src/trace-event';
import { needs, skipLoudly } from '../harness/requirements';
import { ownInstances } from '../live/tracing-state';

function reportOf(batches: Iterable<EventBatch>): Report {
  const lifecycle = new Lifecycle({ source: 'raw' });
  for (const batch of batches) lifecycle.apply(batch);
  return lifecycle.finish().report;
}

interface Recorded {
  readonly live: Report;
  readonly capture: Report;
  readonly text: Report;
}

/** Follows a process that waits for its end, and ends it by a script: `$1` is its pid. */
async function killedBy(
  script: string,
  changes: Partial<SessionSettings> = {},
): Promise<Recorded & { readonly killer: ChildProcess; readonly victim: number }> {
  const victim = spawn('sleep', ['60'], { stdio: 'ignore' });
  const gone = once(victim, 'exit');
  const session = await armSession({
    ...DEFAULT_SETTINGS,
    topic: 'senders test',
    bufferKb: 1024,
    attach: [victim.pid!],
    ...changes,
  });
  const batches: EventBatch[] = [];
  const writer = new CaptureWriter(session.context);
  const chunks = [writer.head()];
  const lines = [formatHeader()];
  const reading = (async () => {
    for await (const batch of session.batches()) {
      batches.push(batch);
      assert.ok(batch instanceof RingBatch);
      chunks.push(writer.batch(batch));
      for (const note of batch.notes) lines.push(`${formatNote(note)}\n`);
      for (const event of batch) lines.push(`${formatEvent(event)}\n`);
    }
  })();
  await session.attach();
  const killer = spawn('bash', ['-c', script, 'killer', String(victim.pid)], { stdio: 'ignore' });
  await gone;
  await reading;
  await session.disarm();
  const captured = new CaptureReader();
  const text = new TextReader();
  return {
    killer,
    victim: victim.pid!,
    live: reportOf(batches),
    capture: reportOf([...chunks.map((chunk) => captured.push(chunk)), captured.end()]),
    text: reportOf([text.push(Buffer.from(lines.join(''))), text.end()]),
  };
}

function senderOf(report: Report, signal = 'SIGKILL'): Sender {
  const sender = report.signals.find((record) => record.signal === signal && record.sender !== null)?.sender;
  assert.ok(sender, `no sender of ${signal}`);
  return sender;
}

/** Text has microseconds. */
function withoutTimes(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, inner: unknown) => (key === 'since' ? undefined : inner)));
}

const FORMS = ['live', 'capture', 'text'] as const;

describe('a sender that is not what it was', () => {
  before(async function () {
    await needs(this, { tracefs: true });
  });
  afterEach(() => {
    assert.deepEqual(ownInstances(), []);
  });

  it('is named as it was when it became another program right after the signal, eight times of eight', async () => {
    // Seven more that only get a signal, each by a process of its own.
    const often = 'for i in 1 2 3 4 5 6 7; do sh -c "kill -CONT $1; exec tail /dev/null"; done;';
    const recorded = await killedBy(`${often} exec sh -c "kill -9 $1; exec tail -f /dev/null"`);
    recorded.killer.kill('SIGKILL');
    for (const form of FORMS) {
      const senders = recorded[form].signals
        .filter(({ origin }) => origin !== 'child')
        .map(({ sender }) => sender);
      assert.deepEqual(
        senders.map((sender) => sender?.comm),
        Array.from({ length: 8 }, () => 'sh'),
        form,
      );
      for (const sender of senders) assert.match(sender?.identity?.exe ?? '', /\/(?:da)?sh$/, form);
    }
  });

  it('has its name and its chain of parents when it is gone at once', async () => {
    const recorded = await killedBy('/bin/kill -9 $1; sleep 0.2');
    for (const form of FORMS) {
      const { pid, tid, tgid, comm, thread, ancestors, identity } = senderOf(recorded[form]);
      assert.deepEqual([tid, tgid, comm, thread], [pid, pid, 'kill', 'kill'], form);
      assert.deepEqual(ancestors?.[0], { pid: recorded.killer.pid, comm: 'bash' }, form);
      assert.equal(ancestors[1]?.pid, process.pid, form);
      assert.equal(ancestors.at(-1)?.pid, 1, form);
      assert.equal(identity?.exe, '/bin/kill', form);
      assert.equal(identity.uid, process.getuid!(), form);
    }
  });

  it('says whose user it has where it and its parent are gone', async () => {
    const { live, killer } = await killedBy('/bin/kill -9 $1; true');
    const { comm, ancestors, identity } = senderOf(live);
    assert.deepEqual([comm, ancestors?.[0]], ['kill', { pid: killer.pid, comm: 'bash' }]);
    if (identity?.inheritedFrom !== undefined)
      assert.ok([killer.pid, process.pid].includes(identity.inheritedFrom), String(identity.inheritedFrom));
    assert.equal(identity?.uid, process.getuid!());
  });

  it('keeps its parent in the chain after that has ended', async () => {
    // setsid forks where it leads a group: who ends before the signal is sh.
    const { live } = await killedBy('sh -c "(sleep 0.2; kill -9 $1) & exit 0"; exec sleep 1');
    const { comm, ancestors } = senderOf(live);
    assert.equal(comm, 'sh');
    assert.deepEqual(
      ancestors?.slice(0, 2).map((ancestor) => ancestor.comm),
      ['sh', 'sleep'],
    );
  });

  it('is a thread of its process, by its own name', async function () {
    if (!existsSync('/usr/bin/python3')) skipLoudly(this, 'python3');
    const script = [
      'import ctypes,os,sys,threading,time',
      'def end():',
      '  open("/proc/self/task/%d/comm" % threading.get_native_id(), "w").write("reaper")',
      '  os.kill(int(sys.argv[1]), 9)',
      't=threading.Thread(target=end); t.start(); t.join()',
    ].join('\n');
    const { live, killer } = await killedBy(`exec python3 -c '${script}' $1`);
    const { pid, tid, tgid, comm, thread } = senderOf(live);
    assert.notEqual(pid, killer.pid);
    assert.deepEqual([tid, tgid, comm, thread], [pid, killer.pid, 'python3', 'reaper']);
  });

  it('is the same live and saved', async () => {
    const recorded = await killedBy('kill -STOP $1; kill -CONT $1; /bin/kill -TERM $1; sleep 0.2');
    const senders = (report: Report): unknown => report.signals.map(({ sender }) => sender);
    assert.deepEqual(senders(recorded.capture), senders(recorded.live));
    assert.deepEqual(withoutTimes(senders(recorded.text)), withoutTimes(senders(recorded.live)));
    assert.equal(senderOf(recorded.live, 'SIGSTOP').comm, 'bash');
    assert.equal(senderOf(recorded.live, 'SIGTERM').comm, 'kill');
  });

  it('leaves no event of anybody else in the trace, and no name', async () => {
    const { live, victim } = await killedBy('for i in 1 2 3 4 5; do /bin/true; done; kill -9 $1');
    assert.deepEqual(
      live.processes.map(({ pid }) => pid),
      [victim],
    );
    assert.ok(live.trace.events < 20, `${live.trace.events} events`);
  });

  it('is asked about in /proc only, where the settings say so', async () => {
    const { live } = await killedBy('kill -9 $1; exec sleep 1', { senderHistory: false });
    const { comm, ancestors } = senderOf(live);
    assert.match(comm ?? '', /^(?:bash|sleep)$/);
    assert.equal(ancestors?.[0]?.pid, process.pid);
  });

  it('is not called what an earlier task with its pid was called', async () => {
    // saved_cmdlines keeps the name of whoever had the pid when something was traced last.
    const { live, killer } = await killedBy('exec -a renamed sh -c "kill -9 $1; sleep 0.3"');
    const saved = readFileSync('/sys/kernel/tracing/saved_cmdlines', 'utf8');
    assert.equal(
      senderOf(live).comm,
      'sh',
      saved.split('\n').find((line) => line.startsWith(`${killer.pid} `)),
    );
  });
});
