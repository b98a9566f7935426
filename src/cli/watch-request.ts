/** What `ftrace-life watch` was asked for. */
import { readWatchSettings, type WatchSettings } from '../index';
import { oneOf } from '../trace-error';
import { readArguments, readOption } from './arguments';
import { readSeconds } from './record-request';
import { UsageError } from './usage';

const FORMATS = ['line', 'ndjson', 'ecs'] as const;
export type WatchFormat = (typeof FORMATS)[number];
const ONLY = ['fatal', 'unexpected'] as const;

export const WATCH_OPTIONS = {
  exclude: { type: 'string', multiple: true },
  only: { type: 'string' },
  mute: { type: 'string', multiple: true },
  rules: { type: 'string' },
  format: { type: 'string' },
  for: { type: 'string' },
  metrics: { type: 'string' },
  buffer: { type: 'string' },
} as const;

/** By the settings' names. */
const SETTINGS = {
  selectors: 'SELECTOR',
  exclude: '--exclude',
  muted: '--mute',
  bufferKb: '--buffer',
} as const;

export interface WatchRequest {
  readonly settings: WatchSettings;
  readonly format: WatchFormat;
  /** `fatal`: signals that ended a process; `unexpected`: alerts; null: all. */
  readonly only: (typeof ONLY)[number] | null;
  /** A file with rules; null: the default verdicts. */
  readonly rules: string | null;
  readonly forSeconds: number | null;
  readonly metrics: string | null;
}

/** @throws UsageError */
export function readWatchRequest(args: string[]): WatchRequest {
  const { values, positionals } = readArguments(args, WATCH_OPTIONS);
  const format = readOption({}, () => oneOf('--format', values.format ?? 'line', FORMATS));
  const { only: wanted, mute } = values;
  const only = wanted === undefined ? null : readOption({}, () => oneOf('--only', wanted, ONLY));
  if (format === 'ecs' && only === 'fatal')
    throw new UsageError('--only fatal needs --format line or ndjson; ecs has only alerts');
  const settings = readOption(SETTINGS, () =>
    readWatchSettings({
      selectors: positionals,
      exclude: values.exclude,
      muted: mute?.flatMap((list) => list.split(/[\s,]+/)).filter((word) => word !== ''),
      bufferKb: values.buffer,
    }),
  );
  return {
    settings,
    format,
    only,
    rules: values.rules ?? null,
    forSeconds: values.for === undefined ? null : readSeconds(values.for),
    metrics: values.metrics ?? null,
  };
}
