/** How processes and threads come to be. */
import assert from 'node:assert/strict';
import type { Scenario, Verdict } from './scenario';
import type { Told } from './told';

/** The only process that the program said it bore, with these flags of clone. */
function bornWith(flags: RegExp, code: number): (told: Told) => Verdict {
  return (told) => {
    const child = told.life(told.number('born'));
    assert.match(child.fork?.flags.join('|') ?? '', flags);
    assert.equal(child.exit?.cause, `exit_group(${code})`);
    assert.ok(child.fork?.parentReturn !== null && child.fork?.childReturn !== null);
    return 'ok';
  };
}

function birth(name: string, scene: string, holds: Scenario['holds']): Scenario {
  return { name, program: 'births', scene, holds };
}

export const BIRTHS: readonly Scenario[] = [
  birth('a fork by the C library is a clone', 'fork', bornWith(/CLONE_CHILD_SETTID/, 4)),
  birth('a fork by the system call of that name', 'fork-call', bornWith(/^$/, 5)),
  birth('a vfork, whose parent goes on when the child has its program', 'vfork', (told) => {
    const child = told.life(told.number('born'));
    assert.match(child.fork?.flags.join('|') ?? '', /CLONE_VM\|CLONE_VFORK/);
    assert.deepEqual(
      child.execs.map(({ error }) => error),
      [null],
    );
    // The exec lets the parent continue before the exec's own event (fs/exec.c, exec_mmap).
    assert.ok(child.fork!.parentReturn! > child.fork!.childReturn!);
    return 'ok';
  }),
  birth('a vfork whose child exits without a program', 'vfork-without-exec', (told) => {
    const child = told.life(told.number('born'));
    assert.deepEqual(child.execs, []);
    assert.ok(child.fork!.parentReturn! > child.fork!.childReturn!);
    return 'ok';
  }),
  birth('posix_spawn, a clone or clone3 that shares memory until the exec', 'posix_spawn', (told) => {
    const child = told.life(told.number('spawned'));
    assert.equal(child.fork?.by, told.workload.pid);
    assert.match(child.fork.flags.join('|'), /CLONE_VM\|CLONE_VFORK/);
    assert.equal(child.execs.length, 1);
    assert.ok(child.libraries.length > 0, 'what it maps after its exec is its own');
    return 'ok';
  }),
  birth('clone3, whose flags are in user memory', 'clone3', bornWith(/^$/, 8)),
  birth('CLONE_PARENT: forked by one process, waited for by another', 'clone-parent', (told) => {
    const sibling = told.life(told.number('sibling'));
    assert.match(sibling.fork?.flags.join('|') ?? '', /CLONE_PARENT/);
    assert.equal(sibling.reap?.by, told.workload.pid);
    assert.notEqual(sibling.fork?.by, told.workload.pid);
    return 'ok';
  }),
  birth('three threads, and no process', 'threads', (told) => {
    assert.equal(told.workload.threads.length, 3);
    assert.deepEqual(told.childrenOf(told.workload), []);
    assert.equal(told.workload.exit?.code, 2);
    return 'ok';
  }),
  birth('a child of a thread that is not the first', 'fork-by-thread', (told) => {
    const child = told.life(told.number('born'));
    assert.equal(child.parent, told.workload.id);
    assert.notEqual(child.fork?.by, told.workload.pid);
    return 'ok';
  }),
  birth('a child that another thread reaps', 'wait-by-thread', (told) => {
    const child = told.life(told.number('born'));
    assert.notEqual(child.reap?.by, child.fork?.by);
    return 'ok';
  }),
];
