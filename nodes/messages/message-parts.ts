import type { NodeMessage } from 'node-red';

export interface Parts {
  readonly id: string;
  readonly index: unknown;
  readonly count: unknown;
}

/** `msg.parts`, where it names a stream. */
export function partsOf(message: NodeMessage): Parts | null {
  const given = message['parts'];
  if (typeof given !== 'object' || given === null) return null;
  const { id, index, count } = given as Record<string, unknown>;
  return typeof id === 'string' ? { id, index, count } : null;
}
