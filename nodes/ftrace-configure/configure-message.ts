/** What a message asks ftrace-configure for, and what it answers. */
import * as os from 'node:os';
import { readPids, type Session } from '../../src/index';
import { oneOf } from '../../src/trace-error';

const ACTIONS = ['arm', 'pause', 'resume', 'disarm', 'explain'] as const;
export type Action = (typeof ACTIONS)[number];

/** @throws InvalidValue MESSAGE_INVALID */
export function readAction(given: unknown): Action {
  return oneOf('msg.action', given ?? 'arm', ACTIONS, 'MESSAGE_INVALID');
}

/** Null: the message has none, and the node's own count. @throws InvalidValue MESSAGE_INVALID */
export function readMessagePids(given: unknown): number[] | null {
  if (given === undefined || given === null) return null;
  return readPids(given, 'msg.pid', 'MESSAGE_INVALID');
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
