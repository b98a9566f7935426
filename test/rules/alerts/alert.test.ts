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
      reason: 'its own parent, bash (4994), killed it',
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
      text: 'a.out (5441) was killed by SIGKILL: its own parent, bash (4994), killed it. Sent by kill(); target: /root/a.out',
    });
  });

  const texts: [changes: Partial<SignalRecord>, text: RegExp][] = [
    [
      { sender: OUTSIDER },
      /^a\.out \(5441\) was killed by SIGKILL: systemd \(900\), which is not part of the traced tree, ended it\. Sent by kill\(\); target: \/root\/a\.out$/,
    ],
    [{ sender: null }, /^a\.out \(5441\) was killed by SIGKILL: this trace does not show who sent it/],
    [
      { sender: ITSELF },
      /^a\.out \(5441\) was killed by SIGKILL: it sent the signal to itself\. Sent by kill/,
    ],
    [{ ...HANDLED, signal: 'SIGTERM' }, /^a\.out \(5441\) handled SIGTERM from bash/],
    [{ ...IGNORED, signal: 'SIGTERM' }, /^a\.out \(5441\) ignored SIGTERM from bash/],
    [{ fatal: false, signal: 'SIGSTOP' }, /^a\.out \(5441\) got SIGSTOP from bash/],
    [
      { fatal: false, result: 'pending', delivered: null },
      /^a\.out \(5441\) never received SIGKILL from bash/,
    ],
  ];
  for (const [changes, text] of texts) {
    it(`tells a person: ${text.source}`, () => {
      assert.match(alertOn(changes).text, text);
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
    assert.match(
      alertOn({ ...fault, generated: stack }).text,
      /: the program crashed by its own fault \(SEGV_MAPERR\)\. Target: \/root\/a\.out$/,
    );
  });

  it('names the target by its pid where the trace knows no more', () => {
    const signal = signalRecord({ target: { pid: 7, tgid: 7, comm: null }, sender: null });
    const alert = makeAlert(defaultVerdict(signal, null), signal, null);
    assert.match(alert.text, /^process 7 was killed by SIGKILL: /);
    assert.deepEqual(alert.process, { id: '7', comm: null, path: null, ancestors: [] });
  });
});
