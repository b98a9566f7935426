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
const except = (exception: unknown): unknown => [rule({ except: [exception] })];

function nested(depth: number): Record<string, unknown> {
  let condition: Record<string, unknown> = { fatal: true };
  for (let level = 0; level < depth; level++) condition = { not: condition };
  return condition;
}

/** `reader`: a schema can not say it, and the reader alone refuses it. */
type RefusedBy = 'both' | 'reader';

export const REFUSED: readonly [what: string, input: unknown, message: RegExp, by?: RefusedBy][] = [
  ['a text', 'SIGTERM', /: rules: expected a list of rules, not SIGTERM$/],
  ['null', null, /: rules: expected a list of rules, not null$/],
  ['no list under rules', { match: 'all' }, /: rules: expected a list of rules, not nothing$/],
  [
    'an unknown key beside rules',
    { rule: [], rules: [] },
    /rules file\.rule: there is no such key, did you mean rules\?/,
  ],
  ['another matching', { match: 'any', rules: [] }, /: match: any is not one of first, all$/],
  ['a rule that is a number', [rule(), 7], /: rules\[1\]: expected an object, not 7$/],
  ['no name', [rule({ name: '' })], /: rules\[0\]\.name: expected a text, not an empty text$/],
  [
    'the same name twice',
    [rule(), rule()],
    /: rules\[1\]\.name: rules\[0\] is called one already$/,
    'reader',
  ],
  ['no conditions', [rule({ when: undefined })], /: rules\[0\]\.when: expected an object, not nothing$/],
  ['enabled as a text', [rule({ enabled: 'no' })], /\.enabled: expected true or false, not no$/],
  [
    'an unknown subject',
    [rule({ on: 'zombies' })],
    /\.on: zombies is not one of signal, zombie, loss, did you mean zombie\?/,
  ],
  ['an unknown verdict', [rule({ verdict: 'bad' })], /\.verdict: bad is not one of expected, unexpected/],
  [
    'an unknown severity',
    [rule({ severity: 'errror' })],
    /\.severity: errror is not one of .*, did you mean error\?/,
  ],
  [
    'a misspelt key',
    [rule({ verdit: 'expected' })],
    /: rules\[0\]\.verdit: there is no such key, did you mean verdict\?/,
  ],
  [
    'a prototype key',
    [JSON.parse('{"__proto__":1,"name":"x"}')],
    /: rules\[0\]\.__proto__: there is no such key/,
  ],
  ['a reason that is a number', [rule({ reason: 5 })], /\.reason: expected a text, not 5$/],
  [
    'requires on a loss',
    [{ name: 'one', on: 'loss', requires: 'complete', verdict: 'unknown' }],
    /: rules\[0\]\.requires: where events were lost no evidence is complete$/,
  ],
  ['an empty not', when({ not: {} }), /: rules\[0\]\.when\.not: is empty: it would hold for nothing$/],
  [
    'a not of a target without conditions',
    when({ any: [{ not: { target: {} } }] }),
    /: rules\[0\]\.when\.any\[0\]\.not: is empty/,
    'reader',
  ],
  ['requires something else', [rule({ requires: 'all' })], /\.requires: all is not one of complete$/],
  ['null for a date', [rule({ until: null })], /\.until: null is no date/],
  ['a date that is none', [rule({ until: 'next week' })], /\.until: next week is no date \(2027-01-01 or/],
  [
    'a date without its zone',
    [rule({ until: '2027-01-01T00:00:00' })],
    /\.until: 2027-01-01T00:00:00 is no date/,
  ],
  ['30 February', [rule({ until: '2027-02-30' })], /\.until: 2027-02-30 is no date/, 'reader'],
  [
    'hour 25',
    [rule({ until: '2027-02-03T25:00:00Z' })],
    /\.until: 2027-02-03T25:00:00Z is no date/,
    'reader',
  ],

  [
    'a signal that does not exist',
    [rule(), rule({ name: 'b', when: { signal: 'SIGFOO' } })],
    /: rules\[1\]\.when\.signal: SIGFOO is not a signal/,
  ],
  [
    'one bad signal in a list',
    when({ signal: ['SIGTERM', '@nosuch'] }),
    /: rules\[0\]\.when\.signal\[1\]: @nosuch is not a signal/,
  ],
  ['signal 65', when({ signal: 65 }), /\.when\.signal: 65 is not a signal/],
  ['signal 0', when({ signal: 0 }), /\.when\.signal: 0 is not a signal/],
  ['signal 65 as a text', when({ signal: '65' }), /\.when\.signal: 65 is not a signal/],
  ['SIGRTMIN+31', when({ signal: 'SIGRTMIN+31' }), /\.when\.signal: SIGRTMIN\+31 is not a signal/, 'reader'],
  ['half a signal', when({ signal: 9.5 }), /\.when\.signal: 9\.5 is not a signal/],
  ['an empty list', when({ signal: [] }), /\.when\.signal: the list is empty$/],
  ['a misspelt field', when({ sinal: 1 }), /\.when\.sinal: there is no such key, did you mean signal\?/],
  ['a misspelt flat field', when({ 'sender.cmm': 'x' }), /\.when\.sender\.cmm: there is no such key/],
  [
    'a misspelt key in not',
    when({ not: { sender: { tree: true } } }),
    /\.when\.not\.sender\.tree: there is no such key, did you mean inTree\?; pid, /,
  ],
  [
    'a field of an object',
    when({ target: { toString: 'x' } }),
    /\.when\.target\.toString: there is no such key/,
  ],
  ['the hour of the day', when({ hour: 3 }), /\.when\.hour: there is no such key/],
  ['an unknown origin', when({ origin: 'mail' }), /\.when\.origin: mail is not one of kill, tgkill/],
  [
    'a misspelt result',
    when({ result: ['pendng'] }),
    /\.when\.result\[0\]: pendng is not one of .*, did you mean pending\?$/,
  ],
  ['fatal as a text', when({ fatal: 'yes' }), /\.when\.fatal: expected true or false, not yes$/],
  [
    'a list for true or false',
    when({ fatal: [true] }),
    /\.when\.fatal: expected true or false, not \[true\]$/,
  ],
  [
    'a pid as a text',
    when({ target: { pid: '1' } }),
    /\.target\.pid: expected a number, whole and from 0, not 1$/,
  ],
  [
    'a user id as a text',
    when({ 'target.uid': 'root' }),
    /\.target\.uid: expected a number, whole and from 0, not root$/,
  ],
  ['half a user id', when({ 'target.uid': 0.5 }), /\.target\.uid: expected a number/],
  ['a number for a text', when({ 'target.comm': 5 }), /\.target\.comm: expected a text, not 5$/],
  ['null for a text', when({ 'target.comm': null }), /\.target\.comm: expected a text, not null$/],
  [
    'a bound on a text',
    when({ 'target.comm': { above: 5 } }),
    /\.target\.comm\.above: there is no such key; is, in, not, glob, regex, known are$/,
  ],
  ['a glob on a number', when({ 'target.uid': { glob: '1*' } }), /\.target\.uid\.glob: there is no such key/],
  [
    'a misspelt test',
    when({ latency: { abov: 1 } }),
    /\.latency\.abov: there is no such key, did you mean above\?/,
  ],
  [
    'a bound that is a text',
    when({ latency: { above: '1' } }),
    /\.latency\.above: expected a number, not 1$/,
  ],
  ['no test', when({ latency: {} }), /\.latency: there is no test in it; it takes is, in/],
  ['in without a list', when({ 'target.comm': { in: 'a' } }), /\.target\.comm\.in: expected a list, not a$/],
  [
    'a list for is',
    when({ 'target.comm': { is: ['a'] } }),
    /\.target\.comm\.is: expected a text, not \["a"\]$/,
  ],
  ['known as a text', when({ stack: { known: 'no' } }), /\.stack\.known: expected true or false, not no$/],
  [
    'a test of what is not known',
    when({ 'target.path': { known: false, glob: '/x' } }),
    /\.target\.path\.known: .* false stands alone$/,
  ],
  [
    'a regular expression that is none',
    when({ 'target.path': { regex: ['^/ok', '(['] } }),
    /\.target\.path\.regex\[1\]: Invalid regular expression/,
    'reader',
  ],
  ['a condition that is a list', when([]), /\.when: expected an object, not \[\]$/],
  ['all without a list', when({ all: { fatal: true } }), /\.when\.all: expected a list, not/],
  ['an empty any', when({ any: [] }), /\.when\.any: the list is empty$/],
  ['a text in any', when({ any: [{}, 'x'] }), /\.when\.any\[1\]: expected an object, not x$/],
  [
    'a nesting that would exhaust the stack',
    when(nested(30)),
    /more than 20 conditions inside each other/,
    'reader',
  ],

  [
    'after beside times',
    [rule({ after: { when: {}, within: 1 }, times: { atLeast: 2, within: 1 } })],
    /\.times: stands beside after; a rule has one of them$/,
  ],
  [
    'after without a time',
    [rule({ after: { when: {} } })],
    /\.after\.within: expected seconds above 0, not nothing$/,
  ],
  [
    'after without a condition',
    [rule({ after: { within: 5 } })],
    /\.after\.when: expected an object, not nothing$/,
  ],
  [
    'within 0 seconds',
    [rule({ after: { when: {}, within: 0 } })],
    /\.after\.within: expected seconds above 0, not 0$/,
  ],
  ['without what', [rule({ without: { within: 5 } })], /\.without: says not what is missing: stage or when$/],
  [
    'without two things',
    [rule({ without: { stage: 'exit', when: {}, within: 5 } })],
    /\.without\.when: stands beside stage/,
  ],
  [
    'an unknown stage',
    [rule({ without: { stage: 'exti', within: 5 } })],
    /\.without\.stage: exti is not one of exit, .*, did you mean exit\?/,
  ],
  [
    'half a time',
    [rule({ times: { atLeast: 1.5, within: 5 } })],
    /\.times\.atLeast: expected a whole number from 1, not 1\.5$/,
  ],
  [
    'times per something unknown',
    [rule({ times: { atLeast: 2, within: 5, per: ['target.com'] } })],
    /\.times\.per\[0\]: target\.com is no field, did you mean target\.comm\?/,
  ],
  [
    'repeats without a time',
    [rule({ repeats: { by: ['signal'] } })],
    /\.repeats\.every: expected seconds above 0, not nothing$/,
  ],
  ['repeats by nothing', [rule({ repeats: { every: 5 } })], /\.repeats\.by: nothing is no field/],

  [
    'olderThan on a signal',
    [rule({ olderThan: 30 })],
    /\.olderThan: only a rule on "zombie" has it, and this one is on "signal"$/,
  ],
  ['atLeast on a signal', [rule({ atLeast: 3 })], /\.atLeast: only a rule on "loss" has it/],
  [
    'after on a zombie',
    zombie({ after: { when: {}, within: 5 } }),
    /\.after: only a rule on "signal" has it, and this one is on "zombie"$/,
  ],
  [
    'a zombie without an age',
    zombie({ olderThan: undefined }),
    /\.olderThan: expected seconds above 0, not nothing$/,
  ],
  [
    'a signal of a zombie',
    zombie({ when: { signal: 'TERM' } }),
    /\.when\.signal: a rule that looks at no signal can not ask for it; incomplete, target\.id/,
  ],
  [
    'a sender of a zombie',
    zombie({ when: { sender: {} } }),
    /\.when\.sender: a rule that looks at no signal/,
  ],
  [
    'a signal in the exception of a zombie',
    zombie({ except: [{ signal: 'TERM', reason: 'x' }] }),
    /\.except\[0\]\.signal: this rule looks at no signal$/,
  ],
  ['a condition on a loss', loss({ when: { fatal: true } }), /\.when: lost events have no conditions/],
  [
    'an exception of a loss',
    loss({ except: [{ target: { pid: 1 }, reason: 'x' }] }),
    /\.except: lost events have neither sender nor target$/,
  ],
  ['no lost events', loss({ atLeast: 0 }), /\.atLeast: expected a whole number from 1, not 0$/],

  [
    'an exception of everything',
    except({ reason: 'x' }),
    /\.except\[0\]: names neither sender, target nor signal/,
  ],
  [
    'an exception of every sender',
    except({ sender: {}, reason: 'x' }),
    /\.except\[0\]\.sender: says not which sender/,
  ],
  [
    'an exception without a reason',
    except({ signal: 'TERM' }),
    /\.except\[0\]\.reason: expected a text, not nothing$/,
  ],
  [
    'an exception with another condition',
    except({ signal: 'TERM', fatal: true, reason: 'x' }),
    /\.except\[0\]\.fatal: there is no such key/,
  ],
  [
    'an exception with a misspelt date',
    except({ signal: 'TERM', reason: 'x', until: 'soon' }),
    /\.except\[0\]\.until: soon is no date/,
  ],
  ['exceptions that are none', [rule({ except: [] })], /\.except: the list is empty$/],
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
