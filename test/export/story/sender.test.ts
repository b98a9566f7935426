import assert from 'node:assert/strict';
import { formatStory } from '../../../src/export/story/story';
import { signalAndSender } from '../../../src/export/story/sender';
import type { Delivery, Identity, ProcessRecord, Sender, SignalRecord } from '../../../src/model/report';
import type { TraceNote } from '../../../src/trace-event';
import { deliver, fork, generate, lifeOf, schedExit } from '../../model/life-of';
import { WALKTHROUGH } from '../walkthrough-report';

const IDENTITY: Identity = {
  exe: '/usr/bin/bash',
  uid: 0,
  user: 'root',
  ppid: 1,
  cgroup: '/system.slice/ssh.service',
  unit: 'ssh.service',
  container: null,
  startTime: 1,
  ancestors: [],
};
const NOBODY: Identity = { ...IDENTITY, uid: 65534, user: 'nobody' };
const PARENT = 10;

const STRANGER: Sender = { pid: 99, tgid: 99, comm: 'bash', inTree: false, irq: false };
const RELATIVE: Sender = { ...STRANGER, inTree: true };

function signal(changes: Partial<SignalRecord>): SignalRecord {
  return {
    ts: 5,
    time: null,
    signal: 'SIGTERM',
    number: 15,
    code: 'SI_USER',
    result: 'delivered',
    origin: 'kill',
    cause: null,
    fatal: true,
    control: false,
    sender: STRANGER,
    target: { pid: 20, tgid: 20, comm: 'x' },
    generated: null,
    delivered: null,
    latency: null,
    ...changes,
  };
}

describe('who sent a signal, in a story', () => {
  const cases: [what: string, changes: Partial<SignalRecord>, text: string][] = [
    [
      'a stranger, who ran it, and its unit',
      {
        sender: {
          ...STRANGER,
          comm: 'kill',
          ancestors: [{ pid: 80, comm: 'backup.sh' }],
          identity: { ...IDENTITY, unit: 'cron.service' },
        },
      },
      'SIGTERM from kill (99), run by backup.sh (80), cron.service, outside the tree, by kill (SI_USER)',
    ],
    [
      'a stranger of whom only the name is known',
      { origin: 'unknown', code: null },
      'SIGTERM from bash (99), outside the tree',
    ],
    [
      'a name that forges nothing',
      { sender: { ...STRANGER, comm: 'a\nb' } },
      'SIGTERM from a\\nb (99), outside the tree, by kill (SI_USER)',
    ],
    ['a relative', { sender: RELATIVE }, 'SIGTERM from bash (99) by kill (SI_USER)'],
    [
      'a relative with another user',
      { sender: { ...RELATIVE, identity: IDENTITY } },
      'SIGTERM from bash (99), user root, by kill (SI_USER)',
    ],
    [
      'a relative with the same user',
      { sender: { ...RELATIVE, identity: NOBODY } },
      'SIGTERM from bash (99) by kill (SI_USER)',
    ],
    [
      'its parent',
      { sender: { ...RELATIVE, pid: PARENT, tgid: PARENT } },
      'SIGTERM from its parent, bash (10), by kill (SI_USER)',
    ],
    [
      'a thread of its parent',
      { sender: { ...RELATIVE, pid: 12, tgid: PARENT, comm: 'java', thread: 'reaper' } },
      'SIGTERM from its parent, java (10), its thread reaper (12), by kill (SI_USER)',
    ],
    [
      'itself, by another thread',
      { origin: 'tgkill', code: 'SI_TKILL', sender: { ...RELATIVE, pid: 21, tgid: 20 } },
      'SIGTERM from itself by tgkill (SI_TKILL)',
    ],
    [
      'the keyboard, not the kworker that brings the key',
      {
        signal: 'SIGINT',
        number: 2,
        code: 'SI_KERNEL',
        origin: 'tty',
        cause: 'Ctrl-C on its terminal',
        sender: { ...STRANGER, comm: 'kworker/u8:1' },
      },
      'SIGINT (SI_KERNEL): Ctrl-C on its terminal',
    ],
    [
      'the kernel for somebody',
      {
        signal: 'SIGKILL',
        code: 'SI_KERNEL',
        origin: 'cgroup',
        cause: 'its cgroup was killed (cgroup.kill)',
      },
      'SIGKILL (SI_KERNEL): its cgroup was killed (cgroup.kill), by bash (99)',
    ],
    [
      'the session',
      { sender: { ...RELATIVE, control: 'time limit of 5 s' } },
      'SIGTERM (SI_USER): its time limit of 5 s',
    ],
    [
      'an interrupt',
      { origin: 'unknown', sender: { ...STRANGER, irq: true } },
      'SIGTERM from an interrupt (SI_USER)',
    ],
    [
      'nobody in the trace',
      { origin: 'unknown', sender: null },
      'SIGTERM from a sender that is not in the trace (SI_USER)',
    ],
  ];
  for (const [what, changes, text] of cases) {
    it(`is ${what}`, () => {
      assert.equal(signalAndSender(signal(changes), PARENT, NOBODY), text);
    });
  }

  it('is in the line of the signal', () => {
    const who: TraceNote = {
      kind: 'who',
      pid: 99,
      tgid: 99,
      ts: 5,
      since: 5,
      comm: 'bash',
      exe: '/usr/bin/bash',
      uid: 0,
      user: 'root',
      ppid: 1,
      cgroup: '/system.slice/ssh.service',
      startTime: 1,
      ancestors: [],
    };
    const { report } = lifeOf(
      [
        fork(1, 10, 20),
        generate(5, 99, { sig: 15, pid: 20 }, { stack: ['do_send_sig_info', '__x64_sys_kill'] }),
        deliver(5.1, 20, 9),
        schedExit(5.2, 20, true),
      ],
      {
        notes: [
          { kind: 'trace', kernel: '6.12', clock: 'mono', cpus: 2, host: 'gateway' },
          { kind: 'workload', parent: 10, command: 20, path: '/bin/x', argv: ['x'], control: null },
          who,
        ],
      },
    );
    const story = formatStory(report, { width: 160 });
    assert.match(story, /SIGTERM from bash \(99\), ssh\.service, outside the tree, by kill \(SI_USER\)/);
    assert.match(story, /^ {2}on +gateway, Linux 6\.12, clock mono/m);
  });
});

describe('what came of a signal, in a story', () => {
  const [bash, aOut] = WALKTHROUGH.processes as [ProcessRecord, ProcessRecord];
  const base: Delivery = { ts: 5.000007, tid: 20, handler: '0x1234', stack: [] };
  const cases: [delivered: Delivery, latency: number | null, fatal: boolean, text: string][] = [
    [
      { ...base, handlerTime: 0.0012, interrupted: { call: 'read', restarted: false } },
      null,
      false,
      'caught, handler 0x1234 ran 1.20 ms, read() returned EINTR',
    ],
    [
      { ...base, handlerTime: 0.0012, interrupted: { call: 'read', restarted: true } },
      0.000007,
      false,
      'caught 7 µs later, handler 0x1234 ran 1.20 ms, read() was restarted',
    ],
    [{ ...base, handlerTime: null, interrupted: null }, 0.000007, false, 'caught 7 µs later, handler 0x1234'],
    [base, null, false, 'caught, handler 0x1234'],
    [{ ...base, handler: 'default' }, 0.000007, false, 'default action, 7 µs later'],
    [{ ...base, handler: 'ignore' }, null, false, 'ignored'],
    [{ ...base, handler: 'rt_sigtimedwait' }, 0.000007, false, 'taken by rt_sigtimedwait, 7 µs later'],
    [
      { ...base, handler: 'default', interrupted: { call: 'nanosleep', restarted: false } },
      0.000007,
      true,
      'SIGTERM in thread 20: default action, 7 µs after it was sent, in nanosleep()',
    ],
  ];
  for (const [delivered, latency, fatal, text] of cases) {
    it(`is: ${text}`, () => {
      const record = signal({
        target: { pid: 5441, tgid: 5441, comm: 'a.out' },
        delivered,
        latency,
        fatal,
        generated: { ts: 5, stack: [] },
      });
      const story = formatStory(
        { ...WALKTHROUGH, processes: [bash, { ...aOut, signals: [0] }], signals: [record] },
        { width: 300 },
      );
      assert.ok(story.includes(`${fatal ? 'arrived   ' : '; '}${text}\n`), story);
    });
  }
});
