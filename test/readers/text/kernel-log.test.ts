import assert from 'node:assert/strict';
import type { TraceEvent } from '../../../src/trace-event';
import { fixture, readText } from '../read-text';

/** All but the time, which a dump counts from another start, and the flags' place. */
function withoutTime({ ts: _, ...event }: TraceEvent): Omit<TraceEvent, 'ts'> {
  return event;
}

describe('a dump of the ftrace buffer in a kernel log', () => {
  for (const [log, trace] of [
    ['dmesg-6.1', 'trace-6.1'],
    ['dmesg-6.12', 'trace-6.12'],
    ['dmesg-T-6.12', 'trace-6.12'],
    ['dmesg-iso-6.12', 'trace-6.12'],
    ['console-6.12', 'trace-6.12'],
  ]) {
    it(`gives the events of the trace itself: ${log}`, () => {
      const dumped = readText(fixture(`kernel-logs/${log}.txt`));
      const expected = readText(fixture(`kernel-logs/${trace}.txt`));
      assert.deepEqual(dumped.damage, []);
      assert.deepEqual(dumped.toArray().map(withoutTime), expected.toArray().map(withoutTime));
      const [first, last] = [dumped.at(0).ts, dumped.at(dumped.length - 1).ts];
      const span = expected.at(expected.length - 1).ts - expected.at(0).ts;
      assert.ok(Math.abs(last - first - span) < 2e-6, 'the same span, to the microsecond');
    });
  }

  const dump = fixture('kernel-logs/dmesg-6.12.txt').toString();
  const events = readText(dump).length;

  for (const [who, prefix] of [
    ['journalctl -k', 'Nov 28 11:00:45 web1 kernel: '],
    ['syslog with the time of printk', 'Nov  8 11:00:45 web1 kernel: [   11.079637] '],
    ['rsyslog', '2026-11-28T11:00:45.123456+01:00 web1 kernel: '],
    ['a console with levels and callers', '<4>[   11.079637][  T163] '],
    ['dmesg with callers', '[   11.079637] [    C1] '],
  ] as const) {
    it(`is read from what ${who} prints`, () => {
      const text = dump.replaceAll(/^(?:\[ +[0-9.]+\]| {15}) /gm, prefix);
      const read = readText(text);
      assert.equal(read.length, events);
      assert.deepEqual(read.damage, []);
      assert.equal(read.at(3).stack?.[1], '__send_signal_locked');
    });
  }

  it('is found among other messages, before and after it', () => {
    const text = `[    1.000000] Linux version 6.12.0\n${dump}[   12.000000] usb 1-1: new device\n`;
    assert.deepEqual([readText(text).length, readText(text).damage], [events, []]);
  });

  it('is found where a terminal’s text comes before it', () => {
    const read = readText(`SeaBIOS (version 1.16)\n${dump}`);
    assert.equal(read.length, events);
    assert.deepEqual(
      read.damage.map(({ code, line }) => [code, line]),
      [
        ['LINE_UNEXPLAINED', 1],
        ['LINE_UNEXPLAINED', 2],
      ],
    );
  });

  it('may be of an instance, and may be empty', () => {
    const empty = '[    1.000000] Dumping ftrace buffer:\n[    1.000001]    (ftrace buffer empty)\n';
    assert.deepEqual([readText(empty).length, readText(empty).damage], [0, []]);
    const instance = dump.replace('Dumping ftrace buffer:', 'Dumping ftrace instance web buffer:');
    assert.equal(readText(instance).length, events);
  });

  it('reports lost events, and messages of other CPUs in between', () => {
    const lines = dump.split('\n');
    lines.splice(5, 0, '[   11.081800] CPU:0 [LOST 8123 EVENTS]', '[   11.081801] usb 1-1: new device');
    const read = readText(lines.join('\n'));
    assert.deepEqual(read.lost, [{ cpu: 0, ts: 0.182196, count: 8123 }]);
    assert.deepEqual(
      read.damage.map(({ code }) => code),
      ['LINE_UNEXPLAINED'],
    );
  });

  it('that is not there is damage', () => {
    const { damage } = readText('[    1.000000] Linux version 6.12.0\n[    2.000000] usb 1-1: new device\n');
    assert.deepEqual(damage, [{ code: 'LOG_EMPTY', atByte: 0, line: 1 }]);
  });
});
