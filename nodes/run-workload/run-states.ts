import type { FailureState } from '../adapter/node-controller';
import type { Looks } from '../adapter/status-renderer';

export type RunState =
  'running' | 'runningMany' | 'untraced' | 'exited' | 'killed' | 'timedOut' | 'replaying';

export const LOOKS: Looks<RunState | FailureState> = {
  running: { fill: 'green', shape: 'dot' },
  runningMany: { fill: 'green', shape: 'dot' },
  untraced: { fill: 'yellow', shape: 'dot' },
  exited: { fill: 'grey', shape: 'ring' },
  killed: { fill: 'grey', shape: 'ring' },
  timedOut: { fill: 'yellow', shape: 'ring' },
  replaying: { fill: 'blue', shape: 'ring' },
  failed: { fill: 'red', shape: 'ring' },
  invalid: { fill: 'red', shape: 'ring' },
};
