import type { FailureState } from '../adapter/node-controller';
import type { Looks } from '../adapter/status-renderer';

export type FilterState = 'quiet' | 'alerts' | 'critical' | 'learning';

export const LOOKS: Looks<FilterState | FailureState> = {
  quiet: { fill: 'green', shape: 'dot' },
  alerts: { fill: 'yellow', shape: 'dot' },
  critical: { fill: 'red', shape: 'dot' },
  learning: { fill: 'blue', shape: 'dot' },
  failed: { fill: 'red', shape: 'ring' },
  invalid: { fill: 'red', shape: 'ring' },
};
