/** What `ftrace-life watch` was asked for. */
import { parseArgs } from 'node:util';
import { readWatchSettings, type WatchSettings } from '../index';
import { asked, readSeconds } from './record-request';
import { oneOf, UsageError } from './usage';

const FORMATS = ['line', 'ndjson', 'ecs'] as const;
export type WatchFormat = (typeof FORMATS)[number];
const ONLY = ['fatal', 'unexpected'] as const;

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
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      exclude: { type: 'string', multiple: true },
      only: { type: 'string' },
      mute: { type: 'string', multiple: true },
      rules: { type: 'string' },
      format: { type: 'string', default: 'line' },
      for: { type: 'string' },
      metrics: { type: 'string' },
      buffer: { type: 'string' },
    },
  });
  const format = oneOf('--format', values.format, FORMATS);
  const only = values.only === undefined ? null : oneOf('--only', values.only, ONLY);
  if (format === 'ecs' && only === 'fatal')
    throw new UsageError('--format ecs has alerts alone; --only fatal goes with line or ndjson');
  const settings = asked(() =>
    readWatchSettings({
      selectors: positionals,
      exclude: values.exclude,
      bufferKb: values.buffer,
      ...(values.mute !== undefined && {
        muted: values.mute.flatMap((list) => list.split(/[\s,]+/)).filter(Boolean),
      }),
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
