import assert from 'node:assert/strict';
import { senderName, senderPhrase, type SenderShape } from '../../src/words/sender-phrase';

const kill: SenderShape = { pid: 17108, tgid: 17108, comm: 'kill' };
const backup = { pid: 17095, comm: 'backup.sh' };
const cron = { pid: 700, comm: 'cron' };

describe('the phrase that names a sender', () => {
  const phrases: [phrase: string, sender: SenderShape, target?: number][] = [
    ['kill (17108)', kill],
    ['process 17108', { ...kill, comm: null }],
    [
      'kill (17108), run by backup.sh (17095), cron.service',
      { ...kill, ancestors: [backup, cron], identity: { unit: 'cron.service', user: 'root' } },
    ],
    [
      'kill (17108), run by sh (17100), run by backup.sh (17095), user alice',
      { ...kill, ancestors: [{ pid: 17100, comm: 'sh' }, backup, cron], identity: { user: 'alice' } },
    ],
    [
      'kill (17108), run by sh (17100)',
      {
        ...kill,
        ancestors: [
          { pid: 17100, comm: 'sh' },
          { pid: 1, comm: 'init' },
        ],
      },
    ],
    ['kill (17108), run by cron (700)', { ...kill, ancestors: [], identity: { ancestors: [cron] } }],
    ['kill (17108)', { ...kill, ancestors: [{ pid: 1, comm: 'systemd' }] }],
    ['kill (17108)', { ...kill, ancestors: [backup] }, 17095],
    [
      'docker (5), container 0123456789ab',
      { pid: 5, comm: 'docker', identity: { container: '0123456789abcdef', unit: 'docker.scope' } },
    ],
    ['systemd (1)', { pid: 1, comm: 'systemd', identity: { unit: 'init.scope', user: 'root' } }],
    ['java (200), its thread reaper (231)', { pid: 231, tgid: 200, comm: 'java', thread: 'reaper' }],
    ['an interrupt', { pid: 77, comm: 'kworker/0:1', irq: true }],
    ['its time limit of 5 s', { ...kill, control: 'time limit of 5 s' }],
    ['the session (disarm)', { ...kill, control: 'disarm' }],
  ];
  for (const [phrase, sender, target] of phrases) {
    it(`is ${phrase}`, () => {
      assert.equal(senderPhrase(sender, target), phrase);
    });
  }

  it('names the process of a thread whose name is its own', () => {
    assert.equal(senderName({ pid: 231, tgid: 200, comm: 'java', thread: 'java' }), 'java (200)');
    assert.equal(senderName({ pid: 231, comm: 'java' }), 'java (231)');
  });
});
