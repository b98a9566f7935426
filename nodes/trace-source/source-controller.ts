/** Sends the events of a live session, or of a saved trace. */
import type { NodeMessage, NodeMessageInFlow } from 'node-red';
import type { Session, Watch } from '../../src/index';
import type { NodeController, NodeSurface, Send } from '../adapter/node-controller';
import { nameFile, requireReadable } from '../adapter/readable-files';
import { shortCount } from '../adapter/status-renderer';
import { isAnswerOnly, metadataOf, topicOf, type FtraceMetadata } from '../messages/message-metadata';
import { MessageSeries } from '../messages/message-series';
import { countMessage, isTurnOver, nextTurn } from '../turns/event-loop-share';
import { roomInBacklog } from '../turns/series-backlog';
import { LossCount } from './loss-count';
import { outputForm } from './output-form';
import { RunningSeriesSet, type RunningSeries } from './running-series';
import type { SourceSettings } from './source-settings';
import type { SourceState } from './source-states';
import { untilAborted } from './until-aborted';
import { payloadsOf } from './record-payloads';
import { filePath, isFixed, liveSession, liveWatch, openTrace, type WantedTrace } from './wanted-trace';

export class SourceController implements NodeController {
  readonly #settings: SourceSettings;
  readonly #surface: NodeSurface<SourceState>;
  readonly #running = new RunningSeriesSet();
  /** Each is read once: a second message of the same run does not begin a second stream. */
  readonly #read = new WeakSet<Session | Watch>();
  readonly #forgetFile: () => void;
  #isClosed = false;

  constructor(settings: SourceSettings, surface: NodeSurface<SourceState>) {
    this.#settings = settings;
    this.#surface = surface;
    const { file } = settings;
    this.#forgetFile = file !== null && isFixed(file) ? nameFile(file.value) : () => undefined;
  }

  async receive(message: NodeMessageInFlow, send: Send): Promise<void> {
    if (message['action'] === 'stop') {
      this.#running.stopAll();
      return;
    }
    const { waitsForTicks } = this.#settings;
    if (waitsForTicks && Boolean(message['tick']) && this.#running.tick(message)) return;
    const series = this.#running.begin(topicOf(message));
    try {
      const watch = this.#watchOf(message);
      if (watch !== null) {
        await this.#streamRecords(watch, message, send, series);
        return;
      }
      const wanted = await this.#wantedBy(message);
      if (wanted !== null) await this.#stream(wanted, message, send, series);
    } finally {
      this.#running.end(series);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#forgetFile();
    this.#running.stopAll();
  }

  /** Null where the message names none, or one whose records are sent already. */
  #watchOf(message: NodeMessage): Watch | null {
    if (this.#settings.file !== null || isAnswerOnly(message)) return null;
    return liveWatch(message);
  }

  /** For as long as the watch goes on. */
  async #streamRecords(watch: Watch, message: NodeMessage, send: Send, series: RunningSeries): Promise<void> {
    if (this.#read.has(watch)) return;
    this.#read.add(watch);
    const abort = series.abort.signal;
    const { form, waitsForTicks } = this.#settings;
    const { status } = this.#surface;
    const { id, topic, host, boot } = watch;
    const metadata = { session: id, kind: 'records', source: 'raw', host, ...(boot !== null && { boot }) };
    const messages = new MessageSeries(message, topic, metadata);
    series.id = messages.id;
    series.topic = topic;
    const lost = (): FtraceMetadata => ({ lost: watch.lostEvents });
    let sent = 0;
    const show = (state: SourceState): void => {
      const { lostEvents: many } = watch;
      status.show(state, { events: shortCount(sent), lost: many === null ? '?' : shortCount(many) });
    };
    for await (const { records } of untilAborted(watch.batches(), abort)) {
      for (const payload of payloadsOf(records, form)) {
        if (waitsForTicks) await series.ticks.pass(abort);
        if (abort.aborted) break;
        countMessage();
        send(messages.next(payload, lost()));
        sent += Array.isArray(payload) ? payload.length : 1;
        if (isTurnOver()) await nextTurn();
      }
      show(watch.lostEvents === 0 ? 'watching' : 'losing');
    }
    if (this.#isClosed) return;
    send({ ...messages.last({ ...lost(), events: sent }), payload: [] });
    if (watch.failure !== null) throw watch.failure;
    show(abort.aborted ? 'stopped' : 'ended');
  }

  /** Null where the message is one of a run whose stream is open, or has ended, already. */
  async #wantedBy(message: NodeMessage): Promise<WantedTrace | null> {
    const { file } = this.#settings;
    if (file !== null) return { kind: 'file', path: await filePath(this.#surface, file, message) };
    const { kind, replay } = metadataOf(message);
    if (kind === 'exited' || isAnswerOnly(message)) return null;
    if (replay !== undefined) {
      return { kind: 'file', path: await requireReadable(replay, this.#surface.limits) };
    }
    const session = liveSession(message);
    if (this.#read.has(session)) return null;
    this.#read.add(session);
    return { kind: 'session', session };
  }

  async #stream(wanted: WantedTrace, message: NodeMessage, send: Send, series: RunningSeries): Promise<void> {
    const abort = series.abort.signal;
    const { form: formName, speed, waitsForTicks } = this.#settings;
    const { status } = this.#surface;
    const topic = wanted.kind === 'session' ? wanted.session.topic : topicOf(message);
    const { source, batches } = await openTrace(wanted, speed, abort);
    const metadata = { ...originOf(wanted), kind: 'events', source, form: formName };
    const messages = new MessageSeries(message, topic, metadata);
    series.id = messages.id;
    series.topic = topic;
    const form = outputForm(formName);
    const losses = new LossCount();
    let events = 0;
    for await (const batch of untilAborted(batches, abort)) {
      losses.add(batch.lost);
      for (const formed of form.payloads(batch)) {
        if (waitsForTicks) {
          if (series.ticks.isClosed) status.show('waiting', countsOf(events, losses));
          await series.ticks.pass(abort);
        }
        if (abort.aborted) break;
        countMessage();
        send(messages.next(formed.payload, { lost: losses.total, ...formed.beside }));
        events += formed.events;
        if (formName !== 'event' || isTurnOver()) await nextTurn();
        await roomInBacklog(messages.id, abort);
      }
      const isFile = wanted.kind === 'file';
      status.show(losses.any ? 'losing' : isFile ? 'replaying' : 'reading', countsOf(events, losses));
    }
    if (this.#isClosed) return;
    const { beside, ...empty } = form.rest();
    send({ ...messages.last({ lost: losses.total, events, ...beside }), ...empty });
    const failure = wanted.kind === 'session' ? wanted.session.failure : null;
    if (failure !== null) throw failure;
    const state = abort.aborted ? 'stopped' : losses.any ? 'endedWithLoss' : 'ended';
    status.show(state, countsOf(events, losses));
  }
}

function originOf(wanted: WantedTrace): FtraceMetadata {
  return wanted.kind === 'session' ? { session: wanted.session.id } : { session: null, replay: wanted.path };
}

function countsOf(events: number, losses: LossCount): Record<string, string> {
  return { events: shortCount(events), lost: losses.total === null ? '?' : shortCount(losses.total) };
}
