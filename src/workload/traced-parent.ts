/**
 * Starts a command under a traced parent, in steps that let nothing be missed: the parent is there, knows the command and
 * waits (`start`), it is registered with the tracer, it forks (`launch`), the child waits at a gate, and only then the
 * command's first instruction runs (`open`).
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { signalNumber } from '../kernel/signals';
import { TraceError } from '../trace-error';
import { commandLine, PIPED } from './command-line';
import { eachLine } from './lines';
import { BASH_SCRIPT, CONTROL_SIGNAL, quoteWords, SH_SCRIPT } from './parent-script';
import type { WorkloadSettings, WorkloadSinks } from './workload';

const BASH_PATHS = ['/bin/bash', '/usr/bin/bash', '/usr/local/bin/bash'];
/** What a shell reports for a command that a signal ended: this and the signal's number (POSIX, 2.8.2). */
export const SIGNAL_STATUS = 128;

export interface ShellStatus {
  /** As `$?`: 137 is SIGKILL, or an exit with that code; only the trace knows which. */
  readonly status: number;
}

export class TracedParent {
  readonly pid: number;
  /** The shell's own name. */
  readonly comm: string;
  readonly path: string;
  readonly argv: readonly string[];
  /** Resolves when the command is reaped; null where somebody ended the parent before that. */
  readonly ended: Promise<ShellStatus | null>;
  /** Resolves when the parent is gone and all output is passed on. */
  readonly gone: Promise<void>;
  readonly #process: ChildProcess;
  readonly #orders: Writable;
  readonly #gate: Writable;
  readonly #ready: Promise<number | null>;
  readonly #started: Promise<number | null>;
  #command: number | null = null;
  #hasReaped = false;

  private constructor(
    child: ChildProcess,
    comm: string,
    path: string,
    argv: readonly string[],
    sinks: WorkloadSinks,
  ) {
    this.#process = child;
    this.pid = child.pid!;
    this.comm = comm;
    this.path = path;
    this.argv = argv;
    this.#orders = child.stdio[3] as Writable;
    this.#gate = child.stdio[7 as 4] as unknown as Writable;
    for (const pipe of [this.#orders, this.#gate]) {
      // EPIPE when the parent is gone already: `gone` tells.
      pipe.on('error', () => undefined);
    }
    const reports = new Map<string, (value: number | null) => void>();
    const report = (word: string): Promise<number | null> =>
      new Promise((resolve) => reports.set(word, resolve));
    this.#ready = report('ready');
    this.#started = report('started');
    this.ended = report('ended').then((status) => {
      this.#hasReaped = true;
      return status === null ? null : { status };
    });
    const reported = eachLine(child.stdio[6 as 4] as unknown as Readable, (line) => {
      const [word, value] = line.split(' ');
      reports.get(word ?? '')?.(Number(value));
    });
    const closed = new Promise<void>((resolve) =>
      child.on('close', () => {
        resolve();
      }),
    );
    const output = [eachLine(child.stdout, sinks.stdout), eachLine(child.stderr, sinks.stderr)];
    // The command's own children may hold its output open after it; the parent's reports end with the parent.
    void reported.then(() => {
      for (const resolve of reports.values()) resolve(null);
    });
    this.gone = Promise.all([closed, ...output]).then(() => undefined);
  }

  /**
   * Starts the parent; the command does not run yet.
   * @throws TraceError ENOENT, EACCES for the command, WORKLOAD_FAILED for the parent
   */
  static async start(settings: WorkloadSettings, sinks: WorkloadSinks): Promise<TracedParent> {
    const { path, argv, cwd, env } = commandLine(settings);
    const bash = BASH_PATHS.find((file) => existsSync(file));
    const [shell, script] = bash === undefined ? ['/bin/sh', SH_SCRIPT] : [bash, BASH_SCRIPT];
    // No code of the user's runs in the traced parent. -p: neither functions nor options from the environment
    // (BASH_FUNC_*, SHELLOPTS) are taken over.
    const options = bash === undefined ? [] : ['--norc', '--noprofile', '-p'];
    const child = spawn(shell, [...options, '-c', script, 'traced-parent'], {
      cwd,
      env: { ...env, BASH_ENV: undefined, ENV: undefined },
      detached: true,
      stdio: [...(settings.handOn ?? PIPED), 'pipe', 'ignore', 'ignore', 'pipe', 'pipe'],
      ...(settings.uid === null ? {} : { uid: settings.uid }),
      ...(settings.gid === null ? {} : { gid: settings.gid }),
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => {
        reject(new TraceError('WORKLOAD_FAILED', `${shell}: ${error.message}`, { cause: error }));
      });
    });
    const parent = new TracedParent(child, basename(shell), path, argv, sinks);
    parent.#orders.write(`${quoteWords([path, ...argv])}\n`);
    if ((await parent.#ready) === null)
      throw new TraceError('WORKLOAD_FAILED', `the traced parent, ${shell}, ended before it was ready`);
    return parent;
  }

  /**
   * Lets the parent fork. The child waits at the gate.
   * @returns the child's pid
   * @throws TraceError WORKLOAD_FAILED where the parent could not fork
   */
  async launch(): Promise<number> {
    this.#orders.write('go\n');
    const pid = await this.#started;
    if (pid === null) throw new TraceError('WORKLOAD_FAILED', 'the traced parent ended before it could fork');
    this.#command = pid;
    return pid;
  }

  /** Lets the child exec the command. */
  open(): void {
    this.#gate.end('go\n');
  }

  /** The command's pid; null before the fork. */
  get command(): number | null {
    return this.#command;
  }

  /** It takes orders: not from the time on that it has reaped the command, or was killed itself. */
  get obeys(): boolean {
    return !this.#hasReaped && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Has the parent send a signal to the command, or to its process group. */
  order(signal: string, to: 'command' | 'group'): void {
    const number = signalNumber(signal);
    if (!this.obeys || number === null) return;
    this.#orders.write(`${number} ${to}\n`);
    this.#process.kill(CONTROL_SIGNAL);
  }

  /** Ends the parent itself. */
  end(kill: (pid: number) => void): void {
    if (this.#process.exitCode === null && this.#process.signalCode === null) kill(this.pid);
  }
}
