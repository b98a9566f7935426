/** The settings of ftrace-configure, as the editor saved them. */
import { readSessionSettings, type SessionSettings } from '../../src/index';
import { RECORDED_EXAMPLE } from '../adapter/recorded-example';

export interface ConfigureDef {
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

/** @throws TraceError CONFIG_INVALID */
export function readDef(def: ConfigureDef): ConfigureSettings {
  const topic = typeof def.topic === 'string' && def.topic !== '' ? def.topic : null;
  const session = readSessionSettings({
    ...def,
    topic: topic ?? undefined,
    events: def.events === 'list' ? def.eventList : def.events,
  });
  if (def.whenImpossible !== 'replay') return { session, topic, replayPath: null };
  const given = typeof def.replayPath === 'string' ? def.replayPath : '';
  return { session, topic, replayPath: given === '' ? RECORDED_EXAMPLE : given };
}
