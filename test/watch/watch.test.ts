/** Services that something else started, found by name only, on the real kernel of this machine. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Alert, Exit, SignalRecord } from '../../src/model/report';
import { readRuleSet } from '../../src/rules/language/rule-set';
import { AlertWatch } from '../../src/rules/watch/alert-watch';
import type { Watch } from '../../src/watch/watch';
import type { WatchRecord } from '../../src/watch/watch-record';
import { readWatchSettings } from '../../src/watch/watch-settings';
import { findWatch, startWatch } from '../../src/watch/watches';
import { needs, skipLoudly } from '../harness/requirements';
import { openFiles, ownInstances } from '../live/tracing-state';
import { makeCgroup, programNamed, supervise, type Supervisor } from './supervisor';

/** Takes what a watch sends, and waits for what is to come; the test's own time limit is the only one. */
class Seen {
  readonly records: WatchRecord[] = [];
  readonly alerts: Alert[] = [];
  readonly #rules = new AlertWatch(readRuleSet([]));
  readonly #reading: Promise<void>;
  #wake: (() => void) | null = null;
  readonly watch: Watch;

  constructor(watch: Watch) {
    this.watch = watch;
    this.#reading = this.#read();
  }

  async #read(): Promise<void> {
    for await (const { records, reached } of this.watch.batches()) {
      for (const record of records) {
        this.records.push(record);
        this.#judge(this.#rules.stage(record as Parameters<AlertWatch['stage']>[0]));
      }
      this.#judge(this.#rules.tick(reached));
      this.#wake?.();
    }
    this.#judge(this.#rules.end());
  }

  #judge(judgements: ReturnType<AlertWatch['stage']>): void {
    for (const judgement of judgements) if (judgement.kind === 'alert') this.alerts.push(judgement.alert);
  }

  async until<Found>(find: (records: readonly WatchRecord[]) => Found | undefined): Promise<Found> {
    for (;;) {
      const found = find(this.records);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** The pid of the service's main process in this generation. */
  async started(generation: number): Promise<number> {
    return this.until(
      (records) =>
        records.find(({ stage, service }) => stage === 'start' && service?.generation === generation)?.pid,
    );
  }

  async exit(generation: number): Promise<WatchRecord & { readonly detail: Exit }> {
    return (await this.until((records) =>
      records.find(({ stage, service }) => stage === 'exit' && service?.generation === generation),
    )) as WatchRecord & { readonly detail: Exit };
  }

  signals(): (WatchRecord & { readonly detail: SignalRecord })[] {
    return this.records.filter(({ stage }) => stage === 'signal') as (WatchRecord & {
      readonly detail: SignalRecord;
    })[];
  }

  async stop(): Promise<void> {
    await this.watch.stop();
    await this.#reading;
  }
}

async function watching(...selectors: string[]): Promise<Seen> {
  return new Seen(await startWatch(readWatchSettings({ topic: 'watch test', selectors })));
}

/** A name that nothing else on this machine has. */
const NAME = `ftw${process.pid}`;

describe('a watch over a service that a supervisor restarts', function () {
  let program: string;
  let seen: Seen;
  let supervisor: Supervisor;
  before(async function () {
    await needs(this, { tracefs: true, gcc: true });
    program = programNamed(NAME);
  });
  afterEach(async () => {
    await seen.stop();
    await supervisor.end();
    assert.deepEqual(ownInstances(), []);
    assert.equal(findWatch('watch test'), undefined);
  });

  it('tells each death with its killer and its generation, and nothing about anybody else', async () => {
    seen = await watching(`name:${NAME}`);
    supervisor = supervise(program);
    const modes = ['wait', 'crash', 'wait', 'end', 'wait'] as const;
    for (const [index, mode] of modes.entries()) {
      supervisor.run(mode);
      const pid = await seen.started(index + 1);
      // kill(1) is gone when anybody looks; somebody else's death must not be reported.
      if (mode === 'wait') spawnSync('/bin/kill', ['-KILL', String(pid)]);
      await seen.exit(index + 1);
      spawnSync('sh', ['-c', 'kill -9 $$']);
    }
    await seen.stop();
    const exits = seen.records.filter(({ stage }) => stage === 'exit');
    assert.deepEqual(
      exits.map(({ detail, service }) => [
        (detail as Exit).signal,
        service?.generation,
        service?.previous?.signal,
      ]),
      [
        ['SIGKILL', 1, undefined],
        ['SIGSEGV', 2, 'SIGKILL'],
        ['SIGKILL', 3, 'SIGSEGV'],
        [null, 4, 'SIGKILL'],
        ['SIGKILL', 5, null],
      ],
    );
    for (const { target, comm } of seen.records) {
      assert.equal(comm, NAME);
      assert.equal(target?.ancestors[0]?.pid, supervisor.pid);
    }
    const [first, crash] = seen.signals().map(({ detail }) => detail);
    assert.deepEqual([first?.origin, first?.fatal, first?.sender?.comm], ['kill', true, 'kill']);
    assert.equal(first?.sender?.identity?.ancestors[0]?.pid, process.pid);
    assert.equal(first.sender.identity.uid, process.getuid?.());
    assert.deepEqual([crash?.origin, crash?.code, crash?.fatal], ['fault', 'SEGV_MAPERR', true]);
    assert.equal(seen.signals().filter(({ detail }) => detail.fatal).length, 4);
    // Four deaths, and none of the end that was well.
    assert.deepEqual(
      seen.alerts.map(({ signal, process: who }) => [signal?.signal, who?.service?.generation]),
      [
        ['SIGKILL', 1],
        ['SIGSEGV', 2],
        ['SIGKILL', 3],
        ['SIGKILL', 5],
      ],
    );
    assert.deepEqual([...new Set(seen.alerts.map(({ severity }) => severity))].sort(), ['critical', 'error']);
  });

  it('finds one that runs already, and tells what it handles and how it ends then', async () => {
    supervisor = supervise(program);
    supervisor.run('term');
    const pid = await pidNamed(NAME, supervisor.pid);
    seen = await watching(`name:${NAME}`);
    process.kill(pid, 'SIGTERM');
    const { detail, service, process: id } = await seen.exit(1);
    assert.match(id ?? '', new RegExp(`^${pid}@\\d+\\.\\d\\d$`));
    assert.deepEqual([detail.kind, detail.signal, service?.previous], ['exited', null, null]);
    const [signal] = seen.signals().map((record) => record.detail);
    assert.deepEqual(
      [signal?.signal, signal?.fatal, signal?.sender?.tgid, signal?.result],
      ['SIGTERM', false, process.pid, 'delivered'],
    );
    assert.match(signal?.delivered?.handler ?? '', /^0x/);
    assert.ok(Math.abs(Date.parse(signal?.time ?? '') - Date.now()) < 60_000);
  });

  it('watches what the service forks as a part of it, in the same generation', async () => {
    seen = await watching(`name:${NAME}`);
    supervisor = supervise(program);
    supervisor.run('fork');
    const main = await seen.started(1);
    const child = await pidNamed(NAME, main);
    process.kill(child, 'SIGKILL');
    const exit = await seen.until((records) =>
      records.find(({ stage, pid }) => stage === 'exit' && pid === child),
    );
    assert.deepEqual([exit.service?.generation, exit.target?.role], [1, 'descendant']);
    process.kill(main, 'SIGKILL');
    const last = await seen.until((records) =>
      records.find(({ stage, pid }) => stage === 'exit' && pid === main),
    );
    assert.deepEqual([last.service?.generation, last.target?.role], [1, 'attached']);
  });

  it('takes what a watched shell runs for a part of it, not for a service', async () => {
    seen = await watching(`children-of:${process.pid},name:sh`);
    supervisor = supervise(program);
    supervisor.run('end');
    supervisor.run('end');
    await seen.until((records) =>
      records.filter(({ stage, comm }) => stage === 'exit' && comm === NAME).length === 2 ? true : undefined,
    );
    await supervisor.end();
    await seen.stop();
    const ofProgram = seen.records.filter(({ comm }) => comm === NAME);
    assert.deepEqual(
      ofProgram.map(({ stage, service, target }) => [
        stage,
        service?.name,
        service?.generation,
        target?.role,
      ]),
      [
        ['exit', 'sh', 1, 'descendant'],
        ['exit', 'sh', 1, 'descendant'],
      ],
    );
  });

  it('finds it by the cgroup that a manager gives it, as a unit and as a container', async function () {
    const id = NAME.replace(/\D/g, '').padEnd(64, 'a');
    const unit = makeCgroup(`${NAME}.slice`, `${NAME}.service`);
    if (unit === null) skipLoudly(this, 'cgroups of version 2');
    const container = makeCgroup(`docker-${id}.scope`);
    assert.ok(unit !== null && container !== null);
    try {
      seen = await watching(`unit:${NAME}.service`, `container:${id.slice(0, 12)}`);
      supervisor = supervise(program, unit.directory);
      supervisor.run('wait');
      const child = await pidNamed(NAME, supervisor.pid);
      process.kill(child, 'SIGKILL');
      const [death] = await seen.until((records) => {
        const signals = records.filter(({ stage, pid }) => stage === 'signal' && pid === child);
        return signals.length > 0 ? signals : undefined;
      });
      assert.equal(death?.target?.identity?.unit, `${NAME}.service`);
      assert.equal(death.service?.name, `${NAME}.service`);
      const inContainer = supervise(program, container.directory);
      inContainer.run('wait');
      const contained = await pidNamed(NAME, inContainer.pid);
      process.kill(contained, 'SIGKILL');
      const other = await seen.until((records) =>
        records.find(({ stage, pid }) => stage === 'signal' && pid === contained),
      );
      await inContainer.end();
      assert.equal(other.target?.identity?.container, id);
      assert.equal(other.service?.name, id);
    } finally {
      await supervisor.end();
      unit.remove();
      container.remove();
    }
  });

  it('leaves out what is excluded', async () => {
    const watch = await startWatch(
      readWatchSettings({ topic: 'watch test', selectors: ['host'], exclude: [`name:${NAME}`] }),
    );
    seen = new Seen(watch);
    supervisor = supervise(program);
    supervisor.run('crash');
    supervisor.run('crash');
    const victim = spawn('sleep', ['60'], { stdio: 'ignore' });
    await once(victim, 'spawn');
    victim.kill('SIGKILL');
    await seen.until((records) => records.find(({ stage, pid }) => stage === 'exit' && pid === victim.pid));
    // The crashes come before: the second run begins when the first has ended.
    await seen.stop();
    assert.deepEqual(
      seen.records.filter(({ comm }) => comm === NAME),
      [],
    );
  });
});

describe('a watch', function () {
  before(async function () {
    await needs(this, { tracefs: true });
  });

  it('that is stopped leaves no instance, no descriptor and no thread', async () => {
    const before = openFiles().length;
    for (let round = 0; round < 3; round++) {
      const seen = await watching('host');
      assert.equal(ownInstances().length, 2);
      await seen.stop();
      assert.deepEqual(ownInstances(), []);
    }
    assert.ok(openFiles().length <= before, 'descriptors are left open');
  });

  it('goes on after a reader that was slow, and has lost nothing', async () => {
    const watch = await startWatch(readWatchSettings({ topic: 'watch test', selectors: ['host'] }));
    const batches = watch.batches();
    // Longer than the queue of a reader takes at two looks a second: then the watch waits for it.
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    const victim = spawn('sleep', ['60'], { stdio: 'ignore' });
    await once(victim, 'spawn');
    victim.kill('SIGKILL');
    for (let isSeen = false; !isSeen;) {
      const next = await batches.next();
      assert.ok(next.done !== true, 'the watch has ended');
      isSeen = next.value.records.some(({ stage, pid }) => stage === 'exit' && pid === victim.pid);
    }
    assert.equal(watch.count.lost, 0);
    await watch.stop();
  });

  it('tells the time in which nobody watched', async () => {
    const until = new Date(Date.now() - 24_000);
    const watch = await startWatch(
      readWatchSettings({ topic: 'watch test', selectors: [`name:${NAME}none`] }),
      until.getTime() / 1000,
    );
    const seen = new Seen(watch);
    const gap = await seen.until((records) => records.find(({ stage }) => stage === 'gap'));
    await seen.stop();
    const { from, to } = gap.detail as { from: string; to: string };
    assert.equal(from, until.toISOString());
    assert.ok(Date.parse(to) >= Date.parse(from) + 24_000);
    assert.ok(gap.text.startsWith(`not watched from ${from} to ${to} (`), gap.text);
  });

  it('ends another one under the same topic, and is found by it', async () => {
    const settings = readWatchSettings({ topic: 'watch test', selectors: ['name:none'] });
    const first = await startWatch(settings);
    const second = await startWatch(settings);
    assert.equal(first.state, 'ended');
    assert.equal(findWatch('watch test'), second);
    await second.stop();
    assert.equal(findWatch('watch test'), undefined);
  });
});

/** The pid of a child of this name, as soon as it runs its program. */
async function pidNamed(name: string, parent: number): Promise<number> {
  for (;;) {
    const found = spawnSync('ps', ['-o', 'pid=,comm=', '--ppid', String(parent)], {
      encoding: 'utf8',
    }).stdout;
    const pid = new RegExp(`^\\s*(\\d+)\\s+${name}$`, 'm').exec(found)?.[1];
    if (pid !== undefined) return Number(pid);
    // ps is started again and again meanwhile: the machine has other work.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
