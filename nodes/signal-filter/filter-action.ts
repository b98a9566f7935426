/** What `msg.action` asks signal-filter for. */
import { oneOf } from '../../src/trace-error';

const ACTIONS = ['learn', 'judge', 'proposal'] as const;
export type FilterAction = (typeof ACTIONS)[number];

/** Null where the message asks for none. @throws InvalidValue MESSAGE_INVALID */
export function readFilterAction(given: unknown): FilterAction | null {
  if (given === undefined || given === '') return null;
  return oneOf('msg.action', given, ACTIONS, 'MESSAGE_INVALID');
}
