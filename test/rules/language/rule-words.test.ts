/** Rules in words, by the texts that the editor has, in both languages. */
import assert from 'node:assert/strict';
import { FIELD_NAMES, PRESETS, readRule, ruleWords } from '../../../src/rule-language';
import { sayIn } from './say-in';

const ENGLISH = sayIn('en-US');
const CHINESE = sayIn('zh-CN');

const wordsOf = (rule: object, say = ENGLISH): string =>
  ruleWords(readRule({ name: 'x', verdict: 'unexpected', ...rule }, 'rule'), say);

const KILL = { signal: 'KILL' };

/** What is asked of a signal, and the words before the verdict. */
const CONDITIONS: readonly (readonly [when: object, words: string])[] = [
  [{}, 'any signal'],
  [{ signal: 'TERM' }, 'SIGTERM'],
  [{ signal: [15, '9', 'sigint'] }, 'SIGTERM, SIGKILL or SIGINT'],
  [{ signal: 'SIGRTMIN+3' }, 'SIGRTMIN+3'],
  [{ signal: '@fatal' }, 'a fatal signal'],
  [{ signal: { not: ['CHLD', '@rt'] } }, 'any signal but SIGCHLD or a real-time signal'],
  [{ signal: [1, 2, 3, 4, 5, 6] }, 'SIGHUP, SIGINT, SIGQUIT, SIGILL or 2 more'],
  [{ ...KILL, sender: { comm: 'systemd' } }, 'SIGKILL from systemd'],
  [{ ...KILL, target: { path: '/usr/bin/*' } }, 'SIGKILL to /usr/bin/*'],
  [
    { ...KILL, sender: { exe: '/bin/kill' }, target: { comm: ['a', 'b'] } },
    'SIGKILL from /bin/kill to a or b',
  ],
  [{ ...KILL, 'sender.isParent': true }, 'SIGKILL from its parent'],
  [{ ...KILL, sender: { inTree: false } }, 'SIGKILL from outside the traced tree'],
  [{ ...KILL, sender: {} }, "SIGKILL where sender's pid is known"],
  [{ ...KILL, fatal: true }, 'SIGKILL where it ends the target'],
  [{ ...KILL, fatal: { not: true } }, 'SIGKILL where it does not end the target'],
  [
    { ...KILL, sender: { uid: { atLeast: 1000, below: 2000 } } },
    "SIGKILL where sender's user id is at least 1000 and sender's user id is below 2000",
  ],
  [{ target: { unit: { regex: '^a' } } }, "any signal where target's unit matches /^a/"],
  [{ target: { unit: { known: false } } }, "any signal where target's unit is not known"],
  [{ ...KILL, not: { sender: { comm: 'bash' } } }, "SIGKILL unless sender's name is bash"],
  [
    { ...KILL, fatal: true, not: { any: [{ 'sender.uid': 0 }, { origin: 'oom' }] } },
    "SIGKILL where it ends the target unless sender's user id is 0 or origin is oom",
  ],
  [{ any: [KILL, { signal: 'TERM', sender: { comm: 'a' } }] }, 'SIGKILL or SIGTERM from a'],
  [
    { ...KILL, any: [{ group: true }, { all: [{ handled: true }, { not: { fatal: true } }] }] },
    'SIGKILL where it is sent to the whole process or (the program handles it and not it ends the target)',
  ],
];

const RULES: readonly (readonly [rule: object, words: string])[] = [
  [{ when: KILL, verdict: 'expected' }, 'SIGKILL: expected'],
  [{ when: KILL, verdict: 'expected', severity: 'notice' }, 'SIGKILL: expected, notice'],
  [{ when: KILL }, 'SIGKILL: unexpected, error'],
  [
    { when: KILL, verdict: 'attention', until: '2027-01-01' },
    'SIGKILL: attention, warning, until 2027-01-01',
  ],
  [{ when: KILL, until: '2027-01-01T08:30:00Z' }, 'SIGKILL: unexpected, error, until 2027-01-01T08:30Z'],
  [
    { when: KILL, after: { when: { signal: 'TERM' }, within: 10 } },
    'SIGKILL within 10 s after SIGTERM to the same process: unexpected, error',
  ],
  [
    { when: { signal: 'TERM' }, without: { stage: 'exit', within: 2.5 } },
    'SIGTERM without an exit within 2.5 s: unexpected, error',
  ],
  [
    { when: { signal: 'STOP' }, without: { when: { signal: 'CONT' }, within: 5 } },
    'SIGSTOP without SIGCONT within 5 s: unexpected, error',
  ],
  [
    { when: KILL, times: { atLeast: 3, within: 60 } },
    'SIGKILL, 3 times or more within 60 s: unexpected, error',
  ],
  [
    { when: KILL, times: { atLeast: 3, within: 60, per: ['signal', 'target.comm'] } },
    "SIGKILL, 3 times or more within 60 s for each signal and target's name: unexpected, error",
  ],
  [
    { on: 'exit', when: { 'exit.code': { above: 0 }, target: { comm: 'sh' } } },
    'sh where exit code is above 0 ends: unexpected, error',
  ],
  [{ on: 'zombie', olderThan: 30 }, 'a process that stays a zombie for 30 s: unexpected, error'],
  [
    { on: 'zombie', olderThan: 30, when: { target: { comm: 'sh' } }, requires: 'complete' },
    'sh that stays a zombie for 30 s, only if the evidence is complete: unexpected, error',
  ],
  [{ on: 'loss', atLeast: 7 }, '7 or more lost events: unexpected, error'],
  [
    {
      when: KILL,
      except: [
        { sender: { comm: 'systemd' }, reason: 'restart' },
        { target: { uid: 0 }, signal: 'TERM', reason: 'root', until: '2027-01-01' },
      ],
    },
    "SIGKILL, except any signal from systemd (restart) or SIGTERM where target's user id is 0 (root), until 2027-01-01: unexpected, error",
  ],
];

describe('a rule in words', () => {
  for (const [when, words] of CONDITIONS) {
    it(words, () => {
      assert.equal(wordsOf({ when }), `${words}: unexpected, error`);
    });
  }

  for (const [rule, words] of RULES) {
    it(words, () => {
      assert.equal(wordsOf(rule), words);
    });
  }

  it('is Chinese by Chinese texts', () => {
    const rule = {
      when: { signal: ['TERM', 'KILL'], sender: { comm: 'systemd' }, target: { comm: 'postgres*' } },
      verdict: 'expected',
    };
    assert.equal(wordsOf(rule, CHINESE), 'systemd 发给 postgres* 的 SIGTERM 或 SIGKILL：预期');
  });

  it('has texts for every rule of the tables, every preset and every field, in both languages', () => {
    for (const say of [ENGLISH, CHINESE]) {
      for (const [when] of CONDITIONS) assert.notEqual(wordsOf({ when }, say), '');
      for (const [rule] of RULES) assert.notEqual(wordsOf(rule, say), '');
      for (const preset of PRESETS) {
        assert.notEqual(say(`preset.${preset.name}`), '');
        for (const rule of preset.rules) assert.notEqual(wordsOf(rule, say), '');
      }
      for (const field of FIELD_NAMES) {
        for (const value of [true, false]) {
          const on = field.startsWith('exit.') ? 'exit' : 'signal';
          assert.notEqual(wordsOf({ on, when: { [field]: { known: value } } }, say), '');
        }
      }
    }
  });

  it('tells yes and no of every field that is one', () => {
    for (const say of [ENGLISH, CHINESE]) {
      for (const field of ['group', 'fatal', 'coreDumped', 'handled', 'control', 'incomplete']) {
        assert.notEqual(
          wordsOf({ when: { [field]: true } }, say),
          wordsOf({ when: { [field]: false } }, say),
        );
      }
      for (const field of ['inTree', 'irq', 'isParent']) {
        const yes = wordsOf({ when: { sender: { [field]: true } } }, say);
        assert.notEqual(yes, wordsOf({ when: { sender: { [field]: false } } }, say));
      }
      const restarted = wordsOf({ when: { 'interrupted.restarted': true } }, say);
      assert.notEqual(restarted, wordsOf({ when: { 'interrupted.restarted': false } }, say));
      const core = wordsOf({ on: 'exit', when: { 'exit.coreDumped': true } }, say);
      assert.notEqual(core, wordsOf({ on: 'exit', when: { 'exit.coreDumped': false } }, say));
    }
  });
});
