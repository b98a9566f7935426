import assert from 'node:assert/strict';
import fs from 'node:fs';
import { KernelSymbols } from '../../src/readers/pages/kernel-symbols';
import { parseSavedCmdlines } from '../../src/readers/pages/task-names';
import { readNote } from '../../src/readers/trace-note';
import { rawFile } from '../readers/raw-run';
import type { FuzzTarget } from './fuzz-target';

export const SYMBOLS: FuzzTarget = {
  name: 'kallsyms',
  good: () => [fs.readFileSync(rawFile('6.12', 'kallsyms'))],
  read: (input, random) => {
    const symbols = new KernelSymbols(() => input.toString('utf8'));
    for (let turn = 0; turn < 8; turn++) {
      const name = symbols.nameOf(random.oneIn(2) ? random.u32() : random.u32() * 2 ** 16);
      assert.notEqual(name, '');
    }
  },
};

export const SAVED_NAMES: FuzzTarget = {
  name: 'saved_cmdlines',
  good: () => [fs.readFileSync(rawFile('6.12', 'saved_cmdlines'))],
  read: (input) => {
    for (const [tid, comm] of parseSavedCmdlines(input.toString('utf8')))
      assert.ok(Number.isInteger(tid) && typeof comm === 'string');
  },
};

const NOTES = [
  {
    kind: 'trace',
    kernel: '7.3.4',
    clock: 'mono',
    cpus: 2,
    host: 'a',
    boot: 'b',
    wall: { ts: 1, unixSeconds: 17e8 },
  },
  {
    kind: 'workload',
    parent: 1,
    command: 2,
    path: '/bin/true',
    argv: ['true'],
    control: { signal: 'SIGUSR1', sender: 3 },
  },
  {
    kind: 'who',
    pid: 7,
    tgid: 6,
    ts: 2.5,
    since: 2,
    comm: 'sh',
    exe: '/bin/sh',
    uid: 0,
    user: 'root',
    ppid: 1,
    cgroup: '/system.slice/x.service',
    startTime: 5,
    ancestors: [{ pid: 1, comm: null }],
  },
  { kind: 'inode', dev: 1, ino: 42, path: '/usr/bin/x' },
  { kind: 'end', ts: 3, overrun: 0, dropped: 0 },
];

export const NOTE_VALUES: FuzzTarget = {
  name: 'notes',
  good: () => NOTES.map((note) => Buffer.from(JSON.stringify(note))),
  read: (input) => {
    let value: unknown;
    try {
      value = JSON.parse(input.toString('utf8'));
    } catch {
      return;
    }
    const note = readNote(value);
    if (note !== null) assert.deepEqual(readNote(JSON.parse(JSON.stringify(note))), note);
  },
};
