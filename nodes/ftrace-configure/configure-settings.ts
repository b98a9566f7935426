/** The settings of ftrace-configure, as the editor saved them. */
import { readSessionSettings, readWatchSettings, type SessionSettings } from '../../src/index';
import { oneOf } from '../../src/trace-error';
import { RECORDED_EXAMPLE } from '../adapter/recorded-example';
import type { WatchModeSettings } from './watch-controller';

export interface ConfigureDef {
  /** `session`, or `watch`; nodes of an older version have none. */
  mode?: unknown;
  selectors?: unknown;
  exclude?: unknown;
  atStart?: unknown;
  watchBufferKb?: unknown;
  topic?: unknown;
  events?: unknown;
  eventList?: unknown;
  fileNames?: unknown;
  callTraces?: unknown;
  followChildren?: unknown;
  outsideSignals?: unknown;
  senderHistory?: unknown;
  bufferKb?: unknown;
  clock?: unknown;
  attach?: unknown;
  whenImpossible?: unknown;
  replayPath?: unknown;
}

export interface ConfigureSettings {
  readonly session: SessionSettings;
  /** The node's own topic, which overrides the message's. */
  readonly topic: string | null;
  /** The trace to replay where tracing is not possible; null: that is an error. */
  readonly replayPath: string | null;
}

const MODES = ['session', 'watch'] as const;

/** @throws InvalidValue CONFIG_INVALID */
export function readDef(def: ConfigureDef): ConfigureSettings | WatchModeSettings {
  const topic = typeof def.topic === 'string' && def.topic !== '' ? def.topic : null;
  if (oneOf('mode', def.mode ?? 'session', MODES) === 'watch') return readWatchDef(def, topic);
  const session = readSessionSettings({
    ...def,
    topic: topic ?? undefined,
    events: def.events === 'list' ? def.eventList : def.events,
  });
  if (def.whenImpossible !== 'replay') return { session, topic, replayPath: null };
  const given = typeof def.replayPath === 'string' ? def.replayPath : '';
  return { session, topic, replayPath: given === '' ? RECORDED_EXAMPLE : given };
}

function readWatchDef(def: ConfigureDef, topic: string | null): WatchModeSettings {
  const { selectors, exclude, atStart, watchBufferKb } = def;
  const watch = readWatchSettings({
    topic: topic ?? 'ftrace',
    selectors,
    exclude,
    bufferKb: watchBufferKb ?? undefined,
  });
  return { watch, topic, atStart: atStart === true };
}
