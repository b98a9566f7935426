import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Lifecycle } from '../../src/model/lifecycle';
import type { ProcessRecord, Report } from '../../src/model/report';
import type { Session } from '../../src/session/session';
import { armSession, explainSession, findSession } from '../../src/session/sessions';
import { DEFAULT_SETTINGS, type SessionSettings } from '../../src/session/session-settings';
import type { EventBatch } from '../../src/trace-event';
import type { Workload } from '../../src/workload/workload';
import { readWorkloadSettings } from '../../src/workload/workload-settings';
import { needs, skipLoudly } from '../harness/requirements';
import { temporaryFolder } from '../harness/temporary-folder';
import { compiled, SPIN } from '../live/compiled';
import { until } from '../editor/left-behind';
import { isAlive, isRunning, openFiles, ownInstances, rootInstance } from '../live/tracing-state';

/** So many batches wait for a reader at most (MAX_LATE in src/session/batch-queue.ts). */
const HELD_BACK = 4;
const SILENT = { stdout: (): void => undefined, stderr: (): void => undefined };

async function arm(changes: Partial<SessionSettings> = {}): Promise<Session> {
  return armSession({ ...DEFAULT_SETTINGS, topic: 'session test', bufferKb: 1024, ...changes });
}

async function collect(batches: AsyncIterable<EventBatch>): Promise<EventBatch[]> {
  const all: EventBatch[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

function reportOf(batches: readonly EventBatch[]): Report {
  const lifecycle = new Lifecycle({ source: 'raw' });
  for (const batch of batches) lifecycle.apply(batch);
  return lifecycle.finish().report;
}

function run(session: Session, command: string, args: string[] = [], more: object = {}): Promise<Workload> {
  return session.run(readWorkloadSettings({ command, args, ...more }), SILENT);
}

describe('a traced session', () => {
  let spin: string;
  let filesBefore: string[];
  before(async function () {
    await needs(this, { tracefs: true, gcc: true });
    spin = compiled('a.out', SPIN);
  });
  beforeEach(() => {
    filesBefore = openFiles();
  });
  afterEach(() => {
    assert.deepEqual(ownInstances(), []);
    assert.deepEqual(openFiles().length, filesBefore.length, `descriptors: ${openFiles().join(' ')}`);
  });

  it('tells the life of a process that its parent kills, and touches nothing of the root instance', async () => {
    const before = rootInstance();
    const session = await arm();
    assert.equal(session.state, 'armed');
    const reading = collect(session.batches());
    // Its maps are read while it lives: a busy machine takes a second to get there.
    const workload = await run(session, spin, [], { kill: { signal: 'SIGKILL', afterSeconds: 3 } });
    const end = await workload.ended;
    assert.deepEqual({ code: end.code, signal: end.signal }, { code: null, signal: 'SIGKILL' });
    const report = reportOf(await reading);
    const life = report.processes.find((process) => process.pid === workload.pid);
    assert.ok(life);
    assert.equal(life.fork?.by, workload.parentPid);
    assert.equal(life.execs.at(-1)?.path, spin);
    assert.equal(life.exit?.signal, 'SIGKILL');
    assert.equal(life.reap?.by, workload.parentPid);
    const libc = life.libraries.find((library) => /libc[.-]/.test(library.path ?? ''));
    assert.equal(libc?.inMaps, true);
    assert.equal(report.trace.lost, 0);
    await session.disarm();
    assert.equal(session.state, 'ended');
    assert.equal(findSession('session test'), undefined);
    assert.deepEqual(rootInstance(), before);
  });

  it('says where a command exited with 137 and where SIGKILL ended it', async () => {
    for (const [script, expected] of [
      ['exit 137', { code: 137, signal: null }],
      ['kill -KILL $$', { code: null, signal: 'SIGKILL' }],
      ['exit 3', { code: 3, signal: null }],
      ['kill -TERM $$', { code: null, signal: 'SIGTERM' }],
    ] as const) {
      const session = await arm();
      void collect(session.batches());
      const { code, signal } = await (await run(session, 'sh', ['-c', script])).ended;
      assert.deepEqual({ code, signal }, expected, script);
      await session.disarm();
    }
  });

  it('leaves SIGINT to the command as it was, and gives it a process group of its own', async function () {
    // A plain sh starts background commands with SIGINT ignored (POSIX 2.11), and the README says so.
    if (!existsSync('/bin/bash')) skipLoudly(this, 'bash');
    const session = await arm();
    const seconds = `30.${process.pid}`;
    const workload = await run(session, 'sleep', [seconds]);
    void collect(session.batches());
    await until(() => isRunning('sleep', seconds), 'the command to run');
    process.kill(-workload.pid, 'SIGINT');
    const { code, signal } = await workload.ended;
    assert.deepEqual({ code, signal }, { code: null, signal: 'SIGINT' });
    await session.disarm();
  });

  it('knows the command by its pid also where its exec fails', async () => {
    const script = path.join(temporaryFolder('script'), 'script');
    writeFileSync(script, '#!/no/such/interpreter\n', { mode: 0o755 });
    const session = await arm();
    const reading = collect(session.batches());
    const workload = await run(session, script);
    assert.equal((await workload.ended).code, 127);
    const life = reportOf(await reading).processes.find((process) => process.role === 'workload');
    assert.equal(life?.pid, workload.pid);
    assert.deepEqual(
      life.execs.map((exec) => exec.error),
      ['ENOENT'],
    );
    await session.disarm();
  });

  it('passes on whole lines of both outputs, and arguments as they are', async () => {
    const session = await arm();
    void collect(session.batches());
    const lines: string[] = [];
    const settings = readWorkloadSettings({
      command: 'printf',
      args: ['%s|\n', 'a b', '$(id)', "q'uote", '', 'ü€'],
    });
    const sinks = { stdout: (line: string): void => void lines.push(line), stderr: (): void => undefined };
    await (
      await session.run(settings, sinks)
    ).ended;
    await session.disarm();
    assert.deepEqual(lines, ['a b|', '$(id)|', "q'uote|", '|', 'ü€|']);
  });

  it('gives every reader the same events', async () => {
    const session = await arm();
    const first = collect(session.batches());
    const second = collect(session.batches());
    await (
      await run(session, 'true')
    ).ended;
    const [a, b] = [await first, await second];
    const names = (batches: EventBatch[]): string[] =>
      batches.flatMap((batch) => Array.from(batch, (event) => event.name));
    assert.ok(names(a).includes('sched_process_exec'));
    assert.deepEqual(names(a), names(b));
    await session.disarm();
  });

  it('keeps what was recorded for a reader that comes after the run', async () => {
    const session = await arm();
    await (
      await run(session, 'true')
    ).ended;
    const events = (await collect(session.batches())).flatMap((batch) => [...batch]);
    assert.ok(events.some((event) => event.name === 'sched_process_exec'));
    await session.disarm();
  });

  it('follows what the command leaves running until that ends too', async () => {
    const session = await arm();
    const reading = collect(session.batches());
    const workload = await run(session, 'sh', ['-c', 'sleep 2 & exit 0']);
    const { seconds } = await workload.ended;
    const report = reportOf(await reading);
    const of = (pid: number): ProcessRecord | undefined => report.processes.find((each) => each.pid === pid);
    const command = of(workload.pid)!;
    const sleeper = report.processes.find((process) => process.comm === 'sleep');
    assert.equal(sleeper?.exit?.code, 0);
    const whole = sleeper.exit.ts - command.fork!.ts;
    assert.ok(seconds < whole, `the command itself took ${seconds} s of ${whole} s`);
    await session.disarm();
  });

  it('leaves no process when it is disarmed in the middle of a run, whatever the command thinks of SIGTERM', async () => {
    const session = await arm();
    const reading = collect(session.batches());
    const [inSession, inGroup] = [`77.${process.pid}`, `78.${process.pid}`];
    const script = `trap "" TERM; setsid sleep ${inSession} & sleep ${inGroup}`;
    const workload = await run(session, 'sh', ['-c', script]);
    for (const seconds of [inSession, inGroup])
      await until(() => isRunning('sleep', seconds), `sleep ${seconds} to run`);
    await session.disarm();
    const report = reportOf(await reading);
    const pids = report.processes.map((process) => process.pid);
    assert.ok(pids.length >= 4, `processes ${pids.join(' ')}`);
    assert.deepEqual(pids.filter(isAlive), []);
    assert.equal((await workload.ended).signal, 'SIGKILL');
  });

  it('ends a command at its time limit', async () => {
    const session = await arm();
    void collect(session.batches());
    const end = await (await run(session, 'sleep', ['60'], { timeLimitSeconds: 0.3 })).ended;
    assert.deepEqual({ signal: end.signal, timedOut: end.timedOut }, { signal: 'SIGTERM', timedOut: true });
    await session.disarm();
  });

  it('obeys also where the command sends its parent the signal that announces an order', async () => {
    const session = await arm();
    const reading = collect(session.batches());
    const workload = await run(
      session,
      'sh',
      ['-c', 'kill -USR1 $PPID; sleep 0.3; kill -USR1 $PPID; exec sleep 60'],
      {
        // After the second of the command's own signals, also on a busy machine.
        kill: { signal: 'SIGKILL', afterSeconds: 2.5 },
        timeLimitSeconds: 30,
      },
    );
    const end = await workload.ended;
    assert.deepEqual({ signal: end.signal, timedOut: end.timedOut }, { signal: 'SIGKILL', timedOut: false });
    await session.disarm();
    const toParent = reportOf(await reading).signals.filter(
      ({ signal, target }) => signal === 'SIGUSR1' && target.pid === workload.parentPid,
    );
    assert.deepEqual(
      toParent.map(({ control }) => control),
      [false, false, true],
    );
  });

  it('waits for a command that stops itself until that goes on', async () => {
    const session = await arm();
    void collect(session.batches());
    const workload = await run(session, 'sh', ['-c', 'kill -STOP $$; exit 5'], {
      kill: { signal: 'SIGCONT', afterSeconds: 0.4 },
    });
    const { code, signal } = await workload.ended;
    assert.deepEqual({ code, signal }, { code: 5, signal: null });
    await session.disarm();
  });

  it('ends a command that stopped its parent', async () => {
    const session = await arm();
    const reading = collect(session.batches());
    const workload = await run(session, 'sh', ['-c', 'kill -STOP $PPID; sleep 60'], {
      timeLimitSeconds: 0.2,
    });
    const { timedOut } = await workload.ended;
    assert.equal(timedOut, true);
    const { processes, signals } = reportOf(await reading);
    assert.deepEqual(
      processes.filter(({ pid }) => isAlive(pid)).map(({ comm }) => comm),
      [],
    );
    const killed = signals.filter(
      ({ signal, target }) => signal === 'SIGKILL' && target.pid === workload.pid,
    );
    assert.equal(killed.length, 1, JSON.stringify(killed));
    await session.disarm();
  });

  it('survives a pkill -f of its command by name: the parent is not what is found', async () => {
    const session = await arm();
    const reading = collect(session.batches());
    const seconds = `87.${process.pid}0${process.pid}`;
    const workload = await run(session, 'sleep', [seconds]);
    await until(() => isRunning('sleep', seconds), 'the command to run');
    execFileSync('pkill', ['-f', seconds]);
    const { code, signal } = await workload.ended;
    assert.deepEqual({ code, signal }, { code: null, signal: 'SIGTERM' });
    const report = reportOf(await reading);
    assert.equal(report.processes.find(({ pid }) => pid === workload.pid)?.reap?.by, workload.parentPid);
    await session.disarm();
  });

  it('follows the command on where somebody kills the traced parent, and says how it ended', async () => {
    for (const [script, expected] of [
      ['echo ready; sleep 0.7; exit 7', { code: 7, signal: null }],
      ['echo ready; sleep 0.7; kill -KILL $$', { code: null, signal: 'SIGKILL' }],
    ] as const) {
      const session = await arm();
      const reading = collect(session.batches());
      let isReady!: () => void;
      const ready = new Promise<void>((resolve) => (isReady = resolve));
      const settings = readWorkloadSettings({ command: 'sh', args: ['-c', script] });
      const workload = await session.run(settings, { ...SILENT, stdout: isReady });
      await ready;
      process.kill(workload.parentPid!, 'SIGKILL');
      const { code, signal, seconds } = await workload.ended;
      assert.deepEqual({ code, signal }, expected, script);
      assert.ok(seconds > 0.6, `${seconds} s`);
      const report = reportOf(await reading);
      const life = report.processes.find(({ pid }) => pid === workload.pid);
      assert.deepEqual({ code: life?.exit?.code, signal: life?.exit?.signal }, expected);
      const parent = report.processes.find(({ role }) => role === 'parent');
      assert.equal(parent?.exit?.signal, 'SIGKILL');
      await session.disarm();
    }
  });

  it('still ends a command whose traced parent somebody has killed', async () => {
    const session = await arm();
    void collect(session.batches());
    const workload = await run(session, 'sleep', ['60'], { timeLimitSeconds: 0.6 });
    process.kill(workload.parentPid!, 'SIGKILL');
    const { signal, timedOut } = await workload.ended;
    assert.deepEqual({ signal, timedOut }, { signal: 'SIGTERM', timedOut: true });
    await session.disarm();
  });

  it('ends a session that was armed under the same topic before', async () => {
    const first = await arm();
    const second = await arm();
    assert.equal(first.state, 'ended');
    assert.equal(findSession('session test'), second);
    await second.disarm();
  });

  it('refuses a second command, and one that does not exist, with a code', async () => {
    const session = await arm();
    await assert.rejects(run(session, 'no-such-command-anywhere'), { code: 'ENOENT' });
    const workload = await run(session, 'sleep', ['5']);
    await assert.rejects(run(session, 'true'), { code: 'SESSION_BUSY' });
    await workload.stop();
    await session.disarm();
    await assert.rejects(run(session, 'true'), /SESSION|session/);
  });

  it('leaves nothing where an event is not in this kernel', async () => {
    await assert.rejects(arm({ events: ['sched:no_such_event'] }), { code: 'EVENT_UNKNOWN' });
  });

  it('takes for a pattern only the events that can be traced', async () => {
    const session = await arm({ events: ['*func*', 'sched_process_exi?'] });
    const enabled = session.commands.filter((command) => command.includes('-tree/events/'));
    assert.ok(
      enabled.some((command) => command.includes('/sched/sched_process_exit/')),
      enabled.join('\n'),
    );
    await session.disarm();
    await assert.rejects(arm({ events: ['ftrace:*'] }), { code: 'EVENT_UNKNOWN' });
  });

  it('counts what the kernel overwrote', async () => {
    const session = await arm({ events: ['syscalls:*'], bufferKb: 8 });
    // Nobody reads during the run: the ring keeps its last 8 KiB of some megabytes.
    await (
      await run(session, 'sh', ['-c', 'i=0; while [ $i -lt 3000 ]; do i=$((i+1)); : > /dev/null; done'])
    ).ended;
    const batches = await collect(session.batches());
    assert.ok(batches.flatMap((batch) => batch.lost).length > 0);
    assert.ok(session.lost === null || session.lost > 1000, `lost ${session.lost}`);
    await session.disarm();
  });

  it('does not wait for ever for a reader that takes nothing', async () => {
    const session = await arm({ events: ['syscalls:*'] });
    const unread = session.batches();
    const all: EventBatch[] = [];
    const reading = (async () => {
      for await (const batch of session.batches()) all.push(batch);
    })();
    await run(session, 'sh', ['-c', 'while :; do : > /dev/null; sleep 0.01; done']);
    await until(() => all.length >= HELD_BACK, 'the session to be held back');
    await session.disarm();
    assert.equal(session.failure?.code, 'SESSION_ENDED');
    assert.deepEqual(await collect(unread), []);
    await reading;
  });

  it('kills nothing when its workload is stopped after its end', async () => {
    const session = await arm();
    const reading = collect(session.batches());
    const workload = await run(session, 'true');
    await workload.ended;
    await reading;
    await session.disarm();
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = timers();
    await workload.stop();
    assert.ok(timers() <= before, 'a timer that nobody stops');
  });

  it('explains what it would write, and writes nothing', async () => {
    const commands = await explainSession({ ...DEFAULT_SETTINGS, topic: 'explained' });
    const at = (wanted: RegExp): number => commands.findIndex((command) => wanted.test(command));
    assert.ok(
      at(/tree\/set_event_pid$/) < at(/tree\/events\/.*enable$/),
      'the pid list is before the first event',
    );
    assert.ok(at(/stacktrace > .*signal_generate\/trigger/) > 0);
    assert.deepEqual(ownInstances(), []);
  });
});
