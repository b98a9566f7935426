import type { SessionState, WatchState } from '../../src/index';
import type { FailureState } from '../adapter/node-controller';
import type { Looks } from '../adapter/status-renderer';

export type ConfigureState = SessionState | WatchState | 'replaying';

export const LOOKS: Looks<ConfigureState | FailureState> = {
  armed: { fill: 'green', shape: 'ring' },
  running: { fill: 'green', shape: 'dot' },
  watching: { fill: 'green', shape: 'dot' },
  paused: { fill: 'yellow', shape: 'ring' },
  draining: { fill: 'green', shape: 'dot' },
  ended: { fill: 'grey', shape: 'ring' },
  failed: { fill: 'red', shape: 'ring' },
  replaying: { fill: 'blue', shape: 'ring' },
  invalid: { fill: 'red', shape: 'ring' },
};
