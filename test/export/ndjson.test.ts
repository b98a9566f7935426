import assert from 'node:assert/strict';
import { eventLine, jsonLine, reportLines } from '../../src/export/ndjson';
import { WALKTHROUGH } from './walkthrough-report';

describe('a report as lines', () => {
  it('names each line: trace, processes, signals, gaps, damage', () => {
    const report = {
      ...WALKTHROUGH,
      lost: [{ cpu: 0, ts: 1, count: 2 }],
      damage: [{ code: 'LINE_UNEXPLAINED' as const, atByte: 0 }],
    };
    const lines = [...reportLines(report)];
    assert.deepEqual(
      lines.map((line) => line.type),
      ['trace', 'process', 'process', 'signal', 'signal', 'lost', 'damage'],
    );
    assert.deepEqual(lines[0], { type: 'trace', schema: 'lifecycle/1', ...WALKTHROUGH.trace });
    assert.deepEqual(lines[2], { type: 'process', ...WALKTHROUGH.processes[1] });
    assert.deepEqual(lines[4], { type: 'signal', index: 1, ...WALKTHROUGH.signals[1] });
    assert.deepEqual(lines[5], { type: 'lost', cpu: 0, ts: 1, count: 2 });
  });

  it('is one line each, also where a name holds a newline', () => {
    assert.equal(jsonLine({ comm: 'a\nb' }), '{"comm":"a\\nb"}\n');
  });
});

describe('an event as a line', () => {
  it('has its keys in the order of the contract, and a stack only where there is one', () => {
    const event = {
      name: 'signal_generate',
      fields: { sig: 9 },
      flags: 'd..1.',
      comm: 'bash',
      tgid: null,
      pid: 4994,
      cpu: 2,
      ts: 9992.171042,
    };
    const start =
      '{"ts":9992.171042,"cpu":2,"pid":4994,"tgid":null,"comm":"bash","name":"signal_generate","fields":{"sig":9}';
    assert.equal(eventLine(event), `${start},"flags":"d..1."}\n`);
    assert.equal(eventLine({ ...event, stack: ['a'] }), `${start},"stack":["a"],"flags":"d..1."}\n`);
  });
});
