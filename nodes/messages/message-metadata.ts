/**
 * The one object that the nodes add to a message: `msg.ftrace`. `payload` is the thing itself, `topic` names the
 * session, and everything else is in here.
 */
import type { NodeMessage } from 'node-red';

export interface FtraceMetadata {
  /** The session's id; null where nothing is traced. */
  session?: string | null;
  /** What the payload is: `session`, `started`, `exited`, `stdout`, `events`, `stage`, `report`, `alert`, ... */
  kind?: string;
  /** The path of a recorded trace that replaces a live one, and why. */
  replay?: string;
  why?: string;
  [property: string]: unknown;
}

/** `msg.ftrace` as it came in, or an empty object. */
export function metadataOf(message: NodeMessage): FtraceMetadata {
  const given = message['ftrace'];
  return typeof given === 'object' && given !== null ? (given as FtraceMetadata) : {};
}

/**
 * What `ftrace-configure` answers to `pause`, `resume`, `disarm` and `explain`, and run-workload to a signal that it
 * sent: nothing is to be run or read for it.
 */
export function isAnswerOnly(message: NodeMessage): boolean {
  return ['pause', 'resume', 'disarm', 'explain', 'signalled'].includes(metadataOf(message).kind ?? '');
}

/** `msg.topic`, where it names something. */
export function topicOf(message: NodeMessage): string | null {
  return typeof message.topic === 'string' && message.topic !== '' ? message.topic : null;
}

/** Belongs to the one message that came in, or is set anew on each that goes out. */
const NOT_CARRIED = new Set([
  'payload',
  'parts',
  'complete',
  'ftrace',
  'action',
  'kill',
  'process',
  'filename',
  'tick',
]);
/** Longer strings, Buffers and arrays are not repeated on each message of a stream. */
const CARRIED_LENGTH = 4096;

/** The properties that each message of a stream takes from the message that started it. */
export function carriedProperties(started: NodeMessage): NodeMessage {
  const carried: NodeMessage = {};
  for (const [name, value] of Object.entries(started)) {
    if (NOT_CARRIED.has(name)) continue;
    const length =
      typeof value === 'string' || Array.isArray(value) || Buffer.isBuffer(value) ? value.length : 0;
    if (length <= CARRIED_LENGTH) carried[name] = value;
  }
  return carried;
}
