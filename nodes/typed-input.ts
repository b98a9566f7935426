/** Values of the editor's typedInput fields. */
import type { Node, NodeAPI, NodeMessage } from 'node-red';

export interface TypedInput {
  readonly value: string;
  /** `str`, `msg`, `env`, `flow`, `global`, ... */
  readonly type: string;
}

/** The value that the field stands for with this message. */
export function readTypedInput(
  RED: NodeAPI,
  node: Node,
  input: TypedInput,
  message: NodeMessage,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    RED.util.evaluateNodeProperty(
      input.value,
      input.type,
      node,
      message,
      (error: Error | null, value: unknown) => {
        if (error !== null) reject(error);
        else resolve(value);
      },
    );
  });
}
