import assert from 'node:assert/strict';
import { parseSavedCmdlines, TaskNames } from '../../../src/readers/pages/task-names';

const CLONE_VM = 0x100;
const CLONE_THREAD = 0x10000;

describe('the name of a task', () => {
  it('holds from its event on, not before', () => {
    const names = new TaskNames();
    names.rename(876, 39, 108_000_000, 'bash');
    names.rename(876, 39, 110_000_000, 'a.out');
    assert.equal(names.at(876, 39, 107_999_999), null);
    assert.equal(names.at(876, 39, 108_000_000), 'bash');
    assert.equal(names.at(876, 39, 109_999_999), 'bash');
    assert.equal(names.at(876, 39, 110_000_000), 'a.out');
    assert.equal(names.at(876, 40, 0), 'a.out');
  });

  it('is <idle> for 0 and unknown for a task that nobody named', () => {
    assert.equal(new TaskNames().at(0, 1, 0), '<idle>');
    assert.equal(new TaskNames().at(1, 1, 0), null);
  });

  it('holds from the beginning where it was known before the trace', () => {
    const names = new TaskNames();
    names.seed(875, 'bash');
    names.rename(875, 10, 0, 'sleep');
    assert.equal(names.at(875, 0, 0), 'bash');
    assert.equal(names.at(875, 10, 0), 'sleep');
    assert.equal(names.knows(875), true);
  });

  it('is not taken from before the trace where the trace has said it', () => {
    const names = new TaskNames();
    names.rename(875, 10, 0, 'sleep');
    names.seed(875, 'a later owner of the pid');
    assert.equal(names.at(875, 10, 0), 'sleep');
    assert.equal(names.at(875, 9, 0), null);
    assert.deepEqual(names.seeds, []);
  });

  it('is remembered once while it stays the same', () => {
    const names = new TaskNames();
    names.rename(1, 1, 0, 'a');
    names.rename(1, 2, 0, 'a');
    names.rename(1, 3, 0, 'b');
    names.rename(1, 4, 0, 'a');
    assert.deepEqual(
      [1, 2, 3, 4].map((sec) => names.at(1, sec, 0)),
      ['a', 'a', 'b', 'a'],
    );
  });
});

describe('the thread group of a task', () => {
  it('is its own for a new process, and its creator’s for a thread', () => {
    const names = new TaskNames();
    names.forked(875, 876, 0);
    names.forked(876, 877, CLONE_THREAD | CLONE_VM);
    names.forked(877, 878, CLONE_THREAD | CLONE_VM);
    assert.deepEqual(
      [875, 876, 877, 878].map((tid) => names.groupOf(tid)),
      [null, 876, 876, 876],
    );
  });

  it('is the creator itself where nothing else is known of it', () => {
    const names = new TaskNames();
    names.forked(900, 901, CLONE_THREAD);
    assert.equal(names.groupOf(901), 900);
  });

  it('may be known before the trace', () => {
    const names = new TaskNames();
    names.seedGroup(900, 899);
    names.forked(900, 901, CLONE_THREAD);
    assert.equal(names.groupOf(901), 899);
    assert.deepEqual(names.seedGroups, [[900, 899]]);
  });
});

describe('saved_cmdlines', () => {
  it('gives names with blanks as they are', () => {
    assert.deepEqual(parseSavedCmdlines('122 bash\n15 rcu_preempt\n2000 Web Content \n'), [
      [122, 'bash'],
      [15, 'rcu_preempt'],
      [2000, 'Web Content '],
    ]);
  });

  it('gives nothing of lines without a pid', () => {
    assert.deepEqual(parseSavedCmdlines('\n bash\nx y\n12\n'), []);
  });
});
