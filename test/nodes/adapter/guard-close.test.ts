import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Node } from 'node-red';
import { guardClose } from '../../../nodes/adapter/guard-close';

/** What Node-RED does with a node's close listener: looks at its length, calls it, waits for `done`. */
function closeNode(cleanup: (removed: boolean) => void | Promise<void>): Promise<unknown[]> {
  const node = new EventEmitter();
  const errors: unknown[] = [];
  Object.assign(node, { error: (error: unknown) => errors.push(error) });
  guardClose(node as unknown as Node, cleanup);
  const [listener] = node.listeners('close') as ((removed: boolean, done: () => void) => void)[];
  assert.equal(listener!.length, 2);
  return new Promise((resolve) => {
    let dones = 0;
    listener!(true, () => {
      dones += 1;
      assert.equal(dones, 1);
      resolve(errors);
    });
  });
}

describe('a close handler under guard', () => {
  it('is done when the cleanup is', async () => {
    let removed: boolean | null = null;
    assert.deepEqual(
      await closeNode(async (given) => {
        await Promise.resolve();
        removed = given;
      }),
      [],
    );
    assert.equal(removed, true);
  });

  it('is done when the cleanup rejects, and says why', async () => {
    const errors = await closeNode(() => Promise.reject(new Error('no')));
    assert.match(String(errors[0]), /no/);
  });

  it('is done when the cleanup throws, and says why', async () => {
    const errors = await closeNode(() => {
      throw new Error('no');
    });
    assert.match(String(errors[0]), /no/);
  });

  it('is done in time when the cleanup never ends, and says so', async () => {
    const began = performance.now();
    const errors = await closeNode(() => new Promise(() => undefined));
    assert.ok(performance.now() - began < 14_000);
    assert.match(String(errors[0]), /continues after the close/);
  });
});
