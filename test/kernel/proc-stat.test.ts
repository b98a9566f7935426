import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parseProcStat, TICKS_A_SECOND } from '../../src/kernel/proc-stat';

describe('/proc/PID/stat', () => {
  it('is taken apart after a name with spaces, parentheses and newlines', () => {
    const after = `S 41 ${Array.from({ length: 17 }, (_, i) => i).join(' ')} 4711 0 0`;
    for (const comm of ['sh', 'a) R 1 (b', '(sd-pam)', 'two\nlines', '']) {
      assert.deepEqual(parseProcStat(`42 (${comm}) ${after}\n`), {
        comm,
        state: 'S',
        ppid: 41,
        session: 1,
        tty: 2,
        threads: 15,
        startTime: 4711,
      });
    }
  });

  it('is none where it is empty or cut', () => {
    for (const text of ['', '42', '42 (sh', '42 (sh) S 41 1 2 3']) assert.equal(parseProcStat(text), null);
  });

  it('tells of this process who its parent is, and when it began', () => {
    const stat = parseProcStat(readFileSync('/proc/self/stat', 'utf8'));
    const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
    assert.equal(stat?.ppid, process.ppid);
    const age = uptime - stat.startTime / TICKS_A_SECOND;
    assert.ok(Math.abs(age - process.uptime()) < 2, `${age} s, ${process.uptime()} s`);
  });
});
