import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Node, NodeStatus } from 'node-red';
import { shortCount, StatusRenderer } from '../../../nodes/adapter/status-renderer';

type State = 'reading' | 'ended';
const LOOKS = {
  reading: { fill: 'green', shape: 'dot' },
  ended: { fill: 'grey', shape: 'ring' },
} as const;

function renderer(): { drawn: NodeStatus[]; status: StatusRenderer<State> } {
  const drawn: NodeStatus[] = [];
  const node = { status: (status: NodeStatus) => drawn.push(status) } as unknown as Node;
  return {
    drawn,
    status: new StatusRenderer<State>(node, LOOKS, (key, values) => `${key} ${values?.['n'] ?? ''}`),
  };
}

/** A status that waits is drawn half a second later, by a timer that was set before this one. */
const SETTLING_MS = 700;

describe('the status of a node', () => {
  it('is drawn at once, and at most twice a second, the last one always', async () => {
    const { drawn, status } = renderer();
    for (let n = 1; n <= 1000; n++) status.show('reading', { n: String(n) });
    assert.deepEqual(drawn, [{ fill: 'green', shape: 'dot', text: 'status.reading 1' }]);
    await sleep(SETTLING_MS);
    assert.deepEqual(
      drawn.map(({ text }) => text),
      ['status.reading 1', 'status.reading 1000'],
    );
  });

  it('is not drawn again when nothing changed', async () => {
    const { drawn, status } = renderer();
    status.show('ended');
    await sleep(SETTLING_MS);
    status.show('ended');
    await sleep(SETTLING_MS);
    assert.equal(drawn.length, 1);
  });

  it('is not drawn after it was closed', async () => {
    const { drawn, status } = renderer();
    status.show('reading');
    status.show('ended');
    status.close();
    await sleep(SETTLING_MS);
    assert.equal(drawn.length, 1);
  });

  const counts: [number, string][] = [
    [0, '0'],
    [9999, '9999'],
    [10_000, '10k'],
    [999_499, '999k'],
    [999_500, '1.0M'],
    [12_345_678, '12.3M'],
  ];
  for (const [count, text] of counts) {
    it(`shortens ${count} to ${text}`, () => {
      assert.equal(shortCount(count), text);
    });
  }
});
