/** Programs that take the place of programs. */
import assert from 'node:assert/strict';
import type { Exec } from '../../src/model/report';
import type { Scenario } from './scenario';
import type { Told } from './told';

function program(
  name: string,
  scene: string,
  holds: Scenario['holds'],
  more: Partial<Scenario> = {},
): Scenario {
  return { name, program: 'programs', scene, holds, ...more };
}

/** The execs of the only child, of which the last is the program that it said it runs. */
function execsOf(told: Told, errors: readonly (string | null)[]): Exec[] {
  const { execs } = told.life(told.number('born'));
  assert.deepEqual(
    execs.map(({ error }) => error),
    errors,
  );
  return execs;
}

function runsAsSaid(errors: readonly (string | null)[]): (told: Told) => 'ok' {
  return (told) => {
    const last = execsOf(told, errors).at(-1);
    assert.equal(last?.path, told.facts('runs')[0]!['path']);
    return 'ok';
  };
}

export const PROGRAMS: readonly Scenario[] = [
  program('an exec', 'run', runsAsSaid([null])),
  program(
    'the arguments of a program that exits at once',
    'arguments',
    (told) => {
      const [exec] = execsOf(told, [null]);
      if (exec === undefined || exec.argv === null) return { incomplete: 'its arguments are not known' };
      assert.deepEqual(exec.argv, told.facts('runs')[0]!['argv']);
      assert.ok(exec.argvSource === 'probe' || exec.argvSource === 'proc', exec.argvSource ?? '');
      return 'ok';
    },
    { needsProbes: true },
  ),
  program('a search along PATH: what was tried, and what was found', 'path-search', (told) => {
    const [first, second, third] = execsOf(told, ['ENOENT', 'ENOENT', null]);
    assert.equal(third?.path, told.facts('runs')[0]!['path']);
    for (const [exec, directory] of [
      [first, '/no/such/first'],
      [second, '/no/such/second'],
    ] as const) {
      assert.ok(exec?.path === null || exec?.path.startsWith(`${directory}/`), exec?.path ?? '');
    }
    return 'ok';
  }),
  program('a file that may not be executed', 'denied', (told) => {
    execsOf(told, ['EACCES']);
    return 'ok';
  }),
  program('a script whose interpreter does not exist', 'no-interpreter', (told) => {
    execsOf(told, ['ENOENT']);
    return 'ok';
  }),
  program(
    'a script without its first line, for which execvp asks sh',
    'unknown-format',
    runsAsSaid(['ENOEXEC', null]),
  ),
  program('a script: one exec, of its own name', 'script', runsAsSaid([null])),
  program('an exec by a thread that is not the first', 'by-thread', (told) => {
    runsAsSaid([null])(told);
    const child = told.life(told.number('born'));
    assert.equal(child.threads.length, 2);
    assert.deepEqual(child.signals, [], 'nobody sent the 9 by which the other threads go');
    assert.equal(child.exit?.code, 7);
    return 'ok';
  }),
  program('a program in memory', 'in-memory', (told) => {
    const [exec] = execsOf(told, [null]);
    assert.equal(exec?.call, 'execveat');
    assert.match(exec.path ?? '', /^(?:\/dev\/fd\/\d+|\/memfd:copy)$/);
    return 'ok';
  }),
  program('execveat in a directory', 'from-directory', (told) => {
    const [exec] = execsOf(told, [null]);
    assert.equal(exec?.call, 'execveat');
    const { path } = told.facts('runs')[0]!;
    assert.ok(exec.path === path || /^\/dev\/fd\/\d+\/programs$/.test(exec.path ?? ''), exec.path ?? '');
    return 'ok';
  }),
  program('a relative name, whole where the directory is known', 'relative', (told) => {
    const [exec] = execsOf(told, [null]);
    const { name, path } = told.facts('runs')[0]!;
    assert.ok(exec?.path === name || exec?.path === path, exec?.path ?? '');
    return 'ok';
  }),
  program('a shell that becomes the program', 'chain', (told) => {
    assert.equal(execsOf(told, [null, null])[0]?.path, '/bin/sh');
    return runsAsSaid([null, null])(told);
  }),
  program(
    'a program without shared libraries',
    'run',
    (told) => {
      runsAsSaid([null])(told);
      assert.deepEqual(told.life(told.number('born')).libraries, []);
      return 'ok';
    },
    { flags: ['-static'] },
  ),
  program(
    'a program at a fixed address',
    'run',
    (told) => {
      runsAsSaid([null])(told);
      assert.ok(told.life(told.number('born')).libraries.length > 0);
      return 'ok';
    },
    { flags: ['-no-pie'] },
  ),
  program('a library that dlopen brings', 'library', (told) => {
    told.mappingsAreTrue();
    return 'ok';
  }),
  program(
    'a program of 32 bits, and that its system calls are not in the trace',
    'of-32-bits',
    (told) => {
      const child = told.life(told.number('runs'));
      assert.equal(child.execs.at(-1)?.path, told.facts('runs')[0]!['path']);
      assert.deepEqual([child.exit?.kind, child.exit?.code, child.state], ['exited', null, 'reaped']);
      assert.ok(child.incomplete.some((reason) => reason.includes('32-bit')));
      return 'ok';
    },
    { admits: [/^no system call of its program/, /^its exit code is not in the trace/] },
  ),
];
