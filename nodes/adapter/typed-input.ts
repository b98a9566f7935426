/** Values of the editor's typedInput fields. */
import type { Node, NodeAPI, NodeMessage } from 'node-red';

export interface TypedInput {
  readonly value: string;
  /** `str`, `msg`, `env`, `flow`, `global`, ... */
  readonly type: string;
}

/** What the editor saved of a field: its value, and its type beside it. */
export function savedTypedInput(value: unknown, type: unknown): TypedInput {
  return { value: typeof value === 'string' ? value : '', type: typeof type === 'string' ? type : 'str' };
}

/** The value that the field has with this message. */
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
