import type { FailureState } from '../adapter/node-controller';
import type { Looks } from '../adapter/status-renderer';

export type ParseState = 'following' | 'losing' | 'done' | 'doneWithLoss';

export const LOOKS: Looks<ParseState | FailureState> = {
  following: { fill: 'green', shape: 'dot' },
  losing: { fill: 'yellow', shape: 'dot' },
  done: { fill: 'grey', shape: 'ring' },
  doneWithLoss: { fill: 'yellow', shape: 'ring' },
  failed: { fill: 'red', shape: 'ring' },
  invalid: { fill: 'red', shape: 'ring' },
};
