import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import type { Node, NodeMessage } from 'node-red';
import { guardInput, type InputHandler } from '../../../nodes/adapter/guard-input';

/** What Node-RED does with a node's input: emits it with `send` and `done`. */
class InputNode extends EventEmitter {
  readonly done: (Error | undefined)[] = [];
  readonly errors: unknown[] = [];

  constructor(handler: InputHandler) {
    super();
    guardInput(this as unknown as Node, handler);
  }

  error(error: unknown): void {
    this.errors.push(error);
    this.emit('error-logged');
  }

  receive(onDone: () => void = () => undefined): void {
    const send = (): void => undefined;
    const message: NodeMessage = { _msgid: 'x' };
    this.emit('input', message, send, (error?: Error) => {
      this.done.push(error);
      this.emit('done');
      onDone();
    });
  }
}

describe('an input handler under guard', () => {
  const handlers: [string, InputHandler][] = [
    [
      'throws',
      () => {
        throw new RangeError('plain');
      },
    ],
    ['rejects', () => Promise.reject(new RangeError('plain'))],
    [
      'rejects later',
      async () => {
        await once(process, 'nothing', { signal: AbortSignal.timeout(5) }).catch(() => undefined);
        throw new RangeError('plain');
      },
    ],
  ];
  for (const [name, handler] of handlers) {
    it(`is done once, with the error, when it ${name}`, async () => {
      const node = new InputNode(handler);
      const done = once(node, 'done');
      node.receive();
      await done;
      assert.equal(node.done.length, 1);
      assert.ok(node.done[0] instanceof RangeError);
    });
  }

  it('is done once, without an error, when it is through', async () => {
    const node = new InputNode(() => undefined);
    const done = once(node, 'done');
    node.receive();
    await done;
    assert.deepEqual(node.done, [undefined]);
  });

  it('makes an Error of whatever else was thrown', async () => {
    const node = new InputNode(() => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- what a careless library may do
      throw 'a text';
    });
    const done = once(node, 'done');
    node.receive();
    await done;
    assert.equal(node.done[0]?.message, 'a text');
  });

  it('survives a done that throws, and says so', async () => {
    const node = new InputNode(() => undefined);
    const logged = once(node, 'error-logged');
    node.receive(() => {
      throw new Error('a Complete node failed');
    });
    await logged;
    assert.equal(node.done.length, 1);
    assert.match(String(node.errors[0]), /a Complete node failed/);
  });
});
