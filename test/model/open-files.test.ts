import assert from 'node:assert/strict';
import { FileTable } from '../../src/model/open-files';
import { call, enter, event, exit, fork, lifeOf } from './life-of';
import type { EventFields, TraceEvent } from '../../src/trace-event';

const AT_FDCWD = 4294967196;
const O_CLOEXEC = 0o2000000;

function open(ts: number, pid: number, path: string, ret: number, more: EventFields = {}): TraceEvent[] {
  const args = { dfd: AT_FDCWD, filename: 1, flags: 0, mode: 0, __filename_val: path, ...more };
  return call(ts, pid, 'openat', args, ret);
}

/** Maps the descriptor executable: the library's name tells what the model takes the descriptor for. */
const mapped = (ts: number, pid: number, fd: number) =>
  call(ts, pid, 'mmap', { addr: 0, len: 4096, prot: 5, flags: 2, fd, off: 0 }, Math.round(ts * 2 ** 20));

function nameOf(pid: number, events: readonly (TraceEvent | TraceEvent[])[]): string | null | undefined {
  return lifeOf(events).process(pid).libraries.at(-1)?.path;
}

describe('an opened file', () => {
  it('has its name, descriptor and error', () => {
    const { process } = lifeOf([open(1, 10, '/etc/a', 3), open(2, 10, '/etc/b', -2)]);
    assert.deepEqual(process(10).files, [
      { ts: 1, path: '/etc/a', fd: 3, error: null, nameSource: 'syscall', call: 'openat' },
      { ts: 2, path: '/etc/b', fd: null, error: 'ENOENT', nameSource: 'syscall', call: 'openat' },
    ]);
  });

  it('is named by a probe of any name inside the call, of the same thread', () => {
    const { process } = lifeOf([
      enter(1, 10, 'openat', { dfd: '0xffffffffffffff9c', filename: 1, flags: 0 }),
      event(1.1, 11, 'do_sy_open', { arg1: '/another/thread' }),
      event(1.1, 10, 'sched_switch', { prev_comm: 'a', next_comm: 'b' }),
      event(1.1, 10, 'do_sy_open', { __probe_ip: '0x1', arg1: '/etc/ld.so.cache' }),
      exit(1.2, 10, 'openat', 3),
    ]);
    assert.deepEqual(
      [process(10).files[0]?.path, process(10).files[0]?.nameSource],
      ['/etc/ld.so.cache', 'probe'],
    );
  });

  it('is named by the probe on the exit event of its call, which comes after that', () => {
    const { process } = lifeOf([
      enter(1, 10, 'openat', { dfd: AT_FDCWD, filename: 1, flags: 0 }),
      exit(1.1, 10, 'openat', 3),
      event(1.1, 10, 'openat', { path: '/lib/libx.so.1' }),
      mapped(1.2, 10, 3),
      open(1.3, 10, '/etc/b', 4),
      enter(2, 10, 'openat', { dfd: AT_FDCWD, filename: 1, flags: 0 }),
      exit(2.1, 10, 'openat', -2),
      event(2.1, 10, 'openat', { path: '/etc/missing' }),
    ]);
    assert.deepEqual(
      process(10).files.map(({ path, nameSource, error }) => [path, nameSource, error]),
      [
        ['/lib/libx.so.1', 'probe', null],
        ['/etc/b', 'syscall', null],
        ['/etc/missing', 'probe', 'ENOENT'],
      ],
    );
    assert.equal(process(10).libraries[0]?.path, '/lib/libx.so.1');
  });

  it('has no name where the probe could not read it', () => {
    const { process } = lifeOf([
      enter(1, 10, 'openat', { dfd: AT_FDCWD, filename: 1, flags: 0 }),
      event(1.1, 10, 'do_sy_open', { arg1: '(fault)' }),
      exit(1.2, 10, 'openat', 3),
    ]);
    assert.deepEqual([process(10).files[0]?.path, process(10).files[0]?.nameSource], [null, null]);
    assert.match(process(10).incomplete.join(), /names are not in the trace/);
  });

  it('lies under the directory that the call names', () => {
    const { process } = lifeOf([open(1, 10, '/srv', 3), open(2, 10, 'data/x', 4, { dfd: 3 })]);
    assert.equal(process(10).files[1]?.path, '/srv/data/x');
  });

  it('is the same file under each duplicate of its descriptor', () => {
    const opened = open(1, 10, '/lib/a.so', 3);
    assert.equal(
      nameOf(10, [opened, call(2, 10, 'dup2', { oldfd: 3, newfd: 9 }, 9), mapped(3, 10, 9)]),
      '/lib/a.so',
    );
    assert.equal(nameOf(10, [opened, call(2, 10, 'dup', { fildes: 3 }, 4), mapped(3, 10, 4)]), '/lib/a.so');
    const byFcntl = call(2, 10, 'fcntl', { fd: 3, cmd: 0, arg: 10 }, 10);
    assert.equal(nameOf(10, [opened, byFcntl, mapped(3, 10, 10)]), '/lib/a.so');
  });

  it('is forgotten when it is closed, and the number means the next file', () => {
    const first = [open(1, 10, '/lib/a.so', 3), call(2, 10, 'close', { fd: 3 }, 0)];
    assert.equal(nameOf(10, [...first, mapped(3, 10, 3)]), null);
    assert.equal(nameOf(10, [...first, open(3, 10, '/lib/b.so', 3), mapped(4, 10, 3)]), '/lib/b.so');
    const range = call(2, 10, 'close_range', { fd: 3, max_fd: 4294967295, flags: 0 }, 0);
    assert.equal(nameOf(10, [open(1, 10, '/lib/a.so', 3), range, mapped(3, 10, 3)]), null);
  });

  it('is copied at fork: what the child closes stays open in the parent', () => {
    const both = [open(1, 10, '/lib/a.so', 3), fork(2, 10, 20), call(3, 20, 'close', { fd: 3 }, 0)];
    assert.equal(nameOf(10, [...both, mapped(4, 10, 3)]), '/lib/a.so');
    assert.equal(nameOf(20, [...both, mapped(4, 20, 3)]), null);
  });

  it('is shared with CLONE_FILES', () => {
    const shared = [fork(1, 10, 20, 0x400), open(2, 20, '/lib/a.so', 3), mapped(3, 10, 3)];
    assert.equal(nameOf(10, shared), '/lib/a.so');
  });

  it('survives an exec unless it closes on exec', () => {
    const exec = call(2, 10, 'execve', { filename: 1 }, 0);
    const kept = [open(1, 10, '/lib/a.so', 3), exec, mapped(3, 10, 3)];
    const closed = [open(1, 10, '/lib/a.so', 3, { flags: O_CLOEXEC }), exec, mapped(3, 10, 3)];
    const named = [open(1, 10, '/lib/a.so', 3, { flags: 'O_RDONLY|O_CLOEXEC' }), exec, mapped(3, 10, 3)];
    assert.equal(nameOf(10, kept), '/lib/a.so');
    assert.equal(nameOf(10, closed), null);
    assert.equal(nameOf(10, named), null);
  });

  it('is listed up to a limit, and the rest is counted', () => {
    const events = Array.from({ length: 10_005 }, (_, i) => open(i, 10, '/tmp/x', 3)).flat();
    const { files, incomplete } = lifeOf(events).process(10);
    assert.equal(files.length, 10_000);
    assert.match(incomplete.join(), /5 more opened files/);
  });
});

describe('the page-cache event inside a read', () => {
  const S_DEV = 0xfe00001;
  const note = { kind: 'inode', dev: S_DEV, ino: 42, path: '/lib/c.so' } as const;
  const events = [
    enter(1, 10, 'openat', { dfd: AT_FDCWD, filename: 1, flags: 0 }),
    exit(1.1, 10, 'openat', 3),
    enter(2, 10, 'read', { fd: 3, buf: 1, count: 832 }),
    event(2.1, 10, 'mm_filemap_get_pages', { i_ino: 42, s_dev: S_DEV, index: 0, last_index: 1 }),
    exit(2.2, 10, 'read', 832),
    mapped(3, 10, 3),
  ];

  for (const [when, beside] of [
    ['before', { notes: [note] }],
    ['after', { later: [note] }],
  ] as const) {
    it(`names file and library by their inode, reported ${when} the events`, () => {
      const { files, libraries } = lifeOf(events, beside).process(10);
      assert.deepEqual([files[0]?.path, files[0]?.nameSource], ['/lib/c.so', 'inode']);
      assert.deepEqual([libraries[0]?.path, libraries[0]?.nameSource], ['/lib/c.so', 'inode']);
    });
  }

  it('says nothing outside of a read', () => {
    const outside = events.flat().filter(({ name }) => name !== 'sys_enter_read');
    assert.equal(lifeOf(outside, { notes: [note] }).process(10).files[0]?.path, null);
  });
});

describe('the descriptor table', () => {
  it('does not grow with the number of files opened and closed', () => {
    const table = new FileTable();
    for (let i = 0; i < 1000; i++) {
      table.install(3, { path: '/x', nameSource: 'syscall', inode: null, listed: null }, false);
      table.close(3);
    }
    assert.equal(table.size, 0);
  });
});
