/** Runs a command, traced where the message names a session. */
import type { NodeMessage, NodeMessageInFlow } from 'node-red';
import {
  findSession,
  readSignal,
  runUntraced,
  type Session,
  type Workload,
  type WorkloadEnd,
  type WorkloadSettings,
  type WorkloadSinks,
} from '../../src/index';
import { TraceError } from '../../src/trace-error';
import type { NodeController, NodeSurface, Send } from '../adapter/node-controller';
import { isAnswerOnly, metadataOf, topicOf } from '../messages/message-metadata';
import { addRunning, signalNamedProcess } from './own-processes';
import { RunMessages } from './run-messages';
import type { RunState } from './run-states';
import { readCommand, type WorkloadConfig } from './workload-def';

export class RunController implements NodeController {
  readonly #config: WorkloadConfig;
  readonly #surface: NodeSurface<RunState>;
  readonly #running = new Set<Workload>();
  #isClosed = false;

  constructor(config: WorkloadConfig, surface: NodeSurface<RunState>) {
    this.#config = config;
    this.#surface = surface;
  }

  async receive(message: NodeMessageInFlow, send: Send): Promise<void> {
    if (message['kill'] !== undefined && message['kill'] !== false) {
      this.#kill(message, send);
      return;
    }
    if (isAnswerOnly(message)) return;
    const { replay, why } = metadataOf(message);
    if (replay === undefined) await this.#run(message, send);
    else this.#passOn(message, replay, why, send);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#running].map((workload) => workload.stop()));
  }

  async #run(message: NodeMessage, send: Send): Promise<void> {
    const session = sessionOf(message);
    if (session === null && this.#config.needsSession) {
      throw new TraceError(
        'SESSION_UNKNOWN',
        'the message names no session; wire ftrace-configure before this node',
      );
    }
    const command = await readCommand(this.#surface, this.#config, message);
    const messages = new RunMessages(message, session, send);
    const workload = await start(session, command, messages.sinks);
    this.#running.add(workload);
    const ended = addRunning(workload);
    if (this.#isClosed) await workload.stop();
    messages.started(workload);
    this.#showRunning(session !== null);
    const end = await workload.ended;
    this.#running.delete(workload);
    ended();
    messages.exited(end);
    if (this.#running.size > 0) this.#showRunning(session !== null);
    else this.#showEnd(end);
  }

  #showRunning(traced: boolean): void {
    const { status } = this.#surface;
    const [first, second] = this.#running;
    if (second !== undefined) status.show('runningMany', { count: String(this.#running.size) });
    else if (first !== undefined) status.show(traced ? 'running' : 'untraced', { pid: String(first.pid) });
  }

  #showEnd({ code, signal, timedOut }: WorkloadEnd): void {
    const { status } = this.#surface;
    if (timedOut) status.show('timedOut');
    else if (signal !== null) status.show('killed', { signal });
    else status.show('exited', { code: String(code ?? '?') });
  }

  #kill(message: NodeMessageInFlow, send: Send): void {
    const signal =
      message['kill'] === true ? 'SIGTERM' : readSignal('msg.kill', message['kill'], 'MESSAGE_INVALID');
    if (message['process'] !== undefined) {
      const { pid, startTime, comm } = signalNamedProcess(this.#surface.limits, signal, message['process']);
      message.payload = { state: 'signalled', pid, startTime, comm, signal };
      message['ftrace'] = { session: null, kind: 'signalled', pid };
      // Wired back to this node, it asks for nothing more.
      for (const asked of ['kill', 'process', 'parts', 'complete']) Reflect.deleteProperty(message, asked);
      send([message, null, null]);
      return;
    }
    const pid = message['pid'];
    for (const workload of this.#running)
      if (pid === undefined || pid === workload.pid) workload.kill(signal);
  }

  /** A recorded trace replaces the session: what ran then is in it. */
  #passOn(message: NodeMessage, replay: string, why: string | undefined, send: Send): void {
    this.#surface.status.show('replaying');
    message.payload = { state: 'replaying', replay, why: why ?? null };
    message['ftrace'] = { ...metadataOf(message), kind: 'replaying' };
    send([message, null, null]);
  }
}

function start(session: Session | null, command: WorkloadSettings, sinks: WorkloadSinks): Promise<Workload> {
  return session === null ? runUntraced(command, sinks) : session.run(command, sinks);
}

/** The session that the message names: by its id, or by its topic. */
function sessionOf(message: NodeMessage): Session | null {
  const { session: id } = metadataOf(message);
  const topic = topicOf(message);
  const session = topic === null ? undefined : findSession(topic);
  if (typeof id !== 'string') return session ?? null;
  // Another session under the topic is not the one that the message was sent for.
  if (session?.id === id) return session;
  throw new TraceError('SESSION_UNKNOWN', `session ${id} of topic "${topic ?? ''}" has ended`);
}
