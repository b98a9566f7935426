import assert from 'node:assert/strict';
import { ByteCache } from '../../../src/readers/text/byte-cache';
import { TextBatch } from '../../../src/readers/text/text-batch';
import { BodyReader } from '../../../src/readers/text/body-reader';
import { CommonLine } from '../../../src/readers/text/common-line';
import { LinePrefix } from '../../../src/readers/text/line-prefix';
import { NO_GROUP, OpenRows } from '../../../src/readers/text/open-rows';
import { fixture, kernelTraces } from '../read-text';

const bodies = new BodyReader();
const common = new CommonLine(bodies);
const prefix = new LinePrefix();
const context = { bodies, comms: new ByteCache((name): string | null => name) };

/** Reads one line both ways; false where it is no common line. Throws where the two do not agree. */
function compare(line: Buffer): boolean {
  const rows = new OpenRows();
  rows.pages.push(line);
  common.startPage();
  const next = common.read(line, 0, line.length, rows);
  if (next < 0) {
    assert.equal(rows.length, 0);
    return false;
  }
  const shown = JSON.stringify(line.toString('latin1'));
  assert.equal(next, line.length, shown);
  const end = line.length - (line.at(-2) === 0x0d ? 2 : 1);
  assert.ok(prefix.read(line, 0, end), shown);
  const body = bodies.read(line, prefix.bodyStart, end);
  assert.ok(body?.kind === 'event', shown);
  assert.deepEqual([body.open, body.isAmbiguous, prefix.isAmbiguous], [null, false, false], shown);
  const event = new TextBatch({ rows: rows.release(1), context }, [], [], []).at(0);
  const { ts, cpu, pid, tgid, comm, flags, name, fields } = event;
  const text = line.toString('latin1', prefix.flagsStart, prefix.flagsEnd);
  const expectedComm = line.toString('utf8', 0, prefix.dash).replace(/^ +/, '');
  assert.deepEqual(
    { ts, cpu, pid, tgid: tgid ?? NO_GROUP, comm: comm ?? '', flags, name, fields },
    {
      ts: prefix.ts,
      cpu: prefix.cpu,
      pid: prefix.pid,
      tgid: prefix.tgid,
      comm: expectedComm,
      flags: text,
      name: body.name,
      fields: body.fields,
    },
    shown,
  );
  return true;
}

function linesOf(text: Buffer): Buffer[] {
  return text
    .toString('latin1')
    .split('\n')
    .map((line) => Buffer.from(`${line}\n`, 'latin1'));
}

describe('a common line, read in one pass', () => {
  const lines = kernelTraces().flatMap((name) => linesOf(fixture(name)));

  it('says what the general way says, in every trace', () => {
    const read = lines.filter(compare).length;
    const events = lines.filter((line) => prefix.read(line, 0, line.length - 1)).length;
    assert.ok(read > events * 0.8, `${read} of ${events} events`);
  });

  it('says what the general way says, or nothing, with whatever is put into it', () => {
    const put = [
      '"',
      ' "a"',
      '\r',
      '(',
      ')',
      ', ',
      '0x',
      'ffffffffffffffff',
      '0',
      ': O_',
      'O_A|B',
      'mode: 08',
      '-1 [0] 1: ',
      ' ',
      '.',
      'g',
    ];
    let seed = 5;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    let read = 0;
    for (let round = 0; round < 30_000; round++) {
      const line = lines[random(lines.length)]!;
      const place = random(line.length);
      const piece = random(2) === 0 ? Buffer.from(put[random(put.length)]!) : Buffer.of(11 + random(240));
      const kept = line.subarray(place + random(3));
      const changed = Buffer.concat([
        line.subarray(0, place),
        piece,
        kept.length > 0 ? kept : Buffer.of(0x0a),
      ]);
      if (compare(changed)) read++;
    }
    assert.ok(read > 3000, `${read} lines`);
  });

  it('is each of the forms of system calls, up to the newest', () => {
    for (const body of [
      'sys_getpid()',
      'sys_getpid -> 0x3',
      'sys_mmap(addr: 0, len: 3ba778, prot: 5, flags: 802, fd: 3, off: 0)',
      'sys_lseek(fd: 0xff, offset: 0xfffffffffffffdb8, whence: 1)',
      'sys_openat(dfd: 4294967196, filename: 94894259919320 "/dev/null", flags: O_RDONLY|O_CLOEXEC, mode: 0644)',
      'sys_newfstatat(dfd: 0xffffff9c, filename: 0x564e4aa76527 "."..., statbuf: 0x7ffee9f16a50, flag: 0)',
      'sched_process_exit: comm=a.out pid=7 prio=120',
      'p: (f+0x0/0x10) s="a b"',
    ]) {
      const line = Buffer.from(`            bash-161     [001] ...1.     3.241158: ${body}\n`);
      assert.equal(compare(line), true, body);
    }
  });
});
