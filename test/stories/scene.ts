/**
 * A real program under `ftrace-life record`, what is done to it from outside, and what `ftrace-life report` says then.
 *
 * Everything that it starts lives in a cgroup of its own, so that nothing is left running, whatever became of it.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Alert, ProcessRecord, Report } from '../../src/model/report';
import { temporaryFolder } from '../harness/temporary-folder';

const COMMAND = path.join(__dirname, '../../src/cli/ftrace-life.js');
const run = promisify(execFile);

/** Programs start and end within a few seconds; more of them at a time on a busy machine need longer. */
const MAX_WAIT_MS = 40_000;
/** /proc tells nobody that a process was born: it is asked so often. */
const POLL_MS = 20;

/** What the product says of what happened. */
export interface Answer {
  readonly report: Report;
  readonly alerts: readonly Alert[];
  readonly story: string;
  /** The verdict, with which the story begins. */
  readonly firstLine: string;
}

export interface SceneOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** More of `record`'s own options. */
  readonly record?: readonly string[];
}

function mountOfCgroups(): string {
  const mount = /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/mounts', 'utf8'))?.[1];
  if (mount === undefined) throw new Error('no cgroup of version 2 is mounted');
  return mount;
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly comm: string;
}

function allProcesses(): Stat[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const text = readFileSync(`/proc/${name}/stat`, 'utf8');
      const end = text.lastIndexOf(')');
      const [, parent] = text.slice(end + 2).split(' ');
      return [{ pid: Number(name), parent: Number(parent), comm: text.slice(text.indexOf('(') + 1, end) }];
    } catch {
      // It ended between.
      return [];
    }
  });
}

/** Where a distribution has its programs: no version managers of a developer's, whose wrappers are more processes. */
const PATH = [
  ...['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'],
  path.dirname(process.execPath),
].join(':');

/** The file of a program in that path; undefined where there is none. */
export function findProgram(name: string): string | undefined {
  return PATH.split(':')
    .map((folder) => path.join(folder, name))
    .find((file) => existsSync(file));
}

let scenes = 0;

export class Scene {
  /** For what the program needs; gone with the tests. */
  readonly folder: string;
  readonly #capture: string;
  readonly #recorder: ChildProcess;
  readonly #cgroup: string;
  readonly #ended: Promise<number | null>;
  #output = '';

  private constructor(folder: string, args: readonly string[], options: SceneOptions) {
    this.folder = folder;
    this.#capture = path.join(folder, 'life.capture');
    this.#cgroup = path.join(mountOfCgroups(), `ftrace-life-scene-${process.pid}-${++scenes}`);
    mkdirSync(this.#cgroup);
    this.#recorder = spawn(
      'sh',
      [
        '-c',
        'echo $$ > "$0/cgroup.procs"; exec "$@"',
        this.#cgroup,
        process.execPath,
        COMMAND,
        'record',
        ...['-o', this.#capture, ...(options.record ?? []), ...args],
      ],
      {
        cwd: options.cwd ?? folder,
        env: { ...process.env, PATH, ...options.env },
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
    for (const stream of [this.#recorder.stdout!, this.#recorder.stderr!])
      stream.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    // Who presses a key may be late.
    this.#recorder.stdin!.on('error', () => undefined);
    this.#ended = new Promise((resolve, reject) => {
      this.#recorder.once('error', reject).once('close', resolve);
    });
  }

  /** Runs a command under `record`. */
  static of(argv: readonly string[], options: SceneOptions = {}, folder = temporaryFolder('scene')): Scene {
    return new Scene(folder, ['--timeout', '60', '--', ...argv], options);
  }

  /** Follows processes that run already. */
  static attached(
    pids: readonly number[],
    options: SceneOptions = {},
    folder = temporaryFolder('scene'),
  ): Scene {
    return new Scene(folder, [...pids.flatMap((pid) => ['--pid', String(pid)]), '--for', '30'], options);
  }

  /** What the program and the recorder printed. */
  get output(): string {
    return this.#output;
  }

  async until<Found>(what: string, look: () => Found | undefined | false): Promise<Found> {
    const deadline = Date.now() + MAX_WAIT_MS;
    for (;;) {
      const found = look();
      if (found !== undefined && found !== false) return found;
      if (Date.now() > deadline) throw new Error(`waited for ${what}; printed:\n${this.#output}`);
      await sleep(POLL_MS);
    }
  }

  printed(pattern: RegExp): Promise<string> {
    return this.until(String(pattern), () => pattern.exec(this.#output)?.[0]);
  }

  /** Presses keys: writes to the program's standard input. */
  press(keys: string): void {
    this.#recorder.stdin!.write(keys);
  }

  /** What runs of the program: neither the recorder nor its traced parent, which is a shell too. */
  #program(): Stat[] {
    return this.#members().filter(
      ({ pid, parent }) => pid !== this.#recorder.pid && parent !== this.#recorder.pid,
    );
  }

  /** The pids of the processes of this name, when there are so many, in order of their births. */
  async pidsOf(comm: string, count: number): Promise<number[]> {
    return this.until(`${count} ${comm}`, () => {
      const found = this.#program().filter((each) => each.comm === comm);
      return found.length >= count && found.map(({ pid }) => pid);
    });
  }

  async pidOf(comm: string): Promise<number> {
    return (await this.pidsOf(comm, 1))[0]!;
  }

  /** Is the process gone, or a zombie? */
  isOver(pid: number): boolean {
    try {
      return /^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return true;
    }
  }

  #members(): Stat[] {
    const pids = new Set(
      readFileSync(path.join(this.#cgroup, 'cgroup.procs'), 'utf8').split('\n').map(Number),
    );
    return allProcesses().filter(({ pid }) => pids.has(pid));
  }

  /** Waits for the recording's end, and asks for the report. */
  async answer(): Promise<Answer> {
    try {
      const status = await Promise.race([
        this.#ended,
        sleep(MAX_WAIT_MS, undefined, { ref: false }).then(() => {
          throw new Error(`the recording did not end; printed:\n${this.#output}`);
        }),
      ]);
      if (status !== 0) throw new Error(`ftrace-life record ended with ${status}:\n${this.#output}`);
    } finally {
      await this.close();
    }
    return tell(this.#capture);
  }

  /** Ends the recording as Ctrl-C does, and asks for the report. */
  async interrupted(): Promise<Answer> {
    this.#recorder.kill('SIGINT');
    return this.answer();
  }

  /** Ends whatever is left of it. */
  async close(): Promise<void> {
    this.#recorder.stdin!.destroy();
    await this.until('an empty cgroup', () => {
      const left = this.#members();
      for (const { pid } of left) {
        // The recorder takes its instances away itself.
        const isRecorder = pid === this.#recorder.pid;
        try {
          process.kill(pid, isRecorder ? 'SIGTERM' : 'SIGKILL');
        } catch {
          // It ended between.
        }
      }
      return left.length === 0;
    });
    // The last one leaves it only when it is reaped.
    await this.until('the cgroup to go', () => {
      try {
        rmdirSync(this.#cgroup);
        return true;
      } catch {
        return false;
      }
    });
  }
}

/** What `ftrace-life report` says of a capture. */
export async function tell(capture: string): Promise<Answer> {
  const options = { maxBuffer: 256 << 20 };
  const args = [COMMAND, 'report', capture, '--rules', 'default', '--format'];
  const [json, story] = await Promise.all([
    run(process.execPath, [...args, 'json'], options),
    run(process.execPath, [...args, 'story'], options),
  ]);
  const { alerts, ...report } = JSON.parse(json.stdout) as Report & { alerts: Alert[] };
  const { text } = report.verdict;
  // The story's lines are wrapped.
  const begin = story.stdout.split('\n')[0]!;
  if (!text.startsWith(begin)) throw new Error(`the story begins with "${begin}", the verdict is "${text}"`);
  return { report, alerts, story: story.stdout, firstLine: text };
}

/** A shell outside of the scene, and its output. */
export async function shell(script: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { stdout } = await run('/bin/sh', ['-c', script], { env: { ...process.env, PATH, ...env } });
  return stdout;
}

export function lifeCalled(answer: Answer, comm: string): ProcessRecord | undefined {
  return answer.report.processes.find((life) => life.comm === comm);
}

export function writeProgram(folder: string, name: string, text: string, mode = 0o755): string {
  const file = path.join(folder, name);
  writeFileSync(file, text, { mode });
  return file;
}

export { sleep };
