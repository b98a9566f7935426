/** Signals that no process asks for, what the report says of their cause, and what a signal interrupts. */
import assert from 'node:assert/strict';
import type { SignalRecord } from '../../src/model/report';
import type { Scenario } from './scenario';
import type { Told } from './told';

function sent(name: string, scene: string, holds: Scenario['holds']): Scenario {
  return { name, program: 'kernel-sends', scene, holds };
}

function toChild(told: Told, signal: string): SignalRecord {
  const [record] = told.signalsTo(told.life(told.number('born')), signal);
  assert.ok(record, `no ${signal}`);
  return record;
}

/** Compared with what a program of the scenario gets from wait; the terminal's number is any. */
function causeIs(record: SignalRecord, origin: SignalRecord['origin'], cause: RegExp): void {
  assert.equal(record.origin, origin);
  assert.match(record.cause ?? '', cause);
}

export const KERNEL_SENDS: readonly Scenario[] = [
  sent('Ctrl-C is the key and no kernel worker', 'interrupt-key', (told) => {
    causeIs(toChild(told, 'SIGINT'), 'tty', /^Ctrl-C on (?:its terminal|pts\/\d+)$/);
    const { exit } = told.life(told.number('born'));
    assert.match(exit?.cause ?? '', /^SIGINT: Ctrl-C on /);
    return 'ok';
  }),
  sent('Ctrl-\\ is the key', 'quit-key', (told) => {
    causeIs(toChild(told, 'SIGQUIT'), 'tty', /^Ctrl-\\ on (?:its terminal|pts\/\d+)$/);
    return 'ok';
  }),
  sent('a terminal that is closed names who closed it', 'closed', (told) => {
    causeIs(toChild(told, 'SIGHUP'), 'tty', /^its terminal (?:pts\/\d+ )?was closed by \S+ \(\d+\)$/);
    return 'ok';
  }),
  sent('a window that changes its size names who did that', 'resized', (told) => {
    const pattern = /^the window of its terminal (?:pts\/\d+ )?was resized by \S+ \(\d+\)$/;
    causeIs(toChild(told, 'SIGWINCH'), 'tty', pattern);
    return 'ok';
  }),
  sent('a pipe or a socket that is ready is no broken pipe, and no fault', 'ready', (told) => {
    causeIs(toChild(told, 'SIGIO'), 'kernel', /^its pipe is ready/);
    causeIs(toChild(told, 'SIGUSR1'), 'kernel', /^its socket is ready/);
    return 'ok';
  }),
  sent('a file beyond its limit is the limit, and not the program itself', 'file-size', (told) => {
    causeIs(toChild(told, 'SIGXFSZ'), 'kernel', /\(RLIMIT_FSIZE\)$/);
    return 'ok';
  }),
  sent('a handler tells how long it ran and what it interrupted', 'interrupted', (told) => {
    const first = toChild(told, 'SIGUSR1').delivered;
    const second = toChild(told, 'SIGUSR2').delivered;
    assert.deepEqual(first?.interrupted, { call: 'read', restarted: true });
    assert.deepEqual(second?.interrupted, { call: 'read', restarted: false });
    for (const delivery of [first, second]) assert.ok((delivery.handlerTime ?? 0) > 0);
    return 'ok';
  }),
];
