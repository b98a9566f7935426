import assert from 'node:assert/strict';
import fs from 'node:fs';
import { parseMaps } from '../../src/readers/maps';
import { fixture } from './read-text';

describe('/proc/PID/maps', () => {
  it('gives the mapping that the walk-through compares with its mmap', () => {
    assert.deepEqual(parseMaps(fixture('walkthrough.maps').toString()), [
      {
        start: 0x7fef041e8000,
        end: 0x7fef04399000,
        perms: 'r-xp',
        offset: 0,
        dev: '00:2f',
        inode: 8154,
        path: '/lib64/libc-2.26.so',
        deleted: false,
      },
    ]);
  });

  it('gives paths with blanks, newlines and what was deleted', () => {
    const paths = parseMaps(
      '1000-2000 r--p 00001000 fe:00 1                          /tmp/a b (deleted)\n' +
        '2000-3000 rw-s 00000000 fe:00 2                          /tmp/x\\012y\n' +
        '3000-4000 rw-p 00000000 00:00 0 \n' +
        '4000-5000 rw-p 00000000 00:00 0                          [heap]\n',
    ).map((entry) => [entry.path, entry.deleted]);
    assert.deepEqual(paths, [
      ['/tmp/a b', true],
      ['/tmp/x\ny', false],
      ['', false],
      ['[heap]', false],
    ]);
  });

  it('is read in full on this machine, the vsyscall page included', () => {
    const text = fs.readFileSync('/proc/self/maps', 'utf8');
    const entries = parseMaps(text);
    assert.equal(entries.length, text.trimEnd().split('\n').length);
    const printed = entries.map((entry) => `${entry.start.toString(16)}-${entry.end.toString(16)}`);
    assert.deepEqual(
      printed,
      text
        .trimEnd()
        .split('\n')
        .map((row) => row.split(' ')[0]?.replaceAll(/\b0+/g, '')),
    );
  });

  it('of a zombie, or of something else, gives nothing', () => {
    assert.deepEqual(parseMaps(''), []);
    assert.deepEqual(parseMaps('sys_openat -> 0x3\n'), []);
  });
});
