/** Sends the events of a live session, or of a saved trace. */
import { resolve } from 'node:path';
import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import { findSession, openTraceFile, replay, type Session, type TraceSource } from '../../src/index';
import { TraceError } from '../../src/trace-error';
import type { EventBatch } from '../../src/trace-event';
import { countMessage, isTurnOver, nextTurn } from '../turns/event-loop-share';
import { guardClose } from '../adapter/guard-close';
import { guardInput, type Send } from '../adapter/guard-input';
import { isAnswerOnly, metadataOf, topicOf, type FtraceMetadata } from '../messages/message-metadata';
import { MessageSeries } from '../messages/message-series';
import { RECORDED_EXAMPLE } from '../adapter/recorded-example';
import { readOrShowFailure } from '../adapter/show-failure';
import { shortCount, StatusRenderer, type Look } from '../adapter/status-renderer';
import { roomInBacklog } from '../turns/series-backlog';
import { readTypedInput, savedTypedInput, type TypedInput } from '../adapter/typed-input';
import { LossCount } from './loss-count';
import { outputForm, readOutputForm, type OutputFormName } from './output-form';
import { RunningSeriesSet, type RunningSeries } from './running-series';
import { sliceBatch } from './slice-batch';
import { untilAborted } from './until-aborted';

interface SourceDef extends NodeDef {
  source?: unknown;
  path?: unknown;
  pathType?: unknown;
  form?: unknown;
  speed?: unknown;
  factor?: unknown;
  flowControl?: unknown;
}

interface SourceConfig {
  /** Null: live events of the session that the message names. */
  readonly file: TypedInput | null;
  readonly form: OutputFormName;
  /** 1 as recorded, 2 twice as fast; 0 at once. */
  readonly speed: number;
  /** Each payload but a stream's first waits for a `msg.tick`. */
  readonly waitsForTicks: boolean;
}

type SourceState =
  'reading' | 'losing' | 'replaying' | 'waiting' | 'ended' | 'endedWithLoss' | 'stopped' | 'failed';
const LOOKS: Readonly<Record<SourceState, Look>> = {
  reading: { fill: 'green', shape: 'dot' },
  losing: { fill: 'yellow', shape: 'dot' },
  replaying: { fill: 'blue', shape: 'dot' },
  waiting: { fill: 'yellow', shape: 'ring' },
  ended: { fill: 'grey', shape: 'ring' },
  endedWithLoss: { fill: 'yellow', shape: 'ring' },
  stopped: { fill: 'grey', shape: 'ring' },
  failed: { fill: 'red', shape: 'ring' },
};

function readSpeed(speed: unknown, factor: unknown): number {
  if (speed === 'recorded') return 1;
  if (speed !== 'factor') return 0;
  const number = Number(factor);
  if (Number.isFinite(number) && number > 0) return number;
  throw new TraceError(
    'CONFIG_INVALID',
    `factor is ${JSON.stringify(factor)}; 2 is twice as fast as recorded`,
  );
}

function readFile(def: SourceDef): TypedInput | null {
  if (def.source === 'example') return { value: RECORDED_EXAMPLE, type: 'str' };
  if (def.source === 'file') return savedTypedInput(def.path, def.pathType);
  return null;
}

function readDef(def: SourceDef): SourceConfig {
  return {
    file: readFile(def),
    form: readOutputForm(def.form),
    speed: readSpeed(def.speed, def.factor),
    waitsForTicks: def.flowControl === true,
  };
}

/** What one message asks for: live events of a session, or a file. */
type Wanted =
  { readonly kind: 'session'; readonly session: Session } | { readonly kind: 'file'; readonly path: string };

interface OpenTrace {
  readonly source: TraceSource;
  readonly batches: AsyncIterable<EventBatch>;
}

function liveSession(message: NodeMessage): Session {
  const topic = topicOf(message);
  const session = topic === null ? undefined : findSession(topic);
  const { session: id } = metadataOf(message);
  if (session !== undefined && (typeof id !== 'string' || id === session.id)) return session;
  throw new TraceError(
    'SESSION_UNKNOWN',
    topic === null
      ? 'the message names none; wire ftrace-configure before this node'
      : `nothing is armed as "${topic}"`,
  );
}

module.exports = (RED: NodeAPI): void => {
  RED.nodes.registerType('trace-source', function (this: Node, def: SourceDef) {
    RED.nodes.createNode(this, def);
    const config = readOrShowFailure(this, RED._('trace-source.status.invalid'), () => readDef(def));
    if (config === null) return;
    const status = new StatusRenderer<SourceState>(this, LOOKS, (key, values) =>
      RED._(`trace-source.${key}`, values),
    );
    const close = new AbortController();
    const streams = new RunningSeriesSet();
    /** Each is read once: a second message of the same run does not begin a second stream. */
    const read = new WeakSet<Session>();

    const filePath = async (file: TypedInput, message: NodeMessage): Promise<string> => {
      const override = message['filename'];
      const path: unknown =
        typeof override === 'string' && override !== ''
          ? override
          : await readTypedInput(RED, this, file, message);
      // Made absolute, so that a file's name is never one of the signs that stand for standard input.
      if (typeof path === 'string' && path !== '') return resolve(path);
      throw new TraceError('MESSAGE_INVALID', `${file.type} "${file.value}" names no file`);
    };

    /** Null where the message is one of a run whose stream is open, or over, already. */
    const wantedBy = async (message: NodeMessage): Promise<Wanted | null> => {
      if (config.file !== null) return { kind: 'file', path: await filePath(config.file, message) };
      const { kind, replay: recorded } = metadataOf(message);
      if (kind === 'exited' || isAnswerOnly(message)) return null;
      if (recorded !== undefined) return { kind: 'file', path: recorded };
      const session = liveSession(message);
      if (read.has(session)) return null;
      read.add(session);
      return { kind: 'session', session };
    };

    const open = async (wanted: Wanted, abort: AbortSignal): Promise<OpenTrace> => {
      if (wanted.kind === 'file') {
        const { source, batches } = await openTraceFile(wanted.path);
        return {
          source,
          batches: replay(batches, { speed: config.speed, signal: abort, slice: sliceBatch }),
        };
      }
      return { source: 'raw', batches: wanted.session.batches() };
    };

    const showProgress = (wanted: Wanted, events: number, losses: LossCount): void => {
      const state = losses.any ? 'losing' : wanted.kind === 'file' ? 'replaying' : 'reading';
      status.show(state, countsOf(events, losses));
    };

    const stream = async (
      wanted: Wanted,
      message: NodeMessage,
      send: Send,
      running: RunningSeries,
    ): Promise<void> => {
      const abort = running.abort.signal;
      const origin: FtraceMetadata =
        wanted.kind === 'session' ? { session: wanted.session.id } : { session: null, replay: wanted.path };
      const topic = wanted.kind === 'session' ? wanted.session.topic : topicOf(message);
      const { source, batches } = await open(wanted, abort);
      const messages = new MessageSeries(message, topic, {
        ...origin,
        kind: 'events',
        source,
        form: config.form,
      });
      running.id = messages.id;
      running.topic = topic;
      const form = outputForm(config.form);
      const losses = new LossCount();
      let events = 0;
      for await (const batch of untilAborted(batches, abort)) {
        losses.add(batch.lost);
        for (const formed of form.payloads(batch)) {
          if (config.waitsForTicks) {
            if (running.ticks.isClosed) status.show('waiting', countsOf(events, losses));
            await running.ticks.pass(abort);
          }
          if (abort.aborted) break;
          countMessage();
          send(messages.next(formed.payload, { lost: losses.total, ...formed.beside }));
          events += formed.events;
          if (config.form !== 'event' || isTurnOver()) await nextTurn();
          await roomInBacklog(messages.id, abort);
        }
        showProgress(wanted, events, losses);
      }
      if (close.signal.aborted) return;
      const { beside, ...empty } = form.rest();
      send({ ...messages.last({ lost: losses.total, events, ...beside }), ...empty });
      const failure = wanted.kind === 'session' ? wanted.session.failure : null;
      if (failure !== null) throw failure;
      if (abort.aborted) status.show('stopped', countsOf(events, losses));
      else status.show(losses.any ? 'endedWithLoss' : 'ended', countsOf(events, losses));
    };

    guardInput(this, async (message, send) => {
      if (message['action'] === 'stop') {
        streams.stopAll();
        return;
      }
      if (config.waitsForTicks && Boolean(message['tick']) && streams.tick(message)) return;
      const running = streams.begin(topicOf(message));
      try {
        const wanted = await wantedBy(message);
        if (wanted !== null) await stream(wanted, message, send, running);
      } catch (error) {
        status.show('failed', { code: error instanceof TraceError ? error.code : '' });
        throw error;
      } finally {
        streams.end(running);
      }
    });

    guardClose(this, () => {
      close.abort();
      streams.stopAll();
      status.close();
    });
  });
};

function countsOf(events: number, losses: LossCount): Record<string, string> {
  return { events: shortCount(events), lost: losses.total === null ? '?' : shortCount(losses.total) };
}
