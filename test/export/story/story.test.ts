import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { formatStory } from '../../../src/export/story/story';
import { Lifecycle } from '../../../src/model/lifecycle';
import type { ProcessRecord, Report, SignalRecord } from '../../../src/model/report';
import { TextReader } from '../../../src/readers/text/text-reader';
import { alertsOf } from '../../../src/rules/watch/report-alerts';
import { lifeOf } from '../../model/life-of';
import { WALKTHROUGH } from '../walkthrough-report';

const [BASH, A_OUT] = WALKTHROUGH.processes as [ProcessRecord, ProcessRecord];
const [KILL] = WALKTHROUGH.signals as [SignalRecord, SignalRecord];

/** The walk-through with another a.out. */
function with5441(changes: Partial<ProcessRecord>, more: Partial<Report> = {}): Report {
  return {
    ...WALKTHROUGH,
    processes: [
      { ...BASH, signals: [] },
      { ...A_OUT, ...changes },
    ],
    ...more,
  };
}

/** bash and many children, one after the other, each a millisecond old when it exits. */
function manyChildren(count: number, change: (index: number) => Partial<ProcessRecord> = () => ({})): Report {
  const children = Array.from({ length: count }, (_, index): ProcessRecord => {
    const ts = 9980 + index * 0.01;
    return {
      ...A_OUT,
      id: `${6000 + index}@${ts}`,
      pid: 6000 + index,
      tgid: 6000 + index,
      comm: 'true',
      role: 'descendant',
      fork: { ...A_OUT.fork!, ts },
      execs: [{ ...A_OUT.execs[0]!, ts: ts + 0.0001, path: '/usr/bin/true', argv: ['true'] }],
      libraries: [],
      files: [],
      signals: [],
      exit: {
        ts: ts + 0.001,
        time: null,
        kind: 'exited',
        code: 0,
        signal: null,
        coreDumped: null,
        cause: '',
      },
      reap: { ts: ts + 0.0011, time: null, by: 4994, call: 'wait4', zombieFor: 0.0001 },
      ...change(index),
    };
  });
  return { ...WALKTHROUGH, processes: [BASH, ...children], signals: [] };
}

describe('the story of a trace', () => {
  it('tells the walk-through as its golden file has it', () => {
    const golden = path.join(process.cwd(), 'test/fixtures/golden/walkthrough.story.txt');
    assert.equal(
      formatStory(WALKTHROUGH, { alerts: alertsOf(WALKTHROUGH, { match: 'first', rules: [] }) }),
      readFileSync(golden, 'utf8'),
    );
  });

  it('says the same with colours as without', () => {
    const alerts = alertsOf(WALKTHROUGH, { match: 'first', rules: [] });
    const colored = formatStory(WALKTHROUGH, { alerts, color: true });
    assert.ok(colored.includes('\u001b['));
    const lines = stripVTControlCharacters(colored).split('\n');
    assert.deepEqual(
      lines.map((line) => line.trimEnd()),
      formatStory(WALKTHROUGH, { alerts }).split('\n'),
    );
  });

  for (const width of [60, 80, 110, 200]) {
    it(`keeps to ${width} columns`, () => {
      for (const line of formatStory(WALKTHROUGH, { width }).split('\n').slice(1)) {
        // A path stays whole with the words that belong to it, and so does the beginning of a section.
        assert.ok(line.length <= width || /^(\S| *\S+$| +opened as )/.test(line), line);
      }
    });
  }

  it('shows what a name would do to the terminal instead of letting it', () => {
    const evil = 'a\u001b[2Jb\nc\u202e';
    const story = formatStory(
      with5441(
        { comm: evil, execs: [{ ...A_OUT.execs[0]!, path: evil, argv: [evil] }] },
        { verdict: { text: `${evil} (5441) exited with 0`, ended: [], outlived: [] } },
      ),
    );
    assert.ok(!story.includes('\u001b') && !story.includes('\u202e'));
    assert.match(story, /^a\\e\[2Jb\\nc\\u\{202e\} \(5441\) exited with 0\n/);
    assert.match(story, /\na\\e\[2Jb\\nc\\u\{202e\} \(5441\) {2}the workload/);
  });

  it('says beside each library whether /proc/PID/maps shows it', () => {
    const library = A_OUT.libraries[0]!;
    const story = formatStory(
      with5441({
        libraries: [
          { ...library, path: '/lib/a.so', opened: null, inMaps: true },
          { ...library, path: '/lib/bb.so', opened: null, inMaps: false, nameSource: 'inode' },
          { ...library, path: null, opened: null, inMaps: null, nameSource: null },
        ],
      }),
    );
    const range = '7fef041e8000';
    assert.match(story, new RegExp(`library +/lib/a\\.so +${range}  in maps  \\[probe\\]\n`));
    assert.match(story, new RegExp(`library +/lib/bb\\.so +${range}  NOT in maps  \\[inode\\]\n`));
    assert.match(story, new RegExp(`library +\\(name unknown\\) +${range}  maps not read\n`));
  });

  it('folds many libraries but never one that maps does not show', () => {
    const libraries = Array.from({ length: 60 }, (_, index) => ({
      ...A_OUT.libraries[0]!,
      path: `/lib/lib${index}.so`,
      opened: null,
      inMaps: index !== 50,
    }));
    const story = formatStory(with5441({ libraries }));
    assert.equal(story.match(/ library /g)?.length, 18);
    assert.match(story, /\/lib\/lib50\.so .* NOT in maps/);
    assert.match(story, /library +and 43 more, 43 of them in maps/);
  });

  it('folds opened files, apart from those that do not exist', () => {
    const files = Array.from({ length: 40 }, (_, index) => ({
      ...A_OUT.files[0]!,
      ts: 9979 + index * 0.001,
      path: `/tmp/${index}`,
      fd: index % 2 ? null : 5,
      error: index % 2 ? 'ENOENT' : null,
    }));
    const story = formatStory(with5441({ files }), { width: 300 });
    assert.match(
      story,
      /files +\/tmp\/0, \/tmp\/2, \/tmp\/4, \/tmp\/6, \/tmp\/8, \/tmp\/10 and 14 more {2}\[probe\]; ENOENT: \/tmp\/1, .* and 14 more\n/,
    );
  });

  it('folds a signal that comes again and again', () => {
    const signals = Array.from({ length: 120 }, (_, index) => ({
      ...KILL,
      ts: 9980 + index,
      signal: 'SIGUSR1',
      number: 10,
      fatal: false,
      delivered: { ...KILL.delivered!, handler: '0x1234' },
    }));
    const story = formatStory(with5441({ signals: signals.map((_, index) => index) }, { signals }), {
      width: 300,
    });
    assert.match(
      story,
      /signal +120 × SIGUSR1 from its parent, bash \(4994\), by kill .* in 1 min 59 s; caught, handler 0x1234/,
    );
    assert.equal(story.match(/SIGUSR1/g)?.length, 1);
  });

  const fates: [what: string, changes: Partial<ProcessRecord>, text: RegExp][] = [
    [
      'a zombie',
      { reap: null, state: 'zombie' },
      /zombie +nobody waited for it for 151 µs, until the trace ends\n/,
    ],
    [
      'one that nobody needs to reap',
      { reap: null, state: 'autoreaped' },
      /reaped +by the kernel itself: its parent discards exited children/,
    ],
    [
      'one that still runs',
      { exit: null, reap: null, state: 'running' },
      /\na\.out \(5441\) {2}the workload, child of bash \(4994\), still running when the trace ended\n/,
    ],
    ['one whose end was lost', { exit: null, reap: null, state: 'unknown' }, /its end is not in the trace/],
    ['a core dump', { exit: { ...A_OUT.exit!, coreDumped: true } }, /killed by SIGKILL, core dumped/],
    [
      'an incomplete record',
      { incomplete: ['its fork is older than the trace'] },
      /\n {2}incomplete {2}its fork is older than the trace\n/,
    ],
  ];
  for (const [what, changes, text] of fates) {
    it(`tells ${what}`, () => {
      assert.match(formatStory(with5441(changes)), text);
    });
  }

  it('says that a sender is outside the tree, or not in the trace', () => {
    const outside = { pid: 1, comm: 'systemd', inTree: false, irq: false };
    assert.match(
      formatStory({ ...WALKTHROUGH, signals: [{ ...KILL, sender: outside }] }),
      /SIGKILL from systemd \(1\), outside the tree, by kill/,
    );
    assert.match(
      formatStory({
        ...WALKTHROUGH,
        signals: [{ ...KILL, sender: null, generated: null, origin: 'unknown' }],
      }),
      /signal +SIGKILL from a sender that is not in the trace/,
    );
  });

  it('says at the top and place by place what was lost and what could not be read', () => {
    const story = formatStory({
      ...WALKTHROUGH,
      trace: { ...WALKTHROUGH.trace, lost: 12345, unexplained: 1, incomplete: ['no probe names the files'] },
      lost: [
        { cpu: 3, ts: 9980.5, count: 12345 },
        { cpu: 1, ts: null, count: null },
      ],
      damage: [{ code: 'LINE_UNEXPLAINED', atByte: 77, line: 3, excerpt: 'what\u0007' }],
    });
    assert.match(story, /\n {2}lost +12 345 events in 2 gaps: what happened there is unknown\n/);
    assert.match(story, /\n {2}unread +1 line or record could not be read\n/);
    assert.match(story, /\n {2}incomplete {2}no probe names the files\n/);
    assert.match(
      story,
      /\nWhat this trace can not say\n {2}lost +12 345 events on CPU 3 before 9980\.500000\n/,
    );
    assert.match(story, /\n {2}lost +events, not counted, on CPU 1 at the end\n/);
    assert.match(story, /\n {2}unread +in line 3, LINE_UNEXPLAINED: what\\u\{7\}\n/);
  });

  it('counts whole ticks where the clock has no seconds', () => {
    const ticking = { ...WALKTHROUGH, trace: { ...WALKTHROUGH.trace, clock: 'counter', start: 10, end: 90 } };
    const exit = { ...A_OUT.exit!, ts: 70 };
    const story = formatStory({
      ...ticking,
      processes: [BASH, { ...A_OUT, fork: { ...A_OUT.fork!, ts: 20 }, exit, reap: null, signals: [] }],
      signals: [],
    });
    assert.match(story, /\na\.out \(5441\) .*, lived 50 ticks\n/);
    assert.match(story, /\n +20 +\+10 {2}fork /);
  });

  it('stays readable with a thousand processes, and still tells the one that was killed', () => {
    const killed = { exit: { ...A_OUT.exit!, ts: 9984.001 } };
    const story = formatStory(manyChildren(1000, (index) => (index === 400 ? killed : {})));
    assert.ok(story.split('\n').length < 40, story);
    assert.match(story, /\ntrue \(6400\) +child of bash \(4994\), killed by SIGKILL/);
    assert.match(
      story,
      /\n999 more processes {2}in short\n +999 × \/usr\/bin\/true {2}exited with 0, lived 1\.00 ms\n/,
    );
    assert.match(story, / +├─ 999 × true \(6000 … 6999\) +exited with 0\n/);
  });

  it('counts every process that it does not show', () => {
    const odd = manyChildren(500, (index) => ({
      comm: `p${index}`,
      execs: [],
      exit: { ...A_OUT.exit!, kind: 'exited', code: index % 200, signal: null, cause: '' },
    }));
    const story = formatStory(odd);
    assert.ok(story.split('\n').length < 350);
    const [, short] = /\n(\d+) more processes/.exec(story) ?? [];
    const [, hidden] = /\n {2}and (\d+) processes of other programs/.exec(story) ?? [];
    assert.deepEqual([short, hidden], ['480', '460']);
    assert.match(story, /\n {2}… and 381 more\n/);
  });

  it('survives a chain of forks deeper than any tree is drawn', () => {
    const chain = manyChildren(20_000, (index) => ({
      parent: index === 0 ? BASH.id : `${5999 + index}@${9980 + (index - 1) * 0.01}`,
    }));
    assert.match(formatStory(chain), /\n {2}… and \d+ more\n/);
  });

  it('shows ticks also where a text trace does not name its clock', () => {
    const trace = { ...WALKTHROUGH.trace, clock: null, start: 10, end: 90 };
    const story = formatStory({ ...WALKTHROUGH, trace, processes: [], signals: [] });
    assert.match(story, / 10 to 90 \(80 ticks\)\n/);
  });

  it('tells every trace that the kernels recorded for us', () => {
    const kernels = path.join(process.cwd(), 'test/fixtures/kernels');
    const traces = readdirSync(kernels, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.txt'),
    );
    assert.ok(traces.length > 20);
    for (const name of traces) {
      const reader = new TextReader();
      const lifecycle = new Lifecycle();
      lifecycle.apply(reader.push(readFileSync(path.join(kernels, name))));
      lifecycle.apply(reader.end());
      const { report } = lifecycle.finish();
      const story = formatStory(report, { alerts: alertsOf(report, { match: 'first', rules: [] }) });
      for (const process of report.processes)
        assert.ok(story.includes(`(${process.pid})`), `${name}\n${story}`);
      assert.doesNotMatch(story, /undefined|NaN|Infinity|\[object/, name);
    }
  });

  it('tells an empty trace', () => {
    const empty = {
      ...WALKTHROUGH,
      verdict: { text: 'No process is in this trace', ended: [], outlived: [] },
      processes: [],
      signals: [],
    };
    assert.match(
      formatStory({ ...empty, trace: { ...empty.trace, start: null, end: null, events: 0 } }),
      /^No process is in this trace\n/,
    );
  });

  it('begins with the attachment where an idle process makes no event', () => {
    const maps = ['/usr/bin/sleep', '/lib/libc.so.6'].map((file, at) => ({
      start: 4096 * (at + 1),
      end: 4096 * (at + 2),
      perms: 'r-xp',
      offset: 0,
      dev: 'fe:00',
      inode: at,
      path: file,
      deleted: false,
    }));
    const { report } = lifeOf([], {
      notes: [
        {
          kind: 'attached',
          pid: 10,
          ts: 14801.170221,
          comm: 'sleep',
          parent: 1,
          started: 3.2,
          threads: [10],
          argv: ['sleep', '60'],
          exe: '/usr/bin/sleep',
          cwd: '/',
          files: [],
          maps,
          caught: [],
          ignored: [],
        },
      ],
    });
    assert.match(formatStory(report), /^ {2}14801\.170221 {2}\+0\.000000 {2}library {3}\/lib\/libc\.so\.6/m);
  });

  it('says that there are no alerts only where somebody looked for them', () => {
    assert.match(formatStory(WALKTHROUGH, { alerts: [] }), /\nAlerts: none\n$/);
    assert.doesNotMatch(formatStory(WALKTHROUGH), /Alerts/);
  });
});
