/**
 * A fleet on one machine: a real broker, two hosts and the overview, each a Node-RED process with the example of the
 * package. What the overview knows is read from its file, so it is what survives it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { NodeRedProcess, type FlowNode } from '../harness/node-red-process';
import { until } from '../editor/left-behind';
import { Mosquitto } from './mosquitto';
import { recordedLater } from './recorded-alerts';

export interface KnownAlert {
  readonly key: string;
  readonly host: string;
  readonly boot: string;
  readonly session: string | null;
  readonly time: string;
  readonly severity: string;
  readonly rule: string;
  readonly text: string;
}

export interface KnownHost {
  readonly host: string;
  readonly boot: string;
  readonly state: string;
  readonly alerts: number;
  readonly doubled: number;
  readonly missing: number;
  readonly stages: number;
  readonly stagesDoubled: number;
  readonly stagesMissing: number;
  readonly reported: {
    readonly sessions: readonly string[];
    readonly processes: readonly { readonly comm: string; readonly state: string }[];
    readonly versions: Readonly<Record<string, string>>;
    readonly alerts: { readonly waiting: number; readonly confirmed: number; readonly dropped: number };
  } | null;
}

export interface Overview {
  readonly hosts: readonly KnownHost[];
  readonly alerts: readonly KnownAlert[];
  readonly refused: number;
}

export type HostName = 'alpha' | 'beta';

const HOST = '3 Fleet, a host.json';
const OVERVIEW = '4 Fleet, the overview.json';

const WAIT_MS = 45_000;

/** The palette package that the overview needs lies beside Node-RED, where it is found unless it is excluded. */
export const WITH_DASHBOARD = { nodesExcludes: [] };

/** So small that it overflows in a test. */
export const OUTBOX_SIZE = 6;
const QUICK: Readonly<Record<string, number>> = {
  FLEET_OUTBOX_SIZE: OUTBOX_SIZE,
  FLEET_PATIENCE_SECONDS: 2,
  FLEET_SILENCE_SECONDS: 5,
};

/** The example with this broker, a quick heartbeat and less patience. */
function example(file: string, port: number): FlowNode[] {
  const text = readFileSync(path.join(process.cwd(), 'examples', file), 'utf8');
  return (JSON.parse(text) as FlowNode[]).map((node) => {
    if (node.type === 'mqtt-broker') return { ...node, port: String(port) };
    if (node.id === 'host-beat') return { ...node, repeat: '1' };
    // Long enough to be seen alive in a state.
    if (node.id === 'host-run') return { ...node, killAfter: '4' };
    if (node.type !== 'tab') return node;
    const env = node.env as { name: string; value: string }[];
    return { ...node, env: env.map((each) => ({ ...each, value: String(QUICK[each.name] ?? each.value) })) };
  });
}

export class Fleet {
  readonly #hosts = new Map<HostName, NodeRedProcess>();
  #overview: NodeRedProcess | undefined;
  #raised = 0;

  readonly broker: Mosquitto;

  private constructor(broker: Mosquitto) {
    this.broker = broker;
  }

  static async start(): Promise<Fleet> {
    const fleet = new Fleet(await Mosquitto.start());
    try {
      await fleet.startOverview();
      await Promise.all([fleet.startHost('alpha'), fleet.startHost('beta')]);
      await fleet.knows('both hosts', ({ hosts }) =>
        ['alpha', 'beta'].every((name) => isOnline(hosts, name)),
      );
      return fleet;
    } catch (error) {
      await fleet.stop();
      throw error;
    }
  }

  get overview(): NodeRedProcess {
    return this.#overview!;
  }

  host(name: HostName): NodeRedProcess {
    return this.#hosts.get(name)!;
  }

  /** Again in the same user directory, where it was there before. */
  async startHost(name: HostName): Promise<void> {
    const started = await NodeRedProcess.start({
      flows: example(HOST, this.broker.port),
      env: { FTRACE_FLEET_HOST: name },
      // The recorded traces that a message names are in folders of their own.
      settings: { mqttReconnectTime: 500, ftraceLife: { readFolders: [tmpdir()] } },
      ...sameUserDir(this.#hosts.get(name)),
    });
    this.#hosts.set(name, started);
  }

  /** A full deploy of the same flow. */
  async deployHost(name: HostName): Promise<void> {
    await this.host(name).deploy(example(HOST, this.broker.port));
  }

  async startOverview(): Promise<void> {
    this.#overview = await NodeRedProcess.start({
      flows: example(OVERVIEW, this.broker.port),
      settings: { mqttReconnectTime: 500, ...WITH_DASHBOARD },
      ...sameUserDir(this.#overview),
    });
  }

  /** Raises so many alerts on a host. @returns their times, by which the overview's are known */
  async raise(name: HostName, count: number): Promise<string[]> {
    const raised: string[] = [];
    for (let left = count; left > 0; left--) {
      const filename = recordedLater(++this.#raised);
      const before = this.outbox(name);
      await this.host(name).request('POST', '/inject/host-recorded', {
        __user_inject_props__: [{ p: 'filename', v: filename, vt: 'str' }],
      });
      await until(() => this.outbox(name).next === before.next + 1, `alert ${this.#raised} in the outbox`);
      raised.push(timeOf(this.#raised));
    }
    return raised;
  }

  /** What a host keeps on its disk. */
  outbox(name: HostName): { next: number; entries: unknown[]; confirmed: number; dropped: number } {
    const file = path.join(this.host(name).userDir, `ftrace-life/fleet-outbox.${name}.json`);
    const none = { next: 1, entries: [], confirmed: 0, dropped: 0 };
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as typeof none) : none;
  }

  /** What the overview has on its disk. */
  known(): Overview {
    const file = path.join(this.overview.userDir, 'ftrace-life/fleet-overview.json');
    if (!existsSync(file)) return { hosts: [], alerts: [], refused: 0 };
    return JSON.parse(readFileSync(file, 'utf8')) as Overview;
  }

  /** All that the overview knows at this moment, as its button shows it. */
  async shown(): Promise<Overview> {
    this.overview.forget();
    await this.overview.inject('overview-show');
    return (await this.overview.nextDebug(({ id }) => id === 'overview-json')).value as Overview;
  }

  /** Waits until the overview knows it. */
  async knows(what: string, matches: (overview: Overview) => boolean): Promise<Overview> {
    try {
      await until(() => matches(this.known()), `the overview to know ${what}`, WAIT_MS);
    } catch (error) {
      const { message } = error as Error;
      throw new Error(`${message}\nit knows: ${JSON.stringify(this.known(), null, 1).slice(-4000)}`, {
        cause: error,
      });
    }
    return this.known();
  }

  /** Waits until the overview shows it. */
  async shows(what: string, matches: (overview: Overview) => boolean): Promise<void> {
    const end = performance.now() + WAIT_MS;
    for (let shown = await this.shown(); !matches(shown); shown = await this.shown()) {
      if (performance.now() > end)
        throw new Error(`the overview shows not ${what}: ${JSON.stringify(shown)}`);
    }
  }

  /** The times of a host's alerts from recorded traces, as the overview has them. */
  timesOf(name: HostName): string[] {
    return this.known()
      .alerts.filter(
        ({ host, rule, session }) => host === name && session === null && !rule.startsWith('fleet:'),
      )
      .map(({ time }) => time.slice(0, 20));
  }

  async stop(): Promise<void> {
    const all = [...this.#hosts.values(), this.#overview].filter((each) => each?.isRunning === true);
    await Promise.all(all.map((each) => each!.stop()));
    await this.broker.end();
  }
}

export function isOnline(hosts: readonly KnownHost[], name: string): boolean {
  return hosts.some(({ host, state }) => host === name && state === 'online');
}

/** The wall time of the kill in the recorded life, so many seconds later, without what follows the seconds. */
function timeOf(seconds: number): string {
  const recorded = Date.UTC(2026, 10, 23, 4, 41, 58, 233);
  return new Date(recorded + seconds * 1000).toISOString().slice(0, 20);
}

function sameUserDir(before: NodeRedProcess | undefined): { userDir: string } | undefined {
  return before === undefined ? undefined : { userDir: before.userDir };
}
