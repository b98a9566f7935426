import assert from 'node:assert/strict';
import { endedBySession, OwnHand } from '../../src/model/own-hand';
import type { SignalRecord } from '../../src/model/report';

const NOTE = {
  kind: 'control',
  sender: 100,
  signal: 'SIGTERM',
  target: 200,
  from: 5,
  until: 6,
  reason: 'disarm',
} as const;

function record(changes: object): SignalRecord {
  return {
    ts: 5.5,
    signal: 'SIGTERM',
    sender: { pid: 100, comm: 'node', inTree: false, irq: false },
    target: { pid: 200, tgid: 200, comm: 'sh' },
    ...changes,
  } as SignalRecord;
}

describe('the session’s own hand', () => {
  const reason = (note: object, changes: object): string | null => {
    const hand = new OwnHand();
    hand.applyNote({ ...NOTE, ...note });
    return hand.reasonOf(record(changes));
  };

  it('is the signal of the note, by its sender, to its target, in its time', () => {
    assert.equal(reason({}, {}), 'disarm');
    for (const other of [
      { signal: 'SIGKILL' },
      { ts: 4.9 },
      { ts: 6.1 },
      { target: { pid: 201, tgid: 201, comm: 'sh' } },
      { sender: { pid: 101, comm: 'node', inTree: false, irq: false } },
      { sender: { pid: 100, comm: 'node', inTree: false, irq: true } },
      { sender: null },
    ])
      assert.equal(reason({}, other), null, JSON.stringify(other));
  });

  it('is any thread of the sender, and any thread of the target', () => {
    const sender = { pid: 105, tgid: 100, comm: 'node', inTree: false, irq: false };
    assert.equal(reason({}, { sender, target: { pid: 203, tgid: 200, comm: 'sh' } }), 'disarm');
  });

  it('is an order that has no end, to everybody: the last before the signal counts', () => {
    const hand = new OwnHand();
    hand.applyNote({ ...NOTE, target: null, until: null, reason: 'time limit of 2 s' });
    hand.applyNote({ ...NOTE, target: null, until: null, from: 7, reason: 'disarm' });
    assert.equal(hand.reasonOf(record({ ts: 6.9 })), 'time limit of 2 s');
    assert.equal(hand.reasonOf(record({ ts: 60 })), 'disarm');
  });

  it('keeps the last of very many', () => {
    const hand = new OwnHand();
    for (let i = 0; i < 20_000; i++) hand.applyNote({ ...NOTE, target: i, reason: String(i) });
    const to = (pid: number): string | null =>
      hand.reasonOf(record({ target: { pid, tgid: pid, comm: null } }));
    assert.equal(to(19_999), '19999');
    assert.equal(to(1), null);
  });

  it('has a sentence for every reason that a session gives', () => {
    assert.equal(endedBySession('time limit of 5 s'), 'ended by its time limit of 5 s');
    for (const reason of ['disarm', 'stop of the run', 'asked by the flow', 'sweep of an abandoned session'])
      assert.match(endedBySession(reason), /^ended because /);
    assert.equal(endedBySession('traced parent gone'), 'ended by its session (traced parent gone)');
  });
});
