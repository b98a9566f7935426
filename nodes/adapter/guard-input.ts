/**
 * Comes between Node-RED and an input handler. A handler that rejects would end Node-RED (unhandledRejection), and
 * one that calls `done` twice or never would mislead Complete and Catch nodes.
 */
import type { Node, NodeMessageInFlow } from 'node-red';
import { asError } from './as-error';
import type { Send } from './node-controller';

export type InputHandler = (message: NodeMessageInFlow, send: Send) => void | Promise<void>;

/** Calls `done` once: without an error when the handler is through, with it when the handler throws or rejects. */
export function guardInput(node: Node, handler: InputHandler): void {
  node.on('input', (message, send, done) => {
    // The promise's own chain begins with a resolved one, so that a handler's plain throw takes the same way.
    Promise.resolve()
      .then(() => handler(message, send))
      .then(
        () => {
          done();
        },
        (error: unknown) => {
          done(asError(error));
        },
      )
      // What is left is a `done` that threw, which is a Complete or Catch node's failure and not ours to end on.
      .catch((error: unknown) => {
        node.error(asError(error));
      });
  });
}
