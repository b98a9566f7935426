import assert from 'node:assert/strict';
import type { SignalRecord } from '../../../src/model/report';
import { makeAlert } from '../../../src/rules/alerts/alert';
import { defaultVerdict } from '../../../src/rules/matching/default-verdicts';
import { A_OUT, HANDLED, IGNORED, ITSELF, OUTSIDER, signalRecord } from '../signal-records';

function alertOn(changes: Partial<SignalRecord> = {}) {
  const signal = signalRecord(changes);
  return makeAlert(defaultVerdict(signal, A_OUT), signal, A_OUT);
}

describe('an alert', () => {
  it('carries the signal, the process and the verdict', () => {
    const signal = signalRecord();
    const { id, ...alert } = makeAlert(defaultVerdict(signal, A_OUT), signal, A_OUT);
    assert.match(id, /^[0-9a-f]{16}$/);
    assert.deepEqual(alert, {
      about: 'signal',
      severity: 'error',
      rule: 'default:killed-by-parent',
      reason: 'its own parent ended it',
      fingerprint: 'default:killed-by-parent|SIGKILL|bash|/root/a.out',
      count: 1,
      first: 9992.171044,
      last: 9992.171044,
      time: null,
      signal,
      earlier: [],
      process: A_OUT,
      outcome: { kind: 'killed', coreDumped: null },
      incomplete: [],
      text: 'a.out (5441) was killed (SIGKILL) by its parent, bash (4994). Sent by kill(); target: /root/a.out',
    });
  });

  const DETAILS = 'Sent by kill(); target: /root/a.out';
  const texts: [changes: Partial<SignalRecord>, text: string][] = [
    [{ sender: OUTSIDER }, 'a.out (5441) was killed (SIGKILL) by systemd (900)'],
    [{ sender: null }, 'a.out (5441) was killed (SIGKILL) by a sender that is not in this trace'],
    [{ sender: ITSELF }, 'a.out (5441) sent itself SIGKILL: ended by it'],
    [
      { sender: OUTSIDER, signal: 'SIGQUIT', number: 3, coreDumped: true },
      'a.out (5441) was asked to end (SIGQUIT) by systemd (900): ended by it, with a core dump',
    ],
    [
      { signal: 'SIGINT', number: 2, origin: 'tty', cause: 'Ctrl-C on pts/3' },
      'a.out (5441) was interrupted at its terminal (SIGINT, Ctrl-C on pts/3): ended by it',
    ],
    [
      { ...HANDLED, signal: 'SIGUSR1', number: 10 },
      'a.out (5441) was sent SIGUSR1 by its parent, bash (4994): handled. The program has a handler for it',
    ],
    [
      { ...IGNORED, signal: 'SIGTERM', number: 15 },
      'a.out (5441) was asked to end (SIGTERM) by its parent, bash (4994): ignored. It did not change the life of the process',
    ],
    [
      { fatal: false, signal: 'SIGSTOP', number: 19 },
      'a.out (5441) was stopped (SIGSTOP) by its parent, bash (4994). It is stopped until it gets SIGCONT',
    ],
    [
      { fatal: false, result: 'pending', delivered: null, signal: 'SIGUSR1', number: 10 },
      'a.out (5441) was sent SIGUSR1 by its parent, bash (4994): never delivered. It was queued and never delivered: blocked, or taken by sigwait(), whose call was not traced',
    ],
    [
      { ...HANDLED, signal: 'SIGABRT', number: 6 },
      'a.out (5441) was aborted (SIGABRT) by its parent, bash (4994): handled. Another process aborted it, as watchdogs do with a process that hangs',
    ],
  ];
  for (const [changes, text] of texts) {
    it(`tells a person: ${text}`, () => {
      const details = changes.origin === 'tty' ? DETAILS.replace('kill()', 'its terminal') : DETAILS;
      assert.equal(alertOn(changes).text, `${text}. ${details}`);
    });
  }

  it('has the same fingerprint after a restart under other pids', () => {
    const again = { target: { pid: 6000, tgid: 6000, comm: 'a.out' }, sender: { ...OUTSIDER, pid: 901 } };
    assert.equal(alertOn(again).fingerprint, alertOn({ sender: OUTSIDER }).fingerprint);
  });

  it('has another fingerprint for another sender, also where a name holds the separator', () => {
    const from = (comm: string) => alertOn({ sender: { ...OUTSIDER, comm } }).fingerprint;
    assert.notEqual(from('a'), from('b'));
    assert.equal(from('a|b'), 'default:killed-from-outside|SIGKILL|a\\|b|/root/a.out');
  });

  it('has another id for another sender, another thread or another signal at the same moment', () => {
    const kill = signalRecord();
    const alike = [
      kill,
      { ...kill, target: { ...kill.target, pid: 5442 } },
      { ...kill, sender: { ...kill.sender!, pid: 4995 } },
      { ...kill, number: 15 },
    ];
    const verdict = { verdict: 'unexpected', rule: 'r', severity: 'error', reason: 'why' } as const;
    const ids = alike.map((signal) => makeAlert(verdict, signal, A_OUT).id);
    assert.equal(new Set(ids).size, alike.length);
    assert.equal(makeAlert(verdict, { ...kill }, A_OUT).id, ids[0]);
  });

  it('begins its details as a sentence', () => {
    const fault = {
      sender: null,
      origin: 'fault',
      code: 'SEGV_MAPERR',
      signal: 'SIGSEGV',
      number: 11,
    } as const;
    const stack = { ts: 1, stack: [] };
    assert.equal(
      alertOn({ ...fault, generated: stack }).text,
      'a.out (5441) crashed (SIGSEGV, SEGV_MAPERR): ended by it. Target: /root/a.out',
    );
  });

  it('names the target by its pid where the trace knows no more', () => {
    const signal = signalRecord({ target: { pid: 7, tgid: 7, comm: null }, sender: null });
    const alert = makeAlert(defaultVerdict(signal, null), signal, null);
    assert.match(alert.text, /^process 7 was killed \(SIGKILL\) by a sender that is not in this trace\. /);
    assert.deepEqual(alert.process, { id: '7', comm: null, path: null, ancestors: [] });
  });
});
