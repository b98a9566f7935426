import type { FailureState } from '../adapter/node-controller';
import type { Looks } from '../adapter/status-renderer';

export type SourceState =
  'reading' | 'watching' | 'losing' | 'replaying' | 'waiting' | 'ended' | 'endedWithLoss' | 'stopped';

export const LOOKS: Looks<SourceState | FailureState> = {
  reading: { fill: 'green', shape: 'dot' },
  watching: { fill: 'green', shape: 'dot' },
  losing: { fill: 'yellow', shape: 'dot' },
  replaying: { fill: 'blue', shape: 'dot' },
  waiting: { fill: 'yellow', shape: 'ring' },
  ended: { fill: 'grey', shape: 'ring' },
  endedWithLoss: { fill: 'yellow', shape: 'ring' },
  stopped: { fill: 'grey', shape: 'ring' },
  failed: { fill: 'red', shape: 'ring' },
  invalid: { fill: 'red', shape: 'ring' },
};
