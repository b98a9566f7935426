/** What `msg.action` asks signal-filter for. */
import { TraceError } from '../../src/trace-error';

const ACTIONS = ['learn', 'judge', 'proposal'] as const;
export type FilterAction = (typeof ACTIONS)[number];

/** Null where the message asks for none. @throws TraceError MESSAGE_INVALID */
export function readFilterAction(given: unknown): FilterAction | null {
  if (given === undefined || given === '') return null;
  const action = ACTIONS.find((known) => known === given);
  if (action !== undefined) return action;
  throw new TraceError(
    'MESSAGE_INVALID',
    `msg.action is ${JSON.stringify(given)}; expected ${ACTIONS.join(', ')}`,
  );
}
