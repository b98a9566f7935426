import assert from 'node:assert/strict';
import { AddressSpace } from '../../src/model/mappings';
import type { Load } from '../../src/model/mappings';
import { unnamedFile } from '../../src/model/open-files';
import type { EventFields, MapsEntry, TraceEvent } from '../../src/trace-event';
import { call, enter, fork, lifeOf } from './life-of';

const MAP_PRIVATE = 2;
const MAP_FIXED = 0x10;
const BASE = 0x7f0000000000;

function load(base: number, end: number): Load {
  const file = unnamedFile();
  return { file, base, end, offset: 0, ts: 0, unmapped: null, library: null, inherited: false, pieces: 0 };
}

describe('an address space', () => {
  it('gives to a later mapping what it covers, and keeps both sides of it', () => {
    const space = new AddressSpace();
    const first = load(0x10000, 0x20000);
    const second = load(0x14000, 0x18000);
    space.map(0x10000, 0x10000, 0, first, 1);
    space.map(0x14000, 0x4000, 0, second, 2);
    assert.equal(space.at(0x13fff)?.load, first);
    assert.equal(space.at(0x14000)?.load, second);
    assert.deepEqual([space.at(0x18000)?.load, space.at(0x18000)?.offset], [first, 0x8000]);
    assert.equal(space.size, 3);
  });

  it('knows when the last piece of a file is unmapped', () => {
    const space = new AddressSpace();
    const only = load(0x10000, 0x20000);
    space.map(0x10000, 0x10000, 0, only, 1);
    space.unmap(0x14000, 0x4000, 2);
    assert.equal(only.unmapped, null);
    space.unmap(0x10000, 0x10000, 3);
    assert.deepEqual([only.unmapped, space.size], [3, 0]);
  });

  it('rounds lengths up to pages', () => {
    const space = new AddressSpace();
    const only = load(0x10000, 0x12000);
    space.map(0x10000, 0x1001, 0, only, 1);
    assert.equal(space.at(0x11fff)?.load, only);
    assert.equal(space.at(0x12000), null);
  });

  it('follows a mapping that mremap moves', () => {
    const space = new AddressSpace();
    const only = load(0x10000, 0x11000);
    space.map(0x10000, 0x1000, 0, only, 1);
    space.move(0x10000, 0x1000, 0x50000, 0x2000, 2);
    assert.equal(space.at(0x10000), null);
    assert.deepEqual(
      [space.at(0x51000)?.load, only.base, only.end, only.unmapped],
      [only, 0x50000, 0x52000, null],
    );
  });

  it('moves the base of a library with its mapping', () => {
    const { process } = lifeOf([
      fork(1, 10, 20),
      open(2, 20, '/lib/libx.so.1'),
      mmap(2.1, 20, { addr: 0, len: 0x1000, prot: 5, flags: 2, fd: 3, off: 0 }, 0x7f0000000000),
      call(
        2.2,
        20,
        'mremap',
        { addr: 0x7f0000000000, old_len: 0x1000, new_len: 0x1000, flags: 1, new_addr: 0 },
        0x7e0000000000,
      ),
    ]);
    const [library] = process(20).libraries;
    assert.deepEqual([library?.base, library?.end], [0x7e0000000000, 0x7e0000001000]);
  });

  it('is copied for a child, whose unmapping leaves the parent alone', () => {
    const space = new AddressSpace();
    const only = load(0x10000, 0x11000);
    space.map(0x10000, 0x1000, 0, only, 1);
    space.copy().unmap(0x10000, 0x1000, 2);
    assert.deepEqual([only.unmapped, space.size], [null, 1]);
  });
});

function open(ts: number, pid: number, path: string): TraceEvent[] {
  return call(ts, pid, 'openat', { dfd: 4294967196, filename: 1, flags: 0o2000000, __filename_val: path }, 3);
}

function mmap(ts: number, pid: number, args: EventFields, ret: number): TraceEvent[] {
  return call(
    ts,
    pid,
    'mmap',
    { addr: 0, len: 0x1000, prot: 1, flags: MAP_PRIVATE, fd: 3, off: 0, ...args },
    ret,
  );
}

/** As glibc's loader does it. */
function loads(ts: number, pid: number, path: string, base = BASE): TraceEvent[] {
  const at = (start: number, args: EventFields) =>
    mmap(ts + 0.2, pid, { addr: base + start, flags: MAP_PRIVATE | MAP_FIXED, ...args }, base + start);
  return [
    ...open(ts, pid, path),
    ...mmap(ts + 0.1, pid, { len: 0x5f50, flags: 0x802 }, base),
    ...at(0x1000, { prot: 5, len: 0x2000, off: 0x1000 }),
    ...at(0x3000, { prot: 3, len: 0x1000, off: 0x3000 }),
    ...at(0x4000, { prot: 3, len: 0x1f50, flags: 0x32, fd: 4294967295 }),
    ...call(ts + 0.3, pid, 'close', { fd: 3 }, 0),
  ];
}

describe('a library', () => {
  it('is one mapping of the whole with its segments over it, from base to end', () => {
    const { process, stagesOf } = lifeOf(loads(1, 10, '/lib/libc.so.6'));
    assert.deepEqual(process(10).libraries, [
      {
        path: '/lib/libc.so.6',
        opened: null,
        ts: 1.100001,
        base: BASE,
        end: BASE + 0x6000,
        nameSource: 'syscall',
        inMaps: null,
      },
    ]);
    assert.equal(stagesOf('library').length, 1);
  });

  it('is not a file that is only read, whatever it has in its name', () => {
    for (const path of ['/etc/ld.so.cache', '/usr/lib/locale/locale-archive', '/etc/ld.so.conf']) {
      assert.deepEqual(lifeOf([open(1, 10, path), mmap(2, 10, {}, BASE)]).process(10).libraries, [], path);
    }
  });

  it('is any file that is mapped executable, at once or by mprotect', () => {
    const later = call(3, 10, 'mprotect', { start: BASE, len: 0x1000, prot: 5 }, 0);
    const paths = [
      lifeOf([open(1, 10, '/opt/plugin'), mmap(2, 10, { prot: 5 }, BASE)]),
      lifeOf([open(1, 10, '/opt/plugin'), mmap(2, 10, {}, BASE), later]),
    ].map(({ process }) => process(10).libraries.map(({ path, base }) => [path, base]));
    assert.deepEqual(paths, [[['/opt/plugin', BASE]], [['/opt/plugin', BASE]]]);
  });

  it('of a vfork child before its exec is its parent’s', () => {
    const { process } = lifeOf([fork(1, 10, 20, 0x4100), loads(2, 20, '/lib/a.so')]);
    assert.deepEqual([process(10).libraries.length, process(20).libraries.length], [1, 0]);
  });
});

const entry = (start: number, end: number, offset: number, path: string, perms = 'r--p'): MapsEntry => ({
  start,
  end,
  perms,
  offset,
  dev: 'fe:00',
  inode: 7,
  path,
  deleted: false,
});
const note = (ts: number, maps: readonly MapsEntry[]) => ({ kind: 'maps', pid: 10, ts, maps }) as const;

describe('/proc/PID/maps beside the trace', () => {
  it('confirms a library, and finds the file that a link points to', () => {
    const maps = [entry(BASE, BASE + 0x1000, 0, '/lib/libc-2.26.so')];
    const { process, stagesOf } = lifeOf(loads(1, 10, '/lib64/libc.so.6'), { later: [note(5, maps)] });
    const { path, opened, nameSource, inMaps } = process(10).libraries[0]!;
    assert.deepEqual(
      [path, opened, nameSource, inMaps],
      ['/lib/libc-2.26.so', '/lib64/libc.so.6', 'maps', true],
    );
    assert.deepEqual(stagesOf('maps').length, 1);
  });

  it('contradicts a library that is not there, or with another part of the file', () => {
    for (const maps of [
      [entry(0x1000, 0x2000, 0, '/bin/a', 'r-xp')],
      [entry(BASE, BASE + 0x1000, 0x5000, '/lib/libc.so.6')],
    ]) {
      const { process } = lifeOf(loads(1, 10, '/lib/libc.so.6'), { later: [note(5, maps)] });
      assert.deepEqual(
        [process(10).libraries[0]?.inMaps, process(10).libraries[0]?.path],
        [false, '/lib/libc.so.6'],
      );
    }
  });

  it('says nothing about what was mapped later, unmapped before, or belongs to an earlier program', () => {
    const maps = [entry(0x1000, 0x2000, 0, '/bin/a')];
    const unmapped = call(3, 10, 'munmap', { addr: BASE, len: 0x6000 }, 0);
    const execs = call(3, 10, 'execve', { filename: 1 }, 0);
    for (const events of [
      [enter(0.1, 10, 'read', { fd: 0 }), ...loads(4, 10, '/lib/a.so')],
      [...loads(1, 10, '/lib/a.so'), ...unmapped],
      [...loads(1, 10, '/lib/a.so'), ...execs],
    ]) {
      assert.equal(lifeOf(events, { later: [note(3.5, maps)] }).process(10).libraries[0]?.inMaps, null);
    }
  });

  it('is compared when the events up to its time have come', () => {
    const maps = [entry(BASE, BASE + 0x1000, 0, '/lib/a.so')];
    const { process } = lifeOf(loads(1, 10, '/lib/a.so'), { notes: [note(1.5, maps)], batch: 1 });
    assert.equal(process(10).libraries[0]?.inMaps, true);
  });

  it('names what no call of the process mapped: the loader and the program', () => {
    const maps = [
      entry(0x1000, 0x2000, 0x1000, '/bin/prog', 'r-xp'),
      entry(BASE, BASE + 0x1000, 0, '/lib/ld-linux-x86-64.so.2'),
      entry(BASE + 0x1000, BASE + 0x3000, 0x1000, '/lib/ld-linux-x86-64.so.2', 'r-xp'),
    ];
    const { process } = lifeOf(call(1, 10, 'execve', { filename: 1 }, 0), { later: [note(5, maps)] });
    assert.deepEqual([process(10).execs[0]?.path, process(10).execs[0]?.nameSource], ['/bin/prog', 'maps']);
    const { path, base, end, inMaps } = process(10).libraries[0]!;
    assert.deepEqual([path, base, end, inMaps], ['/lib/ld-linux-x86-64.so.2', BASE, BASE + 0x3000, true]);
  });

  it('of a zombie is empty, and says nothing', () => {
    const { process } = lifeOf(loads(1, 10, '/lib/a.so'), { later: [note(5, [])] });
    assert.equal(process(10).libraries[0]?.inMaps, null);
  });
});
