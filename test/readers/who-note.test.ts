import assert from 'node:assert/strict';
import { formatNote } from '../../src/export/ftrace-text';
import { parseNoteLine, readNote } from '../../src/readers/trace-note';
import type { TraceNote } from '../../src/trace-event';

const WHO: TraceNote = {
  kind: 'who',
  pid: 4995,
  tgid: 4994,
  ts: 9978.5,
  since: 9978.25,
  comm: 'worker\n1',
  exe: '/usr/bin/ä b',
  uid: 65534,
  user: 'nobody',
  ppid: 1,
  cgroup: '/system.slice/x\\x2dy.service',
  startTime: 4711,
  ancestors: [
    { pid: 1, comm: 'systemd' },
    { pid: 7, comm: null },
  ],
};
const TRACE: TraceNote = {
  kind: 'trace',
  kernel: '6.12.0',
  clock: 'mono',
  cpus: 2,
  host: 'gateway',
  boot: '6b2fadcd-0961-4ce2-834f-63e3f825197e',
  wall: { ts: 1, unixSeconds: 2 },
};

describe('a note about who a process is', () => {
  it('comes back from a line of text as it was', () => {
    assert.deepEqual(parseNoteLine(formatNote(WHO)), WHO);
  });

  it('may not know anything but the name', () => {
    const unknown = { exe: null, uid: null, user: null, ppid: null, cgroup: null, startTime: null };
    const note = { ...WHO, ...unknown, ancestors: [] };
    assert.deepEqual(readNote(JSON.parse(JSON.stringify(note))), note);
  });

  it('keeps nothing that it does not know', () => {
    assert.deepEqual(readNote({ ...WHO, more: 1, ancestors: [{ pid: 1, comm: null, uid: 0 }] }), {
      ...WHO,
      ancestors: [{ pid: 1, comm: null }],
    });
  });

  for (const wrong of [
    { pid: -1 },
    { pid: 1.5 },
    { tgid: null },
    { ts: 'now' },
    { ts: null },
    { since: undefined },
    { since: 9978.75 },
    { comm: null },
    { comm: 5 },
    { exe: 1 },
    { exe: undefined },
    { uid: 'root' },
    { uid: -1 },
    { user: 0 },
    { ppid: '1' },
    { cgroup: ['/'] },
    { startTime: Infinity },
    { startTime: {} },
    { ancestors: null },
    { ancestors: {} },
    { ancestors: [null] },
    { ancestors: [{ pid: '1', comm: 'a' }] },
    { ancestors: [{ pid: 1 }] },
    { ancestors: [{ pid: 1, comm: {} }] },
    { ancestors: Array.from({ length: 65 }, () => ({ pid: 1, comm: null })) },
  ]) {
    const written = JSON.stringify(wrong, (_, value: unknown) => (value === undefined ? 'undefined' : value));
    it(`is none with ${written.slice(0, 60)}`, () => {
      assert.equal(readNote({ ...WHO, ...wrong }), null);
    });
  }
});

describe('a note about the trace', () => {
  it('may name the machine and its boot', () => {
    assert.deepEqual(parseNoteLine(formatNote(TRACE)), TRACE);
    const { host, boot, ...older } = TRACE;
    assert.ok(host && boot);
    assert.deepEqual(readNote(older), older);
  });

  it('is none where these are no text', () => {
    assert.equal(readNote({ ...TRACE, host: 5 }), null);
    assert.equal(readNote({ ...TRACE, boot: null }), null);
  });
});
