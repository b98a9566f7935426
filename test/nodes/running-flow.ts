/** A flow with our nodes in node-red-node-test-helper: real nodes, real messages, Node-RED's own runtime. */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Node, NodeMessageInFlow, NodeStatus } from 'node-red';
import helper from 'node-red-node-test-helper';

export interface FlowNode {
  readonly id: string;
  readonly type: string;
  readonly [property: string]: unknown;
}

export interface CaughtMessage extends NodeMessageInFlow {
  readonly error: {
    readonly message: string;
    readonly code?: string;
    readonly source: { readonly id: string };
  };
}

/** To give up, and below the time limit of a test: a busy machine takes ten times as long as a quiet one. */
const DEADLINE_MS = 50_000;
/** A status is drawn at most half a second after it was shown. */
const SETTLING_MS = 700;
const TYPES = ['ftrace-configure', 'run-workload', 'trace-source', 'lifecycle-parse', 'signal-filter'];
const load = createRequire(__filename);

type Wanted = (message: NodeMessageInFlow) => boolean;

/** Node-RED's log level of a warning (@node-red/util, log.js). */
const WARN = 30;

/** What arrived at one `helper` node, oldest first. */
class Arrivals {
  readonly all: NodeMessageInFlow[] = [];
  #waiting: (() => void)[] = [];

  add(message: NodeMessageInFlow): void {
    this.all.push(message);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async first(wanted: Wanted): Promise<NodeMessageInFlow> {
    const deadline = { passed: false };
    const timer = setTimeout(() => {
      deadline.passed = true;
      for (const wake of this.#waiting.splice(0)) wake();
    }, DEADLINE_MS);
    try {
      // Each is looked at once: a flood of messages is awaited too.
      for (let looked = 0; ;) {
        for (; looked < this.all.length; looked++) {
          if (wanted(this.all[looked]!)) return this.all[looked]!;
        }
        if (deadline.passed)
          throw new Error(`not among these ${this.all.length}: ${JSON.stringify(this.all.slice(0, 20))}`);
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

export class RunningFlow {
  readonly #arrivals = new Map<string, Arrivals>();
  readonly statuses = new Map<string, NodeStatus[]>();

  private constructor(flow: readonly FlowNode[]) {
    for (const { id, type } of flow) {
      if (type === 'tab') continue;
      const node = this.node(id);
      const seen: NodeStatus[] = [];
      this.statuses.set(id, seen);
      node.on(
        'call:status' as 'close',
        ((call: { args: [NodeStatus] }) => {
          seen.push(call.args[0]);
        }) as never,
      );
      if (type !== 'helper') continue;
      const arrivals = new Arrivals();
      this.#arrivals.set(id, arrivals);
      node.on('input', (message, _send, done) => {
        arrivals.add(message);
        done();
      });
    }
  }

  /** Adds the tab, a `helper` node for each wire that leads to none of the flow's, and a Catch node before `caught`. */
  static async start(nodes: readonly FlowNode[]): Promise<RunningFlow> {
    const ids = new Set(nodes.map(({ id }) => id));
    const sinks = nodes
      .flatMap(({ wires = [] }) => (wires as string[][]).flat())
      .filter((id) => !ids.has(id))
      .concat('caught');
    const flow: FlowNode[] = [
      { id: 'tab', type: 'tab', label: 'test' },
      ...nodes.map((node) => ({ z: 'tab', x: 0, y: 0, name: '', ...node })),
      ...[...new Set(sinks)].map((id) => ({ id, type: 'helper', z: 'tab', x: 0, y: 0 })),
      {
        id: 'catcher',
        type: 'catch',
        z: 'tab',
        x: 0,
        y: 0,
        scope: null,
        uncaught: false,
        wires: [['caught']],
      },
    ];
    const registrations = TYPES.filter((type) => nodes.some((node) => node.type === type)).map(
      (type) => load(path.resolve(__dirname, `../../nodes/${type}/${type}.js`)) as never,
    );
    await helper.load(registrations, flow);
    return new RunningFlow(flow);
  }

  /** What the node wrote to the log as warnings. */
  warnings(id: string): string[] {
    const records = helper.log().args.map(([record]) => record);
    return records
      .filter((record) => record.id === id && record.level === WARN)
      .map(({ msg }) => String(msg));
  }

  node(id: string): Node {
    return helper.getNode(id) as unknown as Node;
  }

  /** Gives a message to a node's input. */
  send(id: string, message: Record<string, unknown> = {}): void {
    this.node(id).receive(message);
  }

  all(sink: string): NodeMessageInFlow[] {
    return this.#arrivalsOf(sink).all;
  }

  /** The first message at a sink that matches, whenever it came or comes. */
  first(sink: string, wanted: Wanted = () => true): Promise<NodeMessageInFlow> {
    return this.#arrivalsOf(sink).first(wanted);
  }

  /** The first error that a Catch node gets. */
  async caught(wanted: Wanted = () => true): Promise<CaughtMessage> {
    return (await this.first('caught', wanted)) as CaughtMessage;
  }

  #arrivalsOf(sink: string): Arrivals {
    const arrivals = this.#arrivals.get(sink);
    if (arrivals === undefined) throw new Error(`the flow has no helper node ${sink}`);
    return arrivals;
  }

  /** A status of the node that matches; statuses come at most twice a second. */
  async status(id: string, wanted: (status: NodeStatus) => boolean): Promise<NodeStatus> {
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    const seen = this.statuses.get(id)!;
    for (;;) {
      const found = seen.find(wanted);
      if (found !== undefined) return found;
      await once(this.node(id), 'call:status', { signal: deadline });
    }
  }

  /** The status that stays: a later one may follow it within half a second (`StatusRenderer`), and none did. */
  async lastStatus(id: string): Promise<NodeStatus | undefined> {
    const seen = this.statuses.get(id)!;
    const began = performance.now();
    for (let count = -1; count !== seen.length && performance.now() - began < DEADLINE_MS;) {
      count = seen.length;
      await sleep(SETTLING_MS);
    }
    return seen.at(-1);
  }

  async stop(): Promise<void> {
    await helper.unload();
  }
}
