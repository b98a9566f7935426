import assert from 'node:assert/strict';
import type { TraceEvent } from '../../../src/trace-event';
import { readText } from '../read-text';

const LINES = [
  '            bash-160   [000] d..2.    10.000001: sched_process_fork: comm=bash pid=160 child_comm=bash child_pid=1611',
  '            bash-1611  [001] .....    10.000002: sched_process_exec: filename=/bin/true pid=1611 old_pid=1611',
  '            true-1611  [001] .....    10.000003: sys_openat(dfd: ffffff9c, filename: 7f12, flags: 80000, mode: 0)',
  '            true-1611  [001] .....    10.000004: sys_openat -> 0x3f',
  '            true-1611  [001] d..1.    10.000005: signal_generate: sig=15 errno=0 code=0 comm=bash pid=160 grp=1 res=0',
  '            true-1611  [001] .....    10.000006: probe: (do_sys_open+0x0/0x10) name="/etc/hosts"',
  '            true-1611  [001] .....    10.000007: sched_process_exit: comm=true pid=1611 prio=120 group_dead=true',
];
const TEXT = `${LINES.join('\n')}\n`;
const EVENTS = readText(TEXT).toArray();

/** Whether an event is another only in its last value: `0x3` of `0x3f`, or `prio` as the last, as older kernels have it. */
function differsInLastValue(event: TraceEvent, of: TraceEvent): boolean {
  const names = Object.keys(event.fields);
  const last = names.at(-1);
  return last !== undefined && names.every((name) => name === last || event.fields[name] === of.fields[name]);
}

describe('a text that ends in the middle of a line', () => {
  it('gives the whole lines, and nothing invented, wherever it is cut', () => {
    let cut = 0;
    for (let end = 1; end < TEXT.length; end++) {
      const text = TEXT.slice(0, end);
      const whole = text.split('\n').length - 1;
      const read = readText(text);
      assert.deepEqual(read.toArray().slice(0, whole), EVENTS.slice(0, whole), `cut at ${end}`);
      if (read.length > whole) {
        const isReported = read.damage.some(({ code }) => code === 'LINE_AMBIGUOUS');
        const last = read.at(whole);
        const isTrue = JSON.stringify(last) === JSON.stringify(EVENTS[whole]);
        const mayBeShort = /^(sys_exit|signal_gen|sched_process_exit)/.test(last.name);
        assert.ok(
          isReported || isTrue || (mayBeShort && differsInLastValue(last, EVENTS[whole]!)),
          `cut at ${end}: ${JSON.stringify(last)}`,
        );
      } else if (!text.endsWith('\n') && text.split('\n').at(-1)!.trim() !== '') {
        assert.deepEqual([read.damage.length, read.damage[0]?.line], [1, whole + 1], `cut at ${end}`);
        cut += Number(read.damage[0]?.code === 'LINE_CUT');
      }
    }
    assert.ok(cut > 400, `${cut} cuts were reported`);
  });

  it('doubts a pid at the end, which may have had more digits', () => {
    const { length, damage } = readText(LINES[0]!);
    assert.deepEqual([length, damage.map(({ code }) => code)], [1, ['LINE_AMBIGUOUS']]);
  });

  it('is whole where only the last newline is missing after a complete event', () => {
    for (const line of [...LINES.slice(2, 5), LINES[6]!]) assert.deepEqual(readText(line).damage, [], line);
    assert.deepEqual(readText(`${LINES[0]}\r`).damage, []);
  });
});

describe('a text with NUL bytes', () => {
  const hole = '\0'.repeat(5000);
  const loss = [{ cpu: -1, ts: 10.000003, count: null }];

  it('is read up to the hole and after it, and what is missing is a loss', () => {
    const torn = `${LINES[0]}\n${LINES[1]!.slice(0, 70)}${hole}${LINES[1]!.slice(80)}\n${LINES[2]}\n`;
    const read = readText(torn);
    assert.deepEqual(read.toArray(), [EVENTS[0], EVENTS[2]]);
    assert.deepEqual(read.lost, loss);
    assert.deepEqual(
      read.damage.map(({ code, line }) => [code, line]),
      [['LINE_NUL', 2]],
    );
    assert.match(read.damage[0]!.excerpt!, /^ {12}bash-1611 .*\0/);
  });

  it('keeps a whole line that begins after the hole', () => {
    for (const text of [
      `${hole}${LINES[2]}\n${LINES[3]}\n`,
      `${LINES[0]}\n${hole}${LINES[2]}\n${LINES[3]}\n`,
    ]) {
      const read = readText(text);
      assert.deepEqual(read.toArray().slice(-2), [EVENTS[2], EVENTS[3]]);
      assert.deepEqual(read.lost, loss);
    }
  });

  it('may be nothing else up to its end', () => {
    const read = readText(`${LINES[0]}\n${hole}`);
    assert.deepEqual(read.toArray(), [EVENTS[0]]);
    assert.deepEqual(read.lost, [{ cpu: -1, ts: null, count: null }]);
    assert.deepEqual(
      read.damage.map(({ code }) => code),
      ['LINE_NUL'],
    );
  });

  it('has one hole, however long it is, and in whatever pieces it comes', () => {
    const read = readText(`${LINES[0]}\n${'\0'.repeat(300_000)}x\n${LINES[2]}\n`, 4096);
    assert.deepEqual(read.toArray(), [EVENTS[0], EVENTS[2]]);
    assert.deepEqual(read.lost, loss);
    assert.deepEqual(
      read.damage.map(({ code }) => code),
      ['LINE_NUL'],
    );
  });
});

describe('a page of HTML', () => {
  const page = (script: string): string => `<!DOCTYPE html>\n<html><body>\n${script}\n</body></html>`;

  it('without ftrace text is damage', () => {
    for (const text of ['<html>hello</html>', page('<script>\nvar x = 1;\n</script>')])
      assert.deepEqual(readText(text).damage, [{ code: 'HTML_EMPTY', atByte: 0, line: 1 }]);
  });

  it('with a trace that has no events is a trace', () => {
    const text = page('<script class="trace-data" type="application/text">\n# tracer: nop\n</script>');
    assert.deepEqual([readText(text).length, readText(text).damage], [0, []]);
  });

  it('is read where its string lost the escapes', () => {
    const read = readText(
      page(`<script>\n  var linuxPerfData = "\\\n# tracer: nop\n${LINES.join('\n')}\n</script>`),
    );
    assert.deepEqual([read.toArray(), read.damage], [EVENTS, []]);
  });
});

describe('a probe’s array of strings', () => {
  it('has its commas and blanks inside', () => {
    const text = `${LINES[5]!.split(' name=')[0]} a={1,0x10} s={"a","b, c=d",(fault)} e={} n="x"\n`;
    const { fields } = readText(text).at(0);
    assert.deepEqual(
      [fields['a'], fields['s'], fields['e'], fields['n']],
      [[1, 16], ['a', 'b, c=d', '(fault)'], [], 'x'],
    );
    assert.deepEqual(readText(text).damage, []);
  });
});
