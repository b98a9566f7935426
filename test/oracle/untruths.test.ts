import assert from 'node:assert/strict';
import type { ProcessRecord, Report, SignalRecord } from '../../src/model/report';
import { needs } from '../harness/requirements';
import { compareBoth, recordBoth, type Recorded } from './both';
import { tell } from './compare';
import { WORKLOADS } from './workloads';

/** The report's own record, to be changed, of the first life or signal of the tree that matches. */
function life(report: Report, matches: (record: ProcessRecord) => boolean): ProcessRecord {
  const found = report.processes.find((record) => record.role === 'descendant' && matches(record));
  assert.ok(found);
  return found;
}

function fatal(report: Report, signal: string): SignalRecord {
  const found = report.signals.find((record) => record.signal === signal && record.fatal);
  assert.ok(found);
  return found;
}

const UNTRUTHS: readonly (readonly [what: string, change: (report: Report) => void])[] = [
  ['another exit code', (report) => void (life(report, ({ exit }) => exit?.code === 22).exit!.code = 23)],
  ['no exit code', (report) => void (life(report, ({ exit }) => exit?.code === 22).exit!.code = null)],
  [
    'the signal that deliver tells of',
    (report) => void (life(report, ({ exit }) => exit?.signal === 'SIGTERM').exit!.signal = 'SIGKILL'),
  ],
  [
    'a core dump',
    (report) => void (life(report, ({ exit }) => exit?.signal === 'SIGTERM').exit!.coreDumped = true),
  ],
  ['another sender', (report) => void (fatal(report, 'SIGTERM').sender!.pid = 1)],
  ['a signal that was not fatal', (report) => void (fatal(report, 'SIGPIPE').fatal = false)],
  ['another code of a fault', (report) => void (fatal(report, 'SIGSEGV').code = 'SEGV_BNDERR')],
  ['another reaper', (report) => void (life(report, ({ reap }) => reap !== null).reap!.by = 1)],
  ['no reaper', (report) => void (life(report, ({ reap }) => reap !== null).state = 'autoreaped')],
  ['another call of a birth', (report) => void (life(report, () => true).fork!.call = 'vfork')],
  [
    'another program',
    (report) => void (life(report, ({ execs }) => execs.length > 0).execs.at(-1)!.path = '/bin/x'),
  ],
  [
    'a failed exec',
    (report) => void (life(report, ({ execs }) => execs.length > 0).execs.at(-1)!.error = 'EACCES'),
  ],
  [
    'a process too few',
    (report) => void (report.processes = report.processes.filter(({ exit }) => exit?.code !== 22)),
  ],
];

describe('the comparison with strace', () => {
  let recorded: Recorded;
  const workload = WORKLOADS.find(({ name }) => name.includes('faults'))!;

  before(async function () {
    await needs(this, { tracefs: true, strace: true, gcc: true });
    this.timeout(60_000);
    recorded = await recordBoth(workload);
    assert.equal(tell(compareBoth(recorded, workload).unexplained), '');
  });

  for (const [what, change] of UNTRUTHS) {
    it(`sees ${what}, where a report has it wrong`, () => {
      const report = structuredClone(recorded.report);
      change(report);
      assert.notDeepEqual(report, recorded.report);
      assert.notEqual(tell(compareBoth({ ...recorded, report }, workload).unexplained), '');
    });
  }
});
