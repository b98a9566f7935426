/** Runs a command, traced where the message names a session. */
import type { Node, NodeAPI, NodeDef, NodeMessage, NodeMessageInFlow } from 'node-red';
import {
  findSession,
  readProcessStat,
  readSignal,
  runUntraced,
  type Session,
  type Workload,
  type WorkloadEnd,
  type WorkloadSettings,
  type WorkloadSinks,
} from '../../src/index';
import { TraceError } from '../../src/trace-error';
import { guardClose } from '../adapter/guard-close';
import { guardInput, type Send } from '../adapter/guard-input';
import { isAnswerOnly, metadataOf, topicOf, type FtraceMetadata } from '../messages/message-metadata';
import { MessageSeries } from '../messages/message-series';
import { readOrShowFailure } from '../adapter/show-failure';
import { StatusRenderer, type Look } from '../adapter/status-renderer';
import { addRunning, signalNamedProcess } from './own-processes';
import { readCommand, readDef, type WorkloadDef } from './workload-def';

type RunState =
  'running' | 'runningMany' | 'untraced' | 'exited' | 'killed' | 'timedOut' | 'replaying' | 'failed';
const LOOKS: Readonly<Record<RunState, Look>> = {
  running: { fill: 'green', shape: 'dot' },
  runningMany: { fill: 'green', shape: 'dot' },
  untraced: { fill: 'yellow', shape: 'dot' },
  exited: { fill: 'grey', shape: 'ring' },
  killed: { fill: 'grey', shape: 'ring' },
  timedOut: { fill: 'yellow', shape: 'ring' },
  replaying: { fill: 'blue', shape: 'ring' },
  failed: { fill: 'red', shape: 'ring' },
};

/** The messages of one run, on the node's three outputs. */
class RunMessages {
  readonly #state: MessageSeries;
  readonly #lines: { stdout: MessageSeries; stderr: MessageSeries };

  readonly #session: Session | null;
  readonly #send: Send;

  constructor(started: NodeMessage, session: Session | null, send: Send) {
    this.#session = session;
    this.#send = send;

    const topic = session?.topic ?? topicOf(started);
    const metadata: FtraceMetadata = { session: session?.id ?? null };
    this.#state = new MessageSeries(started, topic, metadata);
    this.#lines = {
      stdout: new MessageSeries(started, topic, { ...metadata, kind: 'stdout' }),
      stderr: new MessageSeries(started, topic, { ...metadata, kind: 'stderr' }),
    };
  }

  readonly sinks: WorkloadSinks = {
    stdout: (line) => {
      this.#send([null, this.#lines.stdout.next(line), null]);
    },
    stderr: (line) => {
      this.#send([null, null, this.#lines.stderr.next(line)]);
    },
  };

  started({ pid, parentPid, argv }: Workload): void {
    const startTime = readProcessStat(pid)?.startTime ?? null;
    const payload = { state: 'started', pid, startTime, parentPid, argv, traced: this.#session !== null };
    this.#send([this.#state.next(payload, { kind: 'started', pid }), null, null]);
  }

  exited({ pid, code, signal, seconds, timedOut }: WorkloadEnd): void {
    const exited = this.#state.last({ kind: 'exited', pid });
    exited.payload = { state: 'exited', pid, code, signal, seconds, timedOut };
    this.#send([exited, this.#lines.stdout.last({ pid }), this.#lines.stderr.last({ pid })]);
  }
}

/** The session that the message names: by its id, or by its topic. */
function sessionOf(message: NodeMessage): Session | null {
  const { session: id } = metadataOf(message);
  const topic = topicOf(message);
  const session = topic === null ? undefined : findSession(topic);
  if (typeof id !== 'string') return session ?? null;
  // Another session under the topic is not the one that the message was sent for.
  if (session?.id === id) return session;
  throw new TraceError('SESSION_UNKNOWN', `session ${id} of topic "${topic ?? ''}" is over`);
}

module.exports = (RED: NodeAPI): void => {
  RED.nodes.registerType('run-workload', function (this: Node, def: NodeDef & WorkloadDef) {
    RED.nodes.createNode(this, def);
    const config = readOrShowFailure(this, RED._('run-workload.status.invalid'), () => readDef(def));
    if (config === null) return;
    const status = new StatusRenderer<RunState>(this, LOOKS, (key, values) =>
      RED._(`run-workload.${key}`, values),
    );
    const running = new Set<Workload>();
    const close = new AbortController();

    const showRunning = (traced: boolean): void => {
      if (running.size > 1) status.show('runningMany', { count: String(running.size) });
      else for (const { pid } of running) status.show(traced ? 'running' : 'untraced', { pid: String(pid) });
    };

    const showEnd = ({ code, signal, timedOut }: WorkloadEnd): void => {
      if (timedOut) status.show('timedOut');
      else if (signal !== null) status.show('killed', { signal });
      else status.show('exited', { code: String(code ?? '?') });
    };

    const start = (
      session: Session | null,
      command: WorkloadSettings,
      sinks: WorkloadSinks,
    ): Promise<Workload> => (session === null ? runUntraced(command, sinks) : session.run(command, sinks));

    const run = async (message: NodeMessage, send: Send): Promise<void> => {
      const session = sessionOf(message);
      if (session === null && config.needsSession) {
        throw new TraceError(
          'SESSION_UNKNOWN',
          'the message names none; wire ftrace-configure before this node',
        );
      }
      const command = await readCommand(RED, this, config, message);
      const messages = new RunMessages(message, session, send);
      const workload = await start(session, command, messages.sinks);
      running.add(workload);
      const ended = addRunning(workload);
      if (close.signal.aborted) await workload.stop();
      messages.started(workload);
      showRunning(session !== null);
      const end = await workload.ended;
      running.delete(workload);
      ended();
      messages.exited(end);
      if (running.size > 0) showRunning(session !== null);
      else showEnd(end);
    };

    const kill = (message: NodeMessageInFlow, send: Send): void => {
      const signal = message['kill'] === true ? 'SIGTERM' : readSignal('msg.kill', message['kill']);
      if (message['process'] !== undefined) {
        const { pid, startTime, comm } = signalNamedProcess(RED, signal, message['process']);
        message.payload = { state: 'signalled', pid, startTime, comm, signal };
        message['ftrace'] = { session: null, kind: 'signalled', pid };
        // Wired back to this node, it asks for nothing more.
        for (const asked of ['kill', 'process', 'parts', 'complete']) Reflect.deleteProperty(message, asked);
        send([message, null, null]);
        return;
      }
      const pid = message['pid'];
      for (const workload of running) if (pid === undefined || pid === workload.pid) workload.kill(signal);
    };

    /** A recorded trace stands in for the session: what ran then is in it. */
    const passOn = (message: NodeMessage, replay: string, why: string | undefined): NodeMessage => {
      status.show('replaying');
      message.payload = { state: 'replaying', replay, why: why ?? null };
      message['ftrace'] = { ...metadataOf(message), kind: 'replaying' };
      return message;
    };

    guardInput(this, async (message, send) => {
      if (message['kill'] !== undefined && message['kill'] !== false) {
        kill(message, send);
        return;
      }
      if (isAnswerOnly(message)) return;
      const { replay, why } = metadataOf(message);
      if (replay !== undefined) {
        send([passOn(message, replay, why), null, null]);
        return;
      }
      try {
        await run(message, send);
      } catch (error) {
        status.show('failed', { code: error instanceof TraceError ? error.code : '' });
        throw error;
      }
    });

    guardClose(this, async () => {
      close.abort();
      await Promise.all([...running].map((workload) => workload.stop()));
      status.close();
    });
  });
};
