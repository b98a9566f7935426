/** A process outside of the traced tree, another user's and in a cgroup of its own, which sends signals on demand. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** Its user: nobody's, on every Linux. */
export const NOBODY = 65534;

/** What /proc says of a process, read by the test itself, and not with the code that is under test. */
export interface Truth {
  readonly exe: string;
  readonly uid: number;
  readonly ppid: number;
  readonly cgroup: string;
  readonly startTime: number;
  readonly ancestors: readonly { readonly pid: number; readonly comm: string }[];
}

export interface Stranger {
  readonly pid: number;
  readonly truth: Truth;
  /** Resolves when `kill` has returned. */
  send(signal: string, pid: number): Promise<void>;
  end(): Promise<void>;
}

const SCRIPT = 'echo ready; while read -r signal pid; do kill -s "$signal" "$pid"; echo sent; done';

function status(pid: number): (name: string) => string {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return (name) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)![1]!;
}

export function truthOf(pid: number): Truth {
  const own = status(pid);
  const ancestors: { pid: number; comm: string }[] = [];
  for (let parent = Number(own('PPid')); parent > 0; parent = Number(status(parent)('PPid')))
    ancestors.push({ pid: parent, comm: readFileSync(`/proc/${parent}/comm`, 'utf8').replace(/\n$/, '') });
  const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return {
    exe: readlinkSync(`/proc/${pid}/exe`),
    uid: Number(own('Uid').split('\t')[0]),
    ppid: Number(own('PPid')),
    cgroup: /^0::(.*)$/m.exec(groups)?.[1] ?? /^\d+:name=systemd:(.*)$/m.exec(groups)![1]!,
    startTime: Number(stat.replace(/^.*\) /s, '').split(' ')[19]),
    ancestors,
  };
}

/** A cgroup of version 2, where this machine lets us make one; null where not. */
function makeCgroup(): string | null {
  const mount = /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/mounts', 'utf8'))?.[1];
  if (mount === undefined) return null;
  const folder = path.join(mount, `ftrace-life-test-${process.pid}.slice`, 'stranger.service');
  try {
    mkdirSync(folder, { recursive: true });
    return folder;
  } catch {
    return null;
  }
}

export async function startStranger(): Promise<Stranger> {
  const folder = makeCgroup();
  const child = spawn('/bin/sh', ['-c', SCRIPT], {
    uid: NOBODY,
    gid: NOBODY,
    cwd: '/',
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const pid = child.pid!;
  const gone = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => (await lines.next()).value;
  assert.equal(await next(), 'ready');
  if (folder !== null) writeFileSync(path.join(folder, 'cgroup.procs'), String(pid));
  return {
    pid,
    truth: truthOf(pid),
    send: async (signal, target) => {
      child.stdin.write(`${signal} ${target}\n`);
      assert.equal(await next(), 'sent');
    },
    end: async () => {
      child.stdin.end();
      await gone;
      if (folder === null) return;
      rmdirSync(folder);
      rmdirSync(path.dirname(folder));
    },
  };
}
