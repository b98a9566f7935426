/** The messages of one run, on the node's three outputs. */
import type { NodeMessage } from 'node-red';
import {
  readProcessStat,
  type Session,
  type Workload,
  type WorkloadEnd,
  type WorkloadSinks,
} from '../../src/index';
import type { Send } from '../adapter/node-controller';
import { topicOf, type FtraceMetadata } from '../messages/message-metadata';
import { MessageSeries } from '../messages/message-series';

export class RunMessages {
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
