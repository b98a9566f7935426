/**
 * A real Node-RED: its own process and user directory, with the packed package installed, on a free loopback port.
 * Flows are deployed and inject nodes pressed as the editor does it, by HTTP; debug messages and status arrive by the
 * websocket.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, cpSync, existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CommsSocket, type DebugMessage, type NodeStatus } from './comms-socket';
import { Inbox, withDeadline } from './deadline';
import { installedPackage } from './packed-package';
import { temporaryFolder } from './temporary-folder';

/** One node of a flow file. A tab needs no more than `{ id, type: 'tab', label }`. */
export interface FlowNode {
  readonly id: string;
  readonly type: string;
  readonly z?: string;
  readonly [property: string]: unknown;
}

export interface NodeRedOptions {
  /** What is in the flow file before the start. */
  readonly flows?: readonly FlowNode[];
  /** More for settings.js, beyond a port, a quiet editor and no network. Plain JSON. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The user directory of a Node-RED that ended: starts it again. */
  readonly userDir?: string;
  /** Runs Node-RED as this user, who owns the user directory. Needs root. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Palette packages, among those that the examples name, that this Node-RED has installed. */
  readonly palettes?: readonly Palette[];
  /** The main script of another Node-RED, such as `node_modules/node-red-4/red.js`. */
  readonly script?: string;
}

/** What an example may need besides this package. Node-RED finds them beside itself, in node_modules. */
export const PALETTES = ['@flowfuse/node-red-dashboard', 'node-red-node-email'] as const;
export type Palette = (typeof PALETTES)[number];

/** Generous: a loaded machine of one core starts Node-RED in 15 s. */
const START_MS = 60_000;
const DEPLOY_MS = 30_000;
const MESSAGE_MS = 40_000;
/** Beyond Node-RED's own limit for closing nodes, 15 s (`nodeCloseTimeout`). */
const STOP_MS = 25_000;

const running = new Set<NodeRedProcess>();
process.once('exit', () => {
  for (const nodeRed of running) nodeRed.killGroup();
});

export class NodeRedProcess {
  readonly pid: number;
  readonly userDir: string;
  /** Every line of stdout and stderr, in order. */
  readonly log = new Inbox<string>();
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #url = '';
  #comms: CommsSocket | undefined;

  private constructor(child: ChildProcess, userDir: string) {
    if (child.pid === undefined) throw new Error('Node-RED was not started');
    this.#child = child;
    this.pid = child.pid;
    this.userDir = userDir;
    this.#ended = once(child, 'close').then(() => {
      this.log.end(new Error('Node-RED ended'));
    });
    for (const stream of [child.stdout, child.stderr]) this.#readLines(stream!);
    running.add(this);
  }

  /** Resolves when the editor answers and the flows run. */
  static async start(options: NodeRedOptions = {}): Promise<NodeRedProcess> {
    const userDir = options.userDir ?? (await newUserDir());
    writeFileSync(path.join(userDir, 'settings.js'), settingsFile(options));
    if (options.flows !== undefined) {
      writeFileSync(path.join(userDir, 'flows.json'), JSON.stringify(options.flows));
    }
    if (options.user !== undefined) giveTo(options.user, userDir);
    const script = options.script ?? path.join(process.cwd(), 'node_modules/node-red/red.js');
    const child = spawn(process.execPath, [script, '--userDir', userDir], {
      cwd: userDir,
      env: { ...environment(), HOME: userDir, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Its own process group, so that what it leaves behind can be found and ended.
      detached: true,
      ...options.user,
    });
    const nodeRed = new NodeRedProcess(child, userDir);
    try {
      await nodeRed.#ready();
    } catch (error) {
      nodeRed.killGroup();
      running.delete(nodeRed);
      throw error;
    }
    return nodeRed;
  }

  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  get url(): string {
    return this.#url;
  }

  get output(): string {
    return this.log.received.join('\n');
  }

  /** Debug messages and logged warnings since the last `deploy`. */
  get debugMessages(): readonly DebugMessage[] {
    return this.#socket.debug.received;
  }

  /** Every status since the last `deploy`, in order. */
  get statuses(): readonly NodeStatus[] {
    return this.#socket.status.received;
  }

  /**
   * Deploys as the editor's button does and waits until the flows run. Forgets earlier messages and statuses.
   *
   * @param kind as `Node-RED-Deployment-Type`
   * @throws when Node-RED refuses, or misses a node's type
   */
  async deploy(flows: readonly FlowNode[], kind: 'full' | 'nodes' | 'flows' = 'full'): Promise<void> {
    const { debug, status, notices } = this.#socket;
    for (const inbox of [debug, status, notices]) inbox.clear();
    const answer = await this.request('POST', '/flows', { flows }, { 'Node-RED-Deployment-Type': kind });
    const { rev } = answer as { rev: string };
    await notices.first(
      (notice) => notice.id === 'runtime-deploy' && notice.payload.revision === rev,
      DEPLOY_MS,
      `the deploy of revision ${rev}`,
    );
    const missing = notices.received.find(
      (notice) => notice.id === 'runtime-state' && notice.payload.error === 'missing-types',
    );
    if (missing !== undefined)
      throw new Error(`the flows do not run: ${JSON.stringify(missing.payload)}\n${this.output}`);
  }

  /** Presses an inject node's button. */
  async inject(id: string): Promise<void> {
    await this.request('POST', `/inject/${id}`, {});
  }

  /** The next debug message that matches, also among those since the last deploy. */
  nextDebug(matches: (message: DebugMessage) => boolean, timeoutMs = MESSAGE_MS): Promise<DebugMessage> {
    return this.#withOutput(this.#socket.debug.first(matches, timeoutMs, 'a debug message'));
  }

  /** The first `count` debug messages that fit since the last deploy. */
  takeDebug(
    count: number,
    matches: (message: DebugMessage) => boolean,
    timeoutMs = MESSAGE_MS,
  ): Promise<DebugMessage[]> {
    return this.#withOutput(this.#socket.debug.take(count, matches, timeoutMs, `${count} debug messages`));
  }

  /** The next status of a node that matches, also among those since the last deploy. */
  nextStatus(
    id: string,
    matches: (status: NodeStatus) => boolean = () => true,
    timeoutMs = MESSAGE_MS,
  ): Promise<NodeStatus> {
    const isWanted = (status: NodeStatus): boolean => status.id === id && matches(status);
    return this.#withOutput(this.#socket.status.first(isWanted, timeoutMs, `a status of node ${id}`));
  }

  /** Forgets debug messages and statuses, so that the next waits look at what comes now. */
  forget(): void {
    this.#socket.debug.clear();
    this.#socket.status.clear();
  }

  /**
   * One request to Node-RED's admin interface. @returns the answer, from JSON where it is JSON
   * @throws for any status but 2xx, with the answer's text
   */
  async request(
    method: string,
    route: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<unknown> {
    const response = await fetch(this.#url + route, {
      method,
      headers: {
        'Content-Type': 'application/json',
        'Node-RED-API-Version': 'v2',
        Accept: 'application/json',
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${text}\n${this.output}`);
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return isJson ? JSON.parse(text) : text;
  }

  /**
   * SIGTERM, as a service manager does it. Resolves when the process is gone with its whole group.
   *
   * @throws when it has to be killed, or leaves processes in its group behind
   */
  async stop(): Promise<void> {
    if (!running.has(this)) return;
    this.#comms?.close();
    this.#child.kill('SIGTERM');
    try {
      await withDeadline(this.#ended, STOP_MS, `Node-RED ${this.pid} to stop`, () => this.output);
      if (groupExists(this.pid)) throw new Error(`Node-RED left processes behind in group ${this.pid}`);
    } finally {
      this.killGroup();
      running.delete(this);
    }
  }

  /** SIGKILL, so that no node is closed. What Node-RED started stays, also in its group. */
  async crash(): Promise<void> {
    this.#comms?.close();
    this.#child.kill('SIGKILL');
    await withDeadline(once(this.#child, 'exit'), STOP_MS, `Node-RED ${this.pid} to die`);
    running.delete(this);
  }

  /** True until the process has ended. */
  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  killGroup(): void {
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // ESRCH: nothing is left of it.
    }
  }

  get #socket(): CommsSocket {
    if (this.#comms === undefined) throw new Error('Node-RED is not ready');
    return this.#comms;
  }

  #readLines(stream: NodeJS.ReadableStream): void {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.log.push(line);
    });
    stream.on('end', () => {
      if (rest !== '') this.log.push(rest);
    });
  }

  async #ready(): Promise<void> {
    // The sentences around it are in the language of `settings.lang`.
    const listening = /(http:\/\/127\.0\.0\.1:\d+)/;
    const started = /Started flows|Waiting for missing types|流程已启动|等待缺少的类型/;
    const [line] = await this.#withOutput(
      Promise.all([
        this.log.first((each) => listening.test(each), START_MS, 'the address of Node-RED'),
        this.log.first((each) => started.test(each), START_MS, 'the start of the flows'),
      ]),
    );
    this.#url = listening.exec(line)![1]!;
    this.#comms = await CommsSocket.open(this.#url);
  }

  async #withOutput<T>(awaited: Promise<T>): Promise<T> {
    try {
      return await awaited;
    } catch (error) {
      throw new Error(`${(error as Error).message}\nNode-RED said:\n${this.output.slice(-6000)}`, {
        cause: error,
      });
    }
  }
}

/** A user directory of its own, with the packed package installed in it. */
async function newUserDir(): Promise<string> {
  const userDir = temporaryFolder('node-red');
  cpSync(await installedPackage(), userDir, { recursive: true, verbatimSymlinks: true });
  return userDir;
}

/** Nothing here asks the network: no telemetry, no catalogue, no update check, no installing from the editor. */
function settingsFile({ settings: more = {}, palettes = [] }: NodeRedOptions): string {
  const settings = {
    uiHost: '127.0.0.1',
    uiPort: 0,
    flowFile: 'flows.json',
    credentialSecret: false,
    lang: 'en-US',
    telemetry: { enabled: false, updateNotification: false },
    externalModules: {
      autoInstall: false,
      palette: { allowInstall: false, allowUpload: false },
      modules: { allowInstall: false },
    },
    editorTheme: { tours: false, projects: { enabled: false }, palette: { catalogues: [] } },
    // Like a user's: a palette package is there only where somebody installed it. Scopes are no part of the names.
    nodesExcludes: PALETTES.filter((name) => !palettes.includes(name)).map((name) => path.basename(name)),
    // The debug node cuts what it shows; tests look at the whole.
    debugMaxLength: 10_000_000,
    ...more,
  };
  return `module.exports = ${JSON.stringify(settings, null, 2)};\n`;
}

/** Ours without what npm and mocha put into it: NODE_OPTIONS would reach Node-RED and everything it starts. */
function environment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env);
  return Object.fromEntries(entries.filter(([name]) => !/^(npm_|NODE_OPTIONS$|NODE_RED_)/.test(name)));
}

function giveTo({ uid, gid }: { uid: number; gid: number }, folder: string): void {
  // The installed package stays root's: a user directory is often mounted with modules its owner cannot write.
  for (const name of ['', 'settings.js', 'flows.json', 'package.json']) {
    const file = path.join(folder, name);
    if (existsSync(file)) chownSync(file, uid, gid);
  }
}

function groupExists(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}
