/** For a node that cannot start: what is wrong goes to the log, to Catch nodes, and onto the node. */
import type { Node } from 'node-red';
import { asError } from './as-error';

/**
 * Runs `read`. Where it throws, shows why and answers each message with the same error: imported flows skip the
 * editor's validators, and a node that silently does nothing is worse than one that says why.
 *
 * @param statusText what stands below the node, translated; the error itself is too long for it
 * @returns what `read` returned, or null after a failure
 */
export function readOrShowFailure<Settings>(
  node: Node,
  statusText: string,
  read: () => Settings,
): Settings | null {
  try {
    return read();
  } catch (thrown) {
    const error = asError(thrown);
    node.status({ fill: 'red', shape: 'ring', text: statusText });
    node.error(error, {});
    node.on('input', (_message, _send, done) => {
      done(error);
    });
    return null;
  }
}
