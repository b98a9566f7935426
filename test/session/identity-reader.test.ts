import assert from 'node:assert/strict';
import { readFileSync, readlinkSync } from 'node:fs';
import { IdentityReader } from '../../src/session/identity-reader';

const now = (): number => Number(process.hrtime.bigint()) / 1e9;
const OWN_NAME = readFileSync('/proc/self/comm', 'utf8').replace(/\n$/, '');

/** Asked about this process, which is as good a stranger as any. */
function watch(savedName?: string): IdentityReader {
  return new IdentityReader(now, () => new Map(savedName === undefined ? [] : [[process.pid, savedName]]));
}

describe('whom a session asks /proc about', () => {
  it('is a sender once, as long as it is the same', () => {
    const watched = watch(OWN_NAME);
    watched.sentFromOutside(process.pid, now());
    const [note] = watched.takeNotes();
    assert.deepEqual([note?.exe, note?.uid], [readlinkSync('/proc/self/exe'), process.getuid?.()]);
    watched.sentFromOutside(process.pid, now());
    assert.deepEqual(watched.takeNotes(), []);
  });

  it('is it again when its pid was freed, and then the trace is to tell of that', () => {
    const watched = watch();
    watched.sentFromOutside(process.pid, now());
    assert.equal(watched.takeNotes().length, 1);
    assert.equal(watched.freed(process.pid), true);
    assert.equal(watched.freed(process.pid), false);
    watched.sentFromOutside(process.pid, now());
    assert.equal(watched.takeNotes().length, 1);
  });

  it('is not said to be a program that it may have become since, and is asked about again', () => {
    const watched = watch('before');
    for (let batch = 0; batch < 2; batch++) {
      watched.sentFromOutside(process.pid, now());
      const [note] = watched.takeNotes();
      assert.deepEqual([note?.comm, note?.exe, note?.uid], ['before', null, process.getuid?.()]);
    }
  });

  it('is nobody where who has the pid now began after the event', () => {
    const watched = watch();
    watched.sentFromOutside(process.pid, now() - process.uptime() - 5);
    assert.deepEqual(watched.takeNotes(), []);
    assert.equal(watched.freed(process.pid), true);
  });

  it('is so many for one batch, and the rest with the next', () => {
    const watched = watch();
    for (let i = 0; i < 40; i++) watched.executed(i === 0 ? process.pid : 5_000_000 + i, now());
    watched.executed(process.pid, now());
    assert.equal(watched.takeNotes().length, 0);
    assert.equal(watched.takeNotes().length, 1);
  });
});
