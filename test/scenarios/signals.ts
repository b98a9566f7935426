/** Signals that end nothing at once: blocked, pending, coalesced, ignored, taken without a delivery. */
import assert from 'node:assert/strict';
import type { SignalRecord } from '../../src/model/report';
import type { Scenario } from './scenario';
import type { Told } from './told';

function quiet(
  name: string,
  scene: string,
  holds: Scenario['holds'],
  more: Partial<Scenario> = {},
): Scenario {
  return { name, program: 'signals', scene, holds, ...more };
}

function toChild(told: Told, signal: string): SignalRecord[] {
  const child = told.life(told.number('born'));
  const records = told.signalsTo(child, signal);
  for (const record of records) {
    assert.equal(record.sender?.pid, told.workload.pid);
    if (record.latency !== null) assert.ok(record.latency >= 0);
  }
  return records;
}

export const SIGNALS: readonly Scenario[] = [
  quiet('a blocked signal arrives once, and the second one coalesces with it', 'blocked', (told) => {
    const [first, second] = toChild(told, 'SIGUSR1');
    assert.deepEqual([first?.result, second?.result, second?.delivered], ['delivered', 'coalesced', null]);
    assert.match(first?.delivered?.handler ?? '', /^0x/);
    return 'ok';
  }),
  quiet('real-time signals queue up', 'queued', (told) => {
    const records = told.signalsTo(told.life(told.number('born')), 'SIGRT_3');
    assert.deepEqual(
      records.map(({ result }) => result),
      ['delivered', 'delivered', 'delivered'],
    );
    return 'ok';
  }),
  quiet('a signal that is still pending at the exit never arrives', 'pending-at-exit', (told) => {
    const [record] = toChild(told, 'SIGTERM');
    assert.deepEqual([record?.result, record?.delivered, record?.fatal], ['pending', null, false]);
    return 'ok';
  }),
  quiet('a blocked fatal signal kills when it is let in', 'blocked-then-fatal', (told) => {
    const [record] = toChild(told, 'SIGTERM');
    assert.deepEqual([record?.result, record?.fatal], ['delivered', true]);
    return 'ok';
  }),
  quiet('what is ignored, by the program or by default, has no effect', 'ignored', (told) => {
    const [hangup] = toChild(told, 'SIGHUP');
    const [window] = toChild(told, 'SIGWINCH');
    assert.deepEqual([hangup?.result, window?.result], ['ignored', 'ignored']);
    return 'ok';
  }),
  quiet('sigwait takes a signal without a delivery', 'sigwait', (told) => {
    const [record] = toChild(told, 'SIGTERM');
    assert.deepEqual(
      [record?.result, record?.delivered?.handler, record?.fatal],
      ['delivered', 'rt_sigtimedwait', false],
    );
    return 'ok';
  }),
  quiet(
    'a signalfd may have taken what was never delivered',
    'signalfd',
    (told) => {
      const [record] = toChild(told, 'SIGTERM');
      assert.deepEqual([record?.result, record?.delivered, record?.fatal], ['unknown', null, false]);
      return 'ok';
    },
    { admits: [/^it has a signalfd/] },
  ),
  quiet('another thread takes what the first has blocked', 'other-thread', (told) => {
    const [record] = toChild(told, 'SIGUSR2');
    assert.equal(record?.delivered?.tid, told.number('thread'));
    assert.equal(record.target.pid, told.number('born'));
    return 'ok';
  }),
  quiet('kill with signal 0 sends nothing', 'asked', (told) => {
    assert.deepEqual(told.life(told.number('born')).signals, []);
    return 'ok';
  }),
];
