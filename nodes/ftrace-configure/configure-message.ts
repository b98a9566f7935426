/** What a message asks ftrace-configure for, and what it answers. */
import * as os from 'node:os';
import { readPids, type Session } from '../../src/index';
import { TraceError } from '../../src/trace-error';
import { asError } from '../adapter/as-error';

const ACTIONS = ['arm', 'pause', 'resume', 'disarm', 'explain'] as const;
export type Action = (typeof ACTIONS)[number];

/** @throws TraceError MESSAGE_INVALID */
export function readAction(given: unknown): Action {
  const action = ACTIONS.find((known) => known === (given ?? 'arm'));
  if (action !== undefined) return action;
  throw new TraceError(
    'MESSAGE_INVALID',
    `msg.action is ${JSON.stringify(given)}; expected ${ACTIONS.join(', ')}`,
  );
}

/** Null: the message has none, and the node's own count. @throws TraceError MESSAGE_INVALID */
export function readMessagePids(given: unknown): number[] | null {
  if (given === undefined || given === null) return null;
  try {
    return readPids(given, 'msg.pid');
  } catch (error) {
    throw new TraceError('MESSAGE_INVALID', detailOf(asError(error)), { cause: error });
  }
}

/** A TraceError's message begins with its own code's text, which would contradict the new one. */
function detailOf({ message }: Error): string {
  return message.slice(message.indexOf(': ') + 2);
}

/** `msg.payload` for a session, in whatever state. */
export function describeSession(session: Session): Record<string, unknown> {
  return {
    session: session.id,
    topic: session.topic,
    state: session.state,
    instances: session.instances,
    kernel: os.release(),
    commands: [...session.commands],
    settings: session.settings,
  };
}
