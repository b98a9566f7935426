import assert from 'node:assert/strict';
import { formatStory } from '../../src/export/story';
import { senderIdentity } from '../../src/export/story-identity';
import type { Identity, SignalRecord } from '../../src/model/report';
import type { TraceNote } from '../../src/trace-event';
import { deliver, fork, generate, lifeOf, schedExit } from '../model/life-of';

const ID = '3f2a9bd0c1e84c0d9a7d3a5f6e1b2c4d5e6f708192a3b4c5d6e7f8091a2b3c4d';

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

/** From a stranger, unless said otherwise. */
function signal(
  identity: Identity | undefined,
  changes: { inTree?: boolean; fatal?: boolean } = {},
): SignalRecord {
  const { inTree = false, fatal = true } = changes;
  const sender = { pid: 99, comm: 'bash', inTree, irq: false, ...(identity && { identity }) };
  return {
    ts: 5,
    time: null,
    signal: 'SIGTERM',
    number: 15,
    code: 'SI_USER',
    result: 'delivered',
    origin: 'kill',
    fatal,
    control: false,
    sender,
    target: { pid: 20, tgid: 20, comm: 'x' },
    generated: null,
    delivered: null,
    latency: null,
  };
}

describe('who sent the signal that killed, in a story', () => {
  for (const [what, record, target, words] of [
    ['a stranger with user and unit', signal(IDENTITY), NOBODY, ', user root, ssh.service'],
    [
      'a user without a name by number',
      signal({ ...IDENTITY, user: null, unit: null }),
      undefined,
      ', uid 0',
    ],
    [
      'a container by its short id, not by the scope of it',
      signal({ ...IDENTITY, unit: `docker-${ID}.scope`, container: ID }),
      undefined,
      ', user root, container 3f2a9bd0c1e8',
    ],
    [
      'a container of LXC by its name',
      signal({ ...IDENTITY, container: 'web' }),
      undefined,
      ', user root, container web',
    ],
    ['only what is known', signal({ ...IDENTITY, uid: null, user: null }), undefined, ', ssh.service'],
    [
      'names that forge nothing',
      signal({ ...IDENTITY, user: 'a\nb', unit: null }),
      undefined,
      ', user a\\nb',
    ],
    ['a relative with another user', signal(IDENTITY, { inTree: true }), NOBODY, ', user root'],
    ['a relative with the same user by name alone', signal(IDENTITY, { inTree: true }), IDENTITY, ''],
    [
      'a relative by name alone where the target is unknown',
      signal(IDENTITY, { inTree: true }),
      undefined,
      '',
    ],
    ['one that killed nothing by name alone', signal(IDENTITY, { fatal: false }), undefined, ''],
    ['one that nobody could ask about by name alone', signal(undefined), undefined, ''],
  ] as const) {
    it(`is ${what}`, () => {
      assert.equal(senderIdentity(record, target), words);
    });
  }

  it('stands in the line of the signal', () => {
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
    assert.match(
      story,
      /SIGTERM from bash \(99\), user root, ssh\.service, outside the tree, by kill \(SI_USER\)/,
    );
    assert.match(story, /^ {2}on +gateway, Linux 6\.12, clock mono/m);
  });
});
