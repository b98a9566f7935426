/** Rules files with what is to come of them: the reader and the JSON Schema are compared on all of them. */

export const rule = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  name: 'one',
  when: { signal: 'SIGTERM' },
  verdict: 'expected',
  ...changes,
});
const when = (condition: unknown): unknown => [rule({ when: condition })];
const zombie = (changes: Record<string, unknown> = {}) => [
  { name: 'z', on: 'zombie', olderThan: 30, verdict: 'attention', ...changes },
];
const loss = (changes: Record<string, unknown> = {}) => [
  { name: 'l', on: 'loss', verdict: 'unknown', ...changes },
];
const exit = (changes: Record<string, unknown> = {}) => [
  { name: 'e', on: 'exit', when: { 'exit.code': 1 }, verdict: 'attention', ...changes },
];
const except = (exception: unknown): unknown => [rule({ except: [exception] })];

function nested(depth: number): Record<string, unknown> {
  let condition: Record<string, unknown> = { fatal: true };
  for (let level = 0; level < depth; level++) condition = { not: condition };
  return condition;
}

/** `reader`: a schema can not say it, and the reader alone refuses it. */
type RefusedBy = 'both' | 'reader';

export const REFUSED: readonly [what: string, input: unknown, by?: RefusedBy][] = [
  ['a text', 'SIGTERM'],
  ['null', null],
  ['no list under rules', { match: 'all' }],
  ['an unknown key beside rules', { rule: [], rules: [] }],
  ['another matching', { match: 'any', rules: [] }],
  ['a rule that is a number', [rule(), 7]],
  ['no name', [rule({ name: '' })]],
  ['the same name twice', [rule(), rule()], 'reader'],
  ['no conditions', [rule({ when: undefined })]],
  ['enabled as a text', [rule({ enabled: 'no' })]],
  ['an unknown subject', [rule({ on: 'zombies' })]],
  ['an unknown verdict', [rule({ verdict: 'bad' })]],
  ['an unknown severity', [rule({ severity: 'errror' })]],
  ['a misspelt key', [rule({ verdit: 'expected' })]],
  ['a prototype key', [JSON.parse('{"__proto__":1,"name":"x"}')]],
  ['a reason that is a number', [rule({ reason: 5 })]],
  ['requires on a loss', [{ name: 'one', on: 'loss', requires: 'complete', verdict: 'unknown' }]],
  ['an empty not', when({ not: {} })],
  ['a not of a target without conditions', when({ any: [{ not: { target: {} } }] }), 'reader'],
  ['requires something else', [rule({ requires: 'all' })]],
  ['null for a date', [rule({ until: null })]],
  ['a date that is none', [rule({ until: 'next week' })]],
  ['a date without its zone', [rule({ until: '2027-01-01T00:00:00' })]],
  ['30 February', [rule({ until: '2027-02-30' })], 'reader'],
  ['hour 25', [rule({ until: '2027-02-03T25:00:00Z' })], 'reader'],

  ['a signal that does not exist', [rule(), rule({ name: 'b', when: { signal: 'SIGFOO' } })]],
  ['one bad signal in a list', when({ signal: ['SIGTERM', '@nosuch'] })],
  ['signal 65', when({ signal: 65 })],
  ['signal 0', when({ signal: 0 })],
  ['signal 65 as a text', when({ signal: '65' })],
  ['SIGRTMIN+31', when({ signal: 'SIGRTMIN+31' }), 'reader'],
  ['half a signal', when({ signal: 9.5 })],
  ['an empty list', when({ signal: [] })],
  ['a misspelt field', when({ sinal: 1 })],
  ['a misspelt flat field', when({ 'sender.cmm': 'x' })],
  ['a misspelt key in not', when({ not: { sender: { tree: true } } })],
  ['a field of an object', when({ target: { toString: 'x' } })],
  ['the hour of the day', when({ hour: 3 })],
  ['an unknown origin', when({ origin: 'mail' })],
  ['a misspelt result', when({ result: ['pendng'] })],
  ['fatal as a text', when({ fatal: 'yes' })],
  ['a list for true or false', when({ fatal: [true] })],
  ['a pid as a text', when({ target: { pid: '1' } })],
  ['a user id as a text', when({ 'target.uid': 'root' })],
  ['half a user id', when({ 'target.uid': 0.5 })],
  ['a number for a text', when({ 'target.comm': 5 })],
  ['null for a text', when({ 'target.comm': null })],
  ['a bound on a text', when({ 'target.comm': { above: 5 } })],
  ['a glob on a number', when({ 'target.uid': { glob: '1*' } })],
  ['a misspelt test', when({ latency: { abov: 1 } })],
  ['a bound that is a text', when({ latency: { above: '1' } })],
  ['no test', when({ latency: {} })],
  ['in without a list', when({ 'target.comm': { in: 'a' } })],
  ['a list for is', when({ 'target.comm': { is: ['a'] } })],
  ['known as a text', when({ stack: { known: 'no' } })],
  ['a test of what is not known', when({ 'target.path': { known: false, glob: '/x' } })],
  ['a regular expression with lookbehind', when({ 'target.path': { regex: '(?<=a)b' } }), 'reader'],
  ['a regular expression with a backreference', when({ 'target.path': { regex: '(a)\\1' } }), 'reader'],
  ['a regular expression that is none', when({ 'target.path': { regex: ['^/ok', '(['] } }), 'reader'],
  ['a condition that is a list', when([])],
  ['all without a list', when({ all: { fatal: true } })],
  ['an empty any', when({ any: [] })],
  ['a text in any', when({ any: [{}, 'x'] })],
  ['a nesting that would exhaust the stack', when(nested(30)), 'reader'],

  ['after beside times', [rule({ after: { when: {}, within: 1 }, times: { atLeast: 2, within: 1 } })]],
  ['after without a time', [rule({ after: { when: {} } })]],
  ['after without a condition', [rule({ after: { within: 5 } })]],
  ['within 0 seconds', [rule({ after: { when: {}, within: 0 } })]],
  ['without what', [rule({ without: { within: 5 } })]],
  ['without two things', [rule({ without: { stage: 'exit', when: {}, within: 5 } })]],
  ['an unknown stage', [rule({ without: { stage: 'exti', within: 5 } })]],
  ['half a time', [rule({ times: { atLeast: 1.5, within: 5 } })]],
  ['times per something unknown', [rule({ times: { atLeast: 2, within: 5, per: ['target.com'] } })]],
  ['repeats without a time', [rule({ repeats: { by: ['signal'] } })]],
  ['repeats by nothing', [rule({ repeats: { every: 5 } })]],

  ['olderThan on a signal', [rule({ olderThan: 30 })]],
  ['atLeast on a signal', [rule({ atLeast: 3 })]],
  ['after on a zombie', zombie({ after: { when: {}, within: 5 } })],
  ['an end without a condition', exit({ when: undefined })],
  ['a sender of an end', exit({ when: { sender: {} } })],
  ['an age of an end', exit({ olderThan: 5 })],
  ['an end that is repeated', exit({ times: { atLeast: 2, within: 5 } })],
  ['an exit code of a signal', when({ 'exit.code': 1 })],
  ['an exit code of a zombie', zombie({ when: { exit: { code: 1 } } })],
  ['a kind of end that is none', exit({ when: { exit: { kind: 'killed' } } })],
  ['a zombie without an age', zombie({ olderThan: undefined })],
  ['a signal of a zombie', zombie({ when: { signal: 'TERM' } })],
  ['a sender of a zombie', zombie({ when: { sender: {} } })],
  ['a signal in the exception of a zombie', zombie({ except: [{ signal: 'TERM', reason: 'x' }] })],
  ['a condition on a loss', loss({ when: { fatal: true } })],
  ['an exception of a loss', loss({ except: [{ target: { pid: 1 }, reason: 'x' }] })],
  ['no lost events', loss({ atLeast: 0 })],

  ['an exception of everything', except({ reason: 'x' })],
  ['an exception of every sender', except({ sender: {}, reason: 'x' })],
  ['an exception without a reason', except({ signal: 'TERM' })],
  ['an exception with another condition', except({ signal: 'TERM', fatal: true, reason: 'x' })],
  ['an exception with a misspelt date', except({ signal: 'TERM', reason: 'x', until: 'soon' })],
  ['exceptions that are none', [rule({ except: [] })]],
];

export const READ: readonly [what: string, input: unknown][] = [
  ['an empty list', []],
  ['a set', { $schema: './rules.schema.json', match: 'all', rules: [rule()] }],
  ['any condition', when({})],
  [
    'signals however they are written',
    when({ signal: ['TERM', 'sigterm', 15, '15', 'SIGRTMIN+3', 'RTMAX-1', 'SIGRT_5', '@job', 'poll'] }),
  ],
  [
    'every test of a text',
    when({
      'target.path': { is: '/a', in: ['/b', '/c'], not: '/d', glob: ['/e*'], regex: '^/f', known: true },
    }),
  ],
  [
    'every test of a number',
    when({
      latency: { is: 1, in: [1, 2], not: [3], above: 0, atLeast: 0, below: 9, atMost: 9, known: true },
    }),
  ],
  ['what is not known', when({ sender: { exe: { known: false } } })],
  [
    'flat and nested',
    when({
      'sender.uid': 0,
      sender: { comm: 'a' },
      target: { uid: { atLeast: 1000 } },
      delivered: { handler: 'default' },
    }),
  ],
  [
    'all, any and not',
    when({ all: [{ fatal: true }, { any: [{ origin: 'oom' }, { not: { code: ['SI_USER', -6] } }] }] }),
  ],
  [
    'all keys',
    [
      rule({
        enabled: false,
        on: 'signal',
        severity: 'notice',
        reason: 'x',
        until: '2027-01-01',
        requires: 'complete',
        repeats: { by: 'signal', every: 0.5 },
      }),
    ],
  ],
  ['a date with an offset', [rule({ until: '2028-02-29T12:00:00.5+01:00' })]],
  ['after', [rule({ after: { when: { signal: 'TERM' }, within: 10 } })]],
  ['without a stage', [rule({ without: { stage: 'reap', within: 0.1 } })]],
  ['without a signal', [rule({ without: { when: { signal: 'CONT' }, within: 60 } })]],
  ['times', [rule({ times: { atLeast: 100, within: 60, per: ['target.comm', 'signal'] } })]],
  [
    'a zombie',
    zombie({
      when: { target: { comm: 'a', ppid: 1 }, incomplete: false },
      except: [{ target: { comm: 'b' }, reason: 'x' }],
    }),
  ],
  [
    'an end',
    exit({
      when: { exit: { kind: 'exited', code: { above: 0 }, lived: { below: 5 } }, target: { comm: 'a' } },
      except: [{ target: { comm: 'b' }, reason: 'x' }],
      repeats: { by: ['target.comm', 'exit.code'], every: 60 },
    }),
  ],
  ['the end by a signal', exit({ when: { 'exit.signal': ['@core', 'KILL'], 'exit.coreDumped': true } })],
  [
    'a slow handler',
    [
      rule({
        when: { 'delivered.handlerTime': { above: 0.1 }, interrupted: { call: 'read', restarted: false } },
      }),
    ],
  ],
  ['a loss', loss({ when: {}, atLeast: 100 })],
  [
    'an exception',
    except({
      sender: { comm: 'a' },
      target: { unit: 'b.service' },
      signal: { not: ['KILL'] },
      reason: 'x',
      until: '2027-01-01T00:00:00Z',
    }),
  ],
];
