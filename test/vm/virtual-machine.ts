/**
 * Boots a stock kernel in a machine that qemu emulates in software: no KVM, no root, no disk, no network. The guest
 * has everything in its RAM root; what it says comes back over its serial ports.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const MEMORY_MB = 1024;

/** Kernels and qemu are fetched once into this folder. */
export function cacheFolder(): string {
  const own = process.env['FTRACE_LIFE_VM_CACHE'];
  if (own !== undefined) return own;
  return path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'ftrace-life-vm');
}

/** Why a kernel cannot be had: the mirror does not offer it, or there is no mirror. */
export class NoKernel extends Error {
  /** The mirror answers, and has no such kernel. */
  readonly isUnoffered: boolean;

  constructor(message: string, isUnoffered: boolean) {
    super(message);
    this.isUnoffered = isUnoffered;
  }
}

const NOT_OFFERED = 3;
const FETCH_MS = 300_000;

/** @throws NoKernel */
export function fetchInto(cache: string, what: string): void {
  try {
    execFileSync('test/vm/fetch.sh', [cache, what], {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: FETCH_MS,
    });
  } catch (error) {
    const { status, stderr } = error as { status?: number | null; stderr?: Buffer };
    const said = stderr?.toString().trim().split('\n').slice(-3).join('; ');
    throw new NoKernel(said === undefined || said === '' ? String(error) : said, status === NOT_OFFERED);
  }
}

/** Debian's libraries for the qemu that was fetched, or the one that is installed. */
function qemu(cache: string): { command: string; args: string[]; env: NodeJS.ProcessEnv } {
  const tools = path.join(cache, 'tools');
  const fetched = path.join(tools, 'usr/bin/qemu-system-x86_64');
  if (!existsSync(fetched)) return { command: 'qemu-system-x86_64', args: [], env: process.env };
  const libraries = path.join(tools, 'usr/lib/x86_64-linux-gnu');
  const env = {
    ...process.env,
    LD_LIBRARY_PATH: [
      libraries,
      path.join(libraries, 'pulseaudio'),
      path.join(tools, 'lib/x86_64-linux-gnu'),
    ].join(':'),
    QEMU_MODULE_DIR: path.join(libraries, 'qemu'),
  };
  const firmware = ['seabios', 'qemu'].flatMap((name) => ['-L', path.join(tools, 'usr/share', name)]);
  return { command: fetched, args: firmware, env };
}

export interface GuestRun {
  readonly cache: string;
  /** `6.12` */
  readonly series: string;
  readonly ramRoot: string;
  /** Where the guest's console and errors go. */
  readonly folder: string;
  readonly limitMs: number;
  readonly onLine: (line: string) => void;
}

/** @returns null when the guest switched itself off, else why it ended, with the last lines of its console */
export async function runGuest({
  cache,
  series,
  ramRoot,
  folder,
  limitMs,
  onLine,
}: GuestRun): Promise<string | null> {
  const { command, args, env } = qemu(cache);
  const console_ = path.join(folder, `console-${series}.log`);
  const errors = path.join(folder, `errors-${series}.log`);
  const serial = (id: string, to: string): string[] => [
    '-chardev',
    `${to},id=${id}`,
    '-serial',
    `chardev:${id}`,
  ];
  const machine = spawn(
    command,
    [
      ...args,
      ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
      ...['-machine', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max,la57=off'],
      ...['-smp', '2', '-m', String(MEMORY_MB)],
      ...['-kernel', path.join(cache, 'kernels', series, 'vmlinuz'), '-initrd', ramRoot],
      ...['-append', 'console=ttyS0 quiet panic=-1 tsc=reliable'],
      ...serial('console', `file,path=${console_}`),
      ...serial('results', 'stdio,signal=off'),
      ...serial('errors', `file,path=${errors}`),
    ],
    { env, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let complaint = '';
  machine.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const limit = new AbortController();
  const timer = setTimeout(() => {
    limit.abort();
    machine.kill('SIGKILL');
  }, limitMs);
  createInterface({ input: machine.stdout }).on('line', onLine);
  const status = await new Promise<number | null>((resolve, reject) => {
    machine.once('error', reject);
    machine.once('close', resolve);
  }).finally(() => {
    clearTimeout(timer);
  });
  if (limit.signal.aborted) return `not done within ${limitMs / 1000} s; ${lastLines(console_, errors)}`;
  return status === 0
    ? null
    : `qemu ended with ${status ?? 'a signal'}: ${complaint} ${lastLines(console_, errors)}`;
}

export function lastLines(...files: string[]): string {
  return files
    .filter((file) => existsSync(file))
    .flatMap((file) => readFileSync(file, 'utf8').trim().split(/\r?\n/).slice(-5))
    .join('\n');
}
