import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { ProcessRecord } from '../../src/model/report';
import { parseMaps } from '../../src/readers/maps';
import { readLife } from './read-life';
import type { ReadLife } from './read-life';

const file = (kernel: string, name: string) =>
  path.join(process.cwd(), 'test/fixtures/kernels', kernel, name);

/** Wait statuses as a shell has them: 128 and the signal. */
const STATUS_OF_SIGNAL: Readonly<Record<string, number>> = { SIGKILL: 137, SIGTERM: 143, SIGSEGV: 139 };

/** What the shell on the traced machine saw: `segv 928 wait-status 139`, `aout=120 wait_status=137`. */
function* truth(kernel: string, name: string): Iterable<{ pid: number; status: number }> {
  const text = readFileSync(file(kernel, `${name}.truth`), 'utf8');
  for (const match of text.matchAll(/^\S+ (\d+) wait-status (\d+)$|aout=(\d+) wait_status=(\d+)/gm)) {
    yield { pid: Number(match[1] ?? match[3]), status: Number(match[2] ?? match[4]) };
  }
}

function statusOf({ exit }: ProcessRecord): number | null {
  if (exit?.kind === 'exited') return exit.code;
  return STATUS_OF_SIGNAL[exit?.signal ?? ''] ?? null;
}

function processOf({ report }: ReadLife, pid: number): ProcessRecord {
  const found = report.processes.find((process) => process.pid === pid);
  assert.ok(found, `process ${pid}`);
  return found;
}

const programOf = (life: ReadLife, name: string) =>
  life.report.processes.find(({ execs }) => execs.some((exec) => exec.path?.endsWith(name)))!;

const RUNS = [
  'recipe',
  'segv',
  'threads',
  'vfork',
  'zombie',
  'oom',
  'stopcont',
  'sigterm_handler',
  'sigterm_ignored',
  'exec_enoent',
  'life',
  'tgid',
  'clock_counter',
  'clock_x86-tsc',
];
const KERNELS = ['6.1', '6.12', '7.3'];
const recorded = (name: string) =>
  KERNELS.filter(
    (kernel) => existsSync(file(kernel, `${name}.txt`)) && existsSync(file(kernel, `${name}.truth`)),
  );
const read = (kernel: string, name: string) => readLife(file(kernel, `${name}.txt`));

for (const name of RUNS) {
  for (const kernel of recorded(name)) {
    describe(`${name} on ${kernel}`, () => {
      it('ended as the shell there saw it', () => {
        const life = read(kernel, name);
        for (const { pid, status } of truth(kernel, name))
          assert.equal(statusOf(processOf(life, pid)), status);
      });

      it('is the same however its text is cut', () => {
        const whole = read(kernel, name);
        const cut = readLife(file(kernel, `${name}.txt`), [], 777);
        assert.deepEqual(cut.report, whole.report);
        assert.deepEqual(cut.stages, whole.stages);
      });
    });
  }
}

describe('the recipe of the walk-through on stock kernels', () => {
  for (const kernel of recorded('recipe')) {
    it(`shows on ${kernel} who killed what, and libc where maps has it`, () => {
      const { pid } = [...truth(kernel, 'recipe')][0]!;
      const maps = parseMaps(readFileSync(file(kernel, 'recipe.maps'), 'utf8'));
      const life = readLife(file(kernel, 'recipe.txt'), [{ kind: 'maps', pid, ts: Infinity, maps }]);
      const child = processOf(life, pid);
      assert.match(child.exit?.cause ?? '', /^SIGKILL from bash \(\d+\), __x64_sys_kill$/);
      const libc = child.libraries.find(({ path: of }) => of?.endsWith('/libc.so.6'));
      assert.deepEqual([libc?.opened, libc?.inMaps], ['/lib/x86_64-linux-gnu/libc.so.6', true]);
      assert.equal(child.libraries.find(({ path: of }) => of?.includes('/ld-linux'))?.nameSource, 'maps');
      assert.ok(child.libraries.every((library) => library.inMaps));
      assert.equal(child.execs.at(-1)?.path?.endsWith('a.out'), true);
      assert.equal(child.state, 'reaped');
    });
  }
});

describe('recorded programs', () => {
  for (const kernel of recorded('threads')) {
    it(`have threads, and end with the last one (${kernel})`, () => {
      const { threads, exit, files } = programOf(read(kernel, 'threads'), 'bin/threads');
      assert.equal(threads.length, 2);
      assert.ok(threads.every(({ start, end }) => start !== null && end !== null && end > start));
      assert.deepEqual([exit?.code, exit?.cause], [3, 'exit_group(3)']);
      const missing = files.find(({ path: of }) => of === '/etc/hostname-of-thread');
      assert.equal(missing?.error, 'ENOENT');
    });
  }

  for (const kernel of recorded('vfork')) {
    it(`fork by vfork and clone3, and wait for each child (${kernel})`, () => {
      const life = read(kernel, 'vfork');
      const parent = programOf(life, 'bin/vforker');
      const children = life.report.processes.filter((process) => process.parent === parent.id);
      assert.deepEqual(
        children.map(({ fork, exit, reap }) => [fork?.call, fork?.flags.join(), exit?.code, reap?.by]),
        [
          ['vfork', 'CLONE_VM,CLONE_VFORK', 0, parent.pid],
          ['clone3', 'CLONE_VM,CLONE_VFORK', 1, parent.pid],
        ],
      );
    });
  }

  for (const kernel of recorded('zombie')) {
    it(`leave a zombie that nobody reaps, and do not mistake its exit for their own (${kernel})`, () => {
      const life = read(kernel, 'zombie');
      const parent = programOf(life, 'bin/zombie');
      const child = life.report.processes.find((process) => process.parent === parent.id);
      assert.deepEqual([parent.exit?.code, parent.state], [6, 'reaped']);
      assert.deepEqual([child?.exit?.code, child?.state, child?.reap], [5, 'zombie', null]);
    });
  }

  for (const kernel of recorded('exec_enoent')) {
    it(`try a name along the PATH (${kernel})`, () => {
      const { execs, exit } = programOf(read(kernel, 'exec_enoent'), 'bin/execfail');
      assert.equal(execs.filter(({ error }) => error === 'ENOENT').length, 6);
      assert.equal(exit?.code, 127);
    });
  }

  for (const kernel of recorded('stopcont')) {
    it(`stop and continue without an end (${kernel})`, () => {
      const life = read(kernel, 'stopcont');
      const { signals } = programOf(life, 'a.out');
      assert.deepEqual(
        signals
          .map((index) => life.report.signals[index]!)
          .map(({ signal, result, fatal }) => [signal, result, fatal]),
        [
          ['SIGSTOP', 'delivered', false],
          ['SIGCONT', 'ignored', false],
          ['SIGINT', 'ignored', false],
          ['SIGKILL', 'delivered', true],
        ],
      );
    });
  }

  for (const kernel of recorded('oom')) {
    it(`are ended by the OOM killer (${kernel})`, () => {
      const life = read(kernel, 'oom');
      const { signals, exit } = programOf(life, 'bin/hog');
      assert.deepEqual([life.report.signals[signals[0]!]?.origin, exit?.signal], ['oom', 'SIGKILL']);
      assert.match(exit?.cause ?? '', /OOM killer/);
    });
  }

  for (const kernel of recorded('segv')) {
    it(`fault by themselves (${kernel})`, () => {
      const { exit } = programOf(read(kernel, 'segv'), 'bin/segv');
      assert.equal(exit?.cause, 'SIGSEGV (SEGV_MAPERR) for its own fault, force_sig_fault');
    });
  }

  it('of which events were lost are incomplete, and the sum is reported', () => {
    const { report } = read('6.12', 'lost');
    assert.ok((report.trace.lost ?? 0) > 1000);
    assert.match(report.trace.incomplete.join(), /events were lost/);
    assert.ok(report.processes.some(({ incomplete }) => /events lost on CPU 0/.test(incomplete.join())));
  });
});
